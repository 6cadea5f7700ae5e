//! Why a log cannot be opened or read.

use std::io;
use std::path::{Path, PathBuf};

use keys::KeyError;

/// Why a log was not opened. Fault: platform, for the operator to resolve; opening again changes
/// nothing unless said so.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open. Try again when that one has ended.
    #[error("the log in {} is open in another process", .0.display())]
    InUse(PathBuf),
    /// A file or directory could not be read or written (full, read-only, wrong owner). Try again
    /// when that is mended.
    #[error("{}: {source}", path.display())]
    Disk {
        /// What was being read or written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Bytes that were acknowledged no longer check. Keep the directory as it is; a restored
    /// backup must open a log of another origin.
    #[error("{} is damaged at byte {at}, where acknowledged entries stand; the log is not opened", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the first bytes stand that do not check.
        at: u64,
    },
    /// Acknowledged entries are nowhere to be found.
    #[error("entries {from} to {to} of the log in {} were acknowledged and are missing", dir.display())]
    Missing {
        /// The log's directory.
        dir: PathBuf,
        /// The first index that is missing.
        from: u64,
        /// The last index that is missing.
        to: u64,
    },
    /// The log was open before, and its write-ahead file is gone: what was acknowledged last may
    /// have been in it.
    #[error("{} is empty, though this log was open before", .0.display())]
    NoWriteAheadFile(PathBuf),
    /// There are entries but no checkpoint.
    #[error("{} is missing, though the log has entries", .0.display())]
    NoCheckpoint(PathBuf),
    /// The checkpoint is not one of this log's: another origin, an unknown key, no checkpoint.
    #[error("{} is not a checkpoint of this log: {reason}", path.display())]
    ForeignCheckpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The hashes on disk do not lead to the root that was signed.
    #[error("the tree in {} is not the one that was signed at size {size}", dir.display())]
    WrongRoot {
        /// The log's directory.
        dir: PathBuf,
        /// The size of the checkpoint.
        size: u64,
    },
    /// The log's key cannot sign under this origin, or a thread could not be started.
    #[error("{0}")]
    Unusable(String),
}

impl OpenError {
    pub(super) fn disk(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Disk { path, source }
    }
}

/// Why something could not be read from the log. Fault: platform.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The disk; try again.
    #[error("the log cannot be read: {0}")]
    Disk(#[from] io::Error),
    /// What stands there is not what was signed. Reading again gives the same.
    #[error("entry {0} of the log is damaged")]
    Damaged(u64),
    /// The detail's key exists but could not be used.
    #[error("the detail of entry {index} cannot be opened: {source}")]
    Sealed {
        /// The entry.
        index: u64,
        /// What the keys said.
        source: KeyError,
    },
    /// The log or the runtime is shutting down.
    #[error("the log is closed")]
    Closed,
}
