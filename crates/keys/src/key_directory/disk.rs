//! The steps by which key files reach and leave the disk: one operation of the system each.
//!
//! A crash lies between two of them, or within a write. Tests stop before any step they choose.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::FILE_MODE;
use crate::KeyError;

/// Writes a new file and makes its bytes durable; its name is not, until its folder is synced.
pub(super) fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), KeyError> {
    let write = || {
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)?;
        #[cfg(test)]
        crash::within_write(&mut file, bytes)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|error| KeyError::disk("write", path, error))
}

/// Gives a file its place; what was there before loses its name.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), KeyError> {
    step()
        .and_then(|()| fs::rename(from, to))
        .map_err(|error| KeyError::disk("put in place", to, error))
}

/// Gives a file a second name.
pub(super) fn link(from: &Path, to: &Path) -> Result<(), KeyError> {
    step()
        .and_then(|()| fs::hard_link(from, to))
        .map_err(|error| KeyError::disk("keep aside", from, error))
}

/// Overwrites the bytes of a file; nothing if there is none.
pub(super) fn wipe(path: &Path) -> Result<(), KeyError> {
    let wipe = || {
        step()?;
        let mut file = match OpenOptions::new().write(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            file => file?,
        };
        let length = usize::try_from(file.metadata()?.len()).unwrap_or(0);
        file.write_all(&vec![0; length])?;
        file.sync_all()
    };
    wipe().map_err(|error| KeyError::disk("wipe", path, error))
}

/// Removes a file; nothing if there is none.
pub(super) fn remove(path: &Path) -> Result<(), KeyError> {
    match step().and_then(|()| fs::remove_file(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(KeyError::disk("remove", path, error))
        }
        _ => Ok(()),
    }
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(path: &Path) -> Result<(), KeyError> {
    // The parent of a bare name is empty and means here.
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    step()
        .and_then(|()| File::open(path))
        .and_then(|folder| folder.sync_all())
        .map_err(|error| KeyError::disk("sync folder", path, error))
}

#[cfg_attr(not(test), expect(clippy::unnecessary_wraps, reason = "in tests a step may fail"))]
fn step() -> io::Result<()> {
    #[cfg(test)]
    crash::before_step()?;
    Ok(())
}

/// The end of the process, at a step of the test's choice.
#[cfg(test)]
pub(crate) mod crash {
    use std::cell::Cell;
    use std::fs::File;
    use std::io::{self, Write};

    thread_local! {
        /// How many steps this thread may still take; none set: all.
        static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
    }

    /// Runs `work`, which may take `steps` steps; whether the process lived through it.
    pub(crate) fn after<T>(steps: usize, work: impl FnOnce() -> T) -> (T, bool) {
        LEFT.set(Some(steps));
        let done = work();
        (done, LEFT.replace(None) != Some(usize::MAX))
    }

    pub(super) fn before_step() -> io::Result<()> {
        match LEFT.get() {
            None => Ok(()),
            // After its end a process takes no step at all.
            Some(0 | usize::MAX) => {
                LEFT.set(Some(usize::MAX));
                Err(io::Error::other("the process ended here"))
            }
            Some(left) => {
                LEFT.set(Some(left - 1));
                Ok(())
            }
        }
    }

    /// A write has two places to end: before its first byte and half-way.
    pub(super) fn within_write(file: &mut File, bytes: &[u8]) -> io::Result<()> {
        before_step()?;
        before_step().inspect_err(|_| drop(file.write_all(&bytes[..bytes.len() / 2])))
    }
}
