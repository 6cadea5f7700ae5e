//! The folder in which key files live.
//!
//! **Invariant**: a key file is whole or absent. It is written beside its place, made durable and
//! then moved there, so that a crash leaves the old file or the new one, never a part.
//! **Trust**: whoever may read this folder has the platform's keys. It is used only if nobody but
//! its owner can: folder 0700, files 0600.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::KeyError;

const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
/// What group and others may do, which must be nothing.
const OTHERS: u32 = 0o077;
const LOCK: &str = ".lock";

/// A folder of key files that only its owner may enter.
#[derive(Debug, Clone)]
pub struct KeyDirectory {
    path: PathBuf,
}

impl KeyDirectory {
    /// Opens a folder that is there; refuses one that others may enter.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, KeyError> {
        let path = path.into();
        let about = fs::metadata(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => KeyError::Missing { path: path.clone() },
            _ => KeyError::disk("open", &path, error),
        })?;
        if !about.is_dir() {
            return Err(KeyError::Damaged { path, reason: "it is no folder" });
        }
        refuse_others(&path, &about, FOLDER_MODE)?;
        Ok(Self { path })
    }

    /// Opens a folder, making it first if it is not there. Its parent must be.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, KeyError> {
        let path = path.into();
        match DirBuilder::new().mode(FOLDER_MODE).create(&path) {
            Ok(()) => sync_folder(path.parent().unwrap_or(&path))?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(KeyError::disk("make folder", path, error)),
        }
        Self::open(path)
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A folder within, made if it is not there.
    pub fn folder(&self, name: &str) -> Result<Self, KeyError> {
        Self::create(self.place(name)?)
    }

    /// The content of a key file, `None` if there is none. Refuses a file that others may touch.
    pub fn find(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeyError> {
        let path = self.place(name)?;
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(KeyError::disk("open", path, error)),
        };
        // Asked of the open file: the name could mean another one by now.
        let about = file.metadata().map_err(|error| KeyError::disk("read", &path, error))?;
        if !about.is_file() {
            return Err(KeyError::Damaged { path, reason: "it is no file" });
        }
        refuse_others(&path, &about, FILE_MODE)?;
        // All the room at once: a growing buffer would leave copies of a secret behind.
        let room = usize::try_from(about.len()).unwrap_or(0).saturating_add(1);
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        file.read_to_end(&mut bytes).map_err(|error| KeyError::disk("read", path, error))?;
        Ok(Some(bytes))
    }

    /// The content of a key file; an error if there is none.
    pub fn load(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let path = self.place(name)?;
        self.find(name)?.ok_or(KeyError::Missing { path })
    }

    /// Puts a file there, in place of one of that name. Durable when it returns.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), KeyError> {
        let place = self.place(name)?;
        let _lock = self.lock()?;
        self.put(name, &place, bytes)
    }

    /// Puts a new file there; [`KeyError::Exists`] if there is one. Durable when it returns.
    pub fn create_new(&self, name: &str, bytes: &[u8]) -> Result<(), KeyError> {
        let place = self.place(name)?;
        let _lock = self.lock()?;
        match fs::symlink_metadata(&place) {
            Ok(_) => Err(KeyError::Exists { path: place }),
            Err(error) if error.kind() == ErrorKind::NotFound => self.put(name, &place, bytes),
            Err(error) => Err(KeyError::disk("look for", place, error)),
        }
    }

    /// Removes a file, if it is there; its bytes are overwritten first. A disk or file system
    /// that writes elsewhere may still keep old blocks: keep key folders on encrypted storage.
    pub fn destroy(&self, name: &str) -> Result<(), KeyError> {
        let path = self.place(name)?;
        let _lock = self.lock()?;
        match OpenOptions::new().write(true).open(&path) {
            Ok(file) => wipe(&file).map_err(|error| KeyError::disk("wipe", &path, error))?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(KeyError::disk("open", path, error)),
        }
        // A crash here leaves a file of zeros, which no reader takes for a key.
        fs::remove_file(&path).map_err(|error| KeyError::disk("remove", &path, error))?;
        sync_folder(&self.path)
    }

    /// Called with the lock held: whoever else writes waits, so what lies at `draft` is left
    /// from a crash and nobody's work.
    fn put(&self, name: &str, place: &Path, bytes: &[u8]) -> Result<(), KeyError> {
        let draft = self.path.join(format!(".{name}.tmp"));
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(KeyError::disk("remove", draft, error));
            }
            _ => {}
        }
        write_durably(&draft, bytes).map_err(|error| KeyError::disk("write", &draft, error))?;
        // A crash here leaves the draft, which nothing reads; the next writer removes it.
        fs::rename(&draft, place).map_err(|error| KeyError::disk("write", place, error))?;
        // A crash here may bring the old file back; nobody was told of the new one yet.
        sync_folder(&self.path)
    }

    /// One writer at a time, other processes included; freed when dropped.
    fn lock(&self) -> Result<File, KeyError> {
        let path = self.path.join(LOCK);
        let open = || {
            let file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .mode(FILE_MODE)
                .open(&path)?;
            file.lock()?;
            Ok(file)
        };
        open().map_err(|error| KeyError::disk("lock", &path, error))
    }

    fn place(&self, name: &str) -> Result<PathBuf, KeyError> {
        let plain = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'-')
        };
        if name.is_empty() || name.starts_with('.') || !name.bytes().all(plain) {
            return Err(KeyError::BadName(name.to_owned()));
        }
        Ok(self.path.join(name))
    }
}

fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn wipe(mut file: &File) -> std::io::Result<()> {
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(0);
    file.write_all(&vec![0; length])?;
    file.sync_all()
}

fn sync_folder(path: &Path) -> Result<(), KeyError> {
    // The parent of a bare name is empty and means here.
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| KeyError::disk("sync folder", path, error))
}

fn refuse_others(path: &Path, about: &fs::Metadata, needed: u32) -> Result<(), KeyError> {
    let found = about.permissions().mode() & 0o7777;
    if found & OTHERS == 0 {
        return Ok(());
    }
    Err(KeyError::Permissions { path: path.to_owned(), found, needed })
}

#[cfg(test)]
#[path = "key_directory/tests.rs"]
mod tests;
