//! From the log to a file that proves: the entries of a call with everything a reader without
//! network needs to check them.
//!
//! [`find`] reads the entries, so that a caller can decide who may see them; [`make`] waits for
//! the checkpoint that covers them and assembles a [`wire::bundle`] with inclusion proofs, what
//! may be revealed of the commitments, and the directory of that time.
//!
//! Read first: [`make`]; `reveal.rs` for what is shown and what never is.
//!
//! **Invariant**: a bundle made here is accepted by [`wire::bundle::verify`] with the trust file
//! of the platform. No secret that a caller sent in a head is in it. **Trust**: rights are not
//! checked here; whoever asks gets.

mod reveal;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use wire::bundle::{Bundle, BundleRefusal, DirectoryVersion, EntryPart, Parts, directory_keys};
use wire::entry::Entry;
use wire::error_code::{ErrorCode, Fault, Retry};
use wire::id::RequestId;
use wire::merkle::Hash;

use crate::history::{DirectoryHistory, HistoryError};
use crate::log::{KeptDetail, Log, ReadError};

pub use reveal::is_showable;

/// How long a checkpoint may take before the asker is sent away: the disk must be refusing.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a bundle or a record is asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All entries of a call.
    Call(RequestId),
    /// One entry, by its index in the log.
    Entry(u64),
}

/// A text that names neither a call nor an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither a request id nor the index of an entry")]
pub struct NotWanted;

impl FromStr for Wanted {
    type Err = NotWanted;

    fn from_str(text: &str) -> Result<Self, NotWanted> {
        let is_index = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_index {
            return text.parse().map(Self::Entry).map_err(|_| NotWanted);
        }
        text.parse().map(Self::Call).map_err(|_| NotWanted)
    }
}

/// An entry of the log, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundEntry {
    /// Its number in the log.
    pub index: u64,
    /// Its bytes, exactly as they are hashed.
    pub bytes: Vec<u8>,
    /// What they say.
    pub entry: Entry,
}

/// Whether a bundle shows what is behind the commitments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disclosure {
    /// Entries, proofs and policy only.
    Closed,
    /// Heads, digests and signatures too, as far as they are kept.
    Open,
}

/// Why a bundle was not made.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// No checkpoint covers the entry yet. Platform's fault; ask again in a second.
    #[error("no checkpoint covers the entry yet")]
    Pending,
    /// The log cannot be read. Platform's fault.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// The directory of that time cannot be read. Platform's fault.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The parts don't make a bundle: a flaw of the platform.
    #[error(transparent)]
    Parts(#[from] BundleRefusal),
}

impl BundleError {
    /// The code by which callers know this failure.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Pending => ErrorCode::EvidencePending,
            Self::Log(_) => ErrorCode::LogUnavailable,
            Self::History(HistoryError::Store(_)) => ErrorCode::DatabaseUnavailable,
            Self::History(HistoryError::Damaged { .. }) | Self::Parts(_) => {
                ErrorCode::PlatformInternal
            }
        }
    }

    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        self.code().fault()
    }

    /// Whether asking again helps.
    pub fn retry(&self) -> Retry {
        self.code().retry()
    }
}

/// The entries that are wanted, in the order of the log; none if there are none.
pub async fn find(log: &Log, wanted: Wanted) -> Result<Vec<FoundEntry>, ReadError> {
    let recorded = match wanted {
        Wanted::Call(request_id) => {
            let found = log.find_call(request_id).await?;
            found.into_iter().map(|recorded| (recorded.index, recorded.bytes)).collect()
        }
        Wanted::Entry(index) => {
            let bytes = log.entry(index).await?;
            bytes.map(|bytes| (index, bytes)).into_iter().collect::<Vec<_>>()
        }
    };
    let read = |(index, bytes): (u64, Vec<u8>)| {
        let entry = Entry::parse(&bytes).map_err(|_| ReadError::Damaged(index))?;
        Ok(FoundEntry { index, bytes, entry })
    };
    recorded.into_iter().map(read).collect()
}

/// The bytes of the bundle of these entries, which must be of one call (or one alone). Waits for
/// the checkpoint that covers them.
pub async fn make(
    log: &Log,
    history: &DirectoryHistory,
    entries: &[FoundEntry],
    disclosure: Disclosure,
) -> Result<Vec<u8>, BundleError> {
    let last = entries.iter().map(|found| found.index).max().unwrap_or_default();
    let covered = tokio::time::timeout(PATIENCE, log.published_past(last)).await;
    let Ok(Ok(published)) = covered else {
        return Err(BundleError::Pending);
    };
    let mut parts = Vec::with_capacity(entries.len());
    for found in entries {
        let revealed = match disclosure {
            Disclosure::Closed => BTreeMap::new(),
            Disclosure::Open => match log.detail(found.index).await? {
                KeptDetail::Kept(detail) => reveal::reveal(&found.entry, &detail),
                KeptDetail::Absent | KeptDetail::Destroyed => BTreeMap::new(),
            },
        };
        parts.push(EntryPart {
            bytes: found.bytes.clone(),
            index: found.index,
            path: log.prove(found.index, published.size).await?,
            revealed,
        });
    }
    let directories = directories_of(history, entries).await?;
    let parts = Parts { entries: parts, checkpoint: published.note.clone(), directories };
    Ok(Bundle::assemble(parts)?)
}

/// The records that the entries name, out of the versions by which they were decided. A version
/// that was never stored here is left out: the verdict then says what is not shown.
async fn directories_of(
    history: &DirectoryHistory,
    entries: &[FoundEntry],
) -> Result<Vec<DirectoryVersion>, HistoryError> {
    // All entries of a call are decided at its beginning, so the first one's time is theirs.
    let Some(time) = entries.first().map(|found| found.entry.time) else {
        return Ok(Vec::new());
    };
    let mut keys: BTreeMap<Hash, Vec<String>> = BTreeMap::new();
    for found in entries {
        if let Some(root) = found.entry.directory {
            let keys = keys.entry(root).or_default();
            keys.extend(directory_keys(&found.entry));
        }
    }
    let mut versions = Vec::new();
    for (root, keys) in &keys {
        if let Some(version) = history.find_at(root, time).await? {
            let extract = version.directory.extract(keys.iter().map(String::as_str));
            let head = version.head;
            versions.push(DirectoryVersion { head, extract });
        }
    }
    Ok(versions)
}
