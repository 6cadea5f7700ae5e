//! What must be right with the file before SQLite touches it, with a clear word where it is not.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::StoreError;

/// What every SQLite file begins with (<https://www.sqlite.org/fileformat2.html>).
const MAGIC: &[u8] = b"SQLite format 3\0";
const FILE_MODE: u32 = 0o600;
const OWNER_WRITES: u32 = 0o200;
const OTHERS: u32 = 0o077;

/// Makes the file if it is not there (SQLite gives its companions the same permissions), and
/// refuses one that others may touch, that cannot be written or that is no database.
pub(super) fn prepare(path: &Path) -> Result<(), StoreError> {
    let made =
        OpenOptions::new().read(true).write(true).create_new(true).mode(FILE_MODE).open(path);
    match made {
        Ok(file) => return durable(path, &file),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(StoreError::NoFolder { path: path.to_owned(), folder: folder_of(path) });
        }
        Err(error) => return Err(refused("make", path, error)),
    }
    let about = fs::metadata(path).map_err(|error| refused("read", path, error))?;
    let found = about.permissions().mode() & 0o7777;
    if !about.is_file() {
        return Err(StoreError::NotADatabase { path: path.to_owned() });
    }
    if found & OTHERS != 0 {
        return Err(StoreError::Permissions { path: path.to_owned(), found });
    }
    if found & OWNER_WRITES == 0 {
        return Err(StoreError::NotWritable { path: path.to_owned() });
    }
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .map_err(|error| refused("open", path, error))?;
    refuse_other_kinds(path, &file)
}

/// An empty file is one that was made and not used yet.
fn refuse_other_kinds(path: &Path, file: &File) -> Result<(), StoreError> {
    let mut start = Vec::with_capacity(MAGIC.len());
    let room = u64::try_from(MAGIC.len()).unwrap_or(u64::MAX);
    file.take(room).read_to_end(&mut start).map_err(|error| refused("read", path, error))?;
    if start.is_empty() || start == MAGIC {
        Ok(())
    } else {
        Err(StoreError::NotADatabase { path: path.to_owned() })
    }
}

/// The name of a new file must survive a crash as surely as the first commit into it.
fn durable(path: &Path, file: &File) -> Result<(), StoreError> {
    file.sync_all().map_err(|error| refused("sync", path, error))?;
    let folder = folder_of(path);
    File::open(&folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| refused("sync folder", &folder, error))
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn refused(doing: &'static str, path: &Path, source: std::io::Error) -> StoreError {
    let path = path.to_owned();
    match source.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            StoreError::NotWritable { path }
        }
        ErrorKind::StorageFull => StoreError::Full,
        _ => StoreError::Disk { doing, path, source },
    }
}
