//! The evidence log: what happened, in an order that nobody can change afterwards.
//!
//! A C2SP tlog-tiles log on local files. [`Log::append`] answers when the entry is durable;
//! within a second it is under a signed checkpoint. Read first: [`Log`], then `wal` (where
//! durability is made), `publisher` (where trees are signed) and `recovery` (what a crash
//! leaves). One appender thread orders and syncs, one publisher thread hashes and signs.
//!
//! ```text
//! intent ──write──▶ intents/   (survives kill -9, waits for nobody)
//! append ──queue──▶ appender ──write, sync──▶ wal/ ──answer──▶ caller
//!                       └──▶ publisher ──▶ hashes/ entries/ details/ index/ ──▶ checkpoint
//! ```
//!
//! **Invariant**: an acknowledged entry is never lost nor moved to another index; no two trees are
//! signed at one size; a checkpoint is durable before it is seen; an intent without outcome
//! becomes `call.unknown`; a spent nonce outlives a restart; bytes whose sync failed are never
//! trusted to a second sync.
//! **Trust**: whoever controls the log's process can leave things out or sign a fork; whoever kept
//! a checkpoint, or witnesses it, can prove that.

mod appender;
mod archive;
mod batch;
mod codec;
mod detail;
mod draft;
mod error;
mod frame;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod gathering;
mod handle;
mod handover;
mod head_lines;
mod intents;
mod lane;
mod publisher;
mod queue;
mod reading;
mod recovery;
mod shared;
mod wal;

use std::path::PathBuf;
use std::time::Duration;

use keys::PlatformSigner;
use wire::checkpoint::Origin;

pub use draft::{
    Appended, BodyDigest, Detail, Draft, Intent, LogUnavailable, SpentNonce, name_call,
};
pub use error::{OpenError, ReadError};
pub use handle::Log;
pub use head_lines::HeadLines;
pub use publisher::Published;
pub use reading::{KeptDetail, RecordedEntry};
pub use recovery::{Looked, Recovered};

/// What is recorded of a call that was not forwarded, or whose provider did not answer it.
pub const CALL_REFUSED: &str = "call.refused";

/// What is recorded of a call that was forwarded and whose outcome nobody knows.
pub const CALL_UNKNOWN: &str = "call.unknown";

/// The outcome of such a call.
pub const OUTCOME_UNKNOWN: &str = "unknown";

/// The name under which an entry's subject holds the call it belongs to.
pub use wire::entry::REQUEST_ID;

/// Where a log stands and how much it may hold back.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// The log's own directory.
    pub dir: PathBuf,
    /// The log's name in its checkpoints.
    pub origin: Origin,
    /// How long an entry may wait for its checkpoint.
    pub checkpoint_every: Duration,
    /// How long a disk that refused is left alone before the next try.
    pub retry_after: Duration,
    /// How many entries may wait for the appender; more are refused.
    pub max_pending: usize,
    /// How many bytes may wait for the publisher; then entries are refused.
    pub max_unpublished_bytes: usize,
    /// How long the next batch may gather at most before it is written and synced; see
    /// [`Self::gather_per_entry`].
    pub gather_most: Duration,
    /// How long it waits at most for each further entry that it expects, by what the batches before
    /// had: a sync costs processor time as well as waiting, so many calls at once share one, and a
    /// lone one never waits for others.
    pub gather_per_entry: Duration,
    /// When a segment of the write-ahead file is full.
    pub segment_bytes: u64,
    /// When a segment of the intents is full.
    pub intent_segment_bytes: u64,
}

impl LogConfig {
    /// The usual: a checkpoint each half second, a failed disk tried again after 200 ms, 8,192 entries waiting, 256 MiB unpublished,
    /// batches that gather for 150 µs per expected entry and 2 ms at most, segments of 32 and 8 MiB.
    pub fn new(dir: impl Into<PathBuf>, origin: Origin) -> Self {
        Self {
            dir: dir.into(),
            origin,
            checkpoint_every: Duration::from_millis(500),
            retry_after: Duration::from_millis(200),
            max_pending: 8_192,
            gather_most: Duration::from_millis(2),
            gather_per_entry: Duration::from_micros(150),
            max_unpublished_bytes: 256 << 20,
            segment_bytes: 32 << 20,
            intent_segment_bytes: 8 << 20,
        }
    }
}

/// The keys that sign, and have signed, this log's checkpoints.
#[derive(Debug, Clone)]
pub struct LogKeys {
    /// Signs from now on.
    pub signer: PlatformSigner,
    /// Public keys that signed before.
    pub retired: Vec<[u8; 32]>,
}
