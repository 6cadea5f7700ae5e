//! The folder that holds all a node keeps: `keys/`, `platform.db`, `log/`.
//!
//! **Invariant**: one process at a time, and nobody but the owner may enter. **Trust**: whoever
//! can read this folder holds the platform's keys.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::problem::StartProblem;

/// The file whose lock it is.
pub const LOCK: &str = "lgsp.lock";

/// The lock on a data directory, held while a process works in it.
#[derive(Debug)]
pub struct DataDirectory {
    path: PathBuf,
    // The operating system frees the lock with the file, also when the process is killed.
    _lock: File,
}

impl DataDirectory {
    /// Creates the folder for its owner alone, if it isn't there.
    pub fn create(path: &Path) -> Result<(), StartProblem> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|error| unusable(path, &error))
    }

    /// Locks an existing folder. Refuses one that others may enter or that is in use.
    pub fn open(path: &Path) -> Result<Self, StartProblem> {
        let Ok(found) = std::fs::metadata(path) else {
            return Err(StartProblem::NoData(path.to_owned()));
        };
        if !found.is_dir() {
            return Err(StartProblem::NoData(path.to_owned()));
        }
        let mode = found.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(StartProblem::DataOpenToOthers { path: path.to_owned(), mode });
        }
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path.join(LOCK))
            .map_err(|error| unusable(path, &error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StartProblem::DataInUse(path.to_owned())),
            Err(TryLockError::Error(error)) => Err(unusable(path, &error)),
        }
    }

    /// The platform's keys.
    pub fn keys(&self) -> PathBuf {
        self.path.join("keys")
    }

    /// On which boot of the machine a node last worked here.
    pub fn boot(&self) -> PathBuf {
        self.path.join("boot")
    }

    /// The problem that a file in here makes.
    pub fn unusable(&self, error: &std::io::Error) -> StartProblem {
        unusable(&self.path, error)
    }

    /// The evidence log.
    pub fn log(&self) -> PathBuf {
        self.path.join("log")
    }
}

fn unusable(path: &Path, error: &std::io::Error) -> StartProblem {
    StartProblem::DataUnusable { path: path.to_owned(), reason: error.to_string() }
}
