//! `evidence` is the only appender to the log and the only beginner of a writing transaction.
//!
//! Whatever happens on the platform becomes an entry of an append-only, signed log, and nothing
//! is answered before its entry is durable. Traffic appends directly ([`Log`]); a change of the
//! database goes through the recorder, which takes change and entry to disk together.
//!
//! Read first: [`log`] for how entries become durable and provable, [`disk`] for what that asks
//! of storage; [`recorder`] for how a change and its record become one; [`bundle`] for how a
//! stranger comes to believe it.
//!
//! **Invariant**: no change without a record, no answer without a record; an acknowledged entry
//! is never lost, moved or altered.
//! **Trust**: whoever controls this crate decides what is recorded from now on. What is under a
//! published checkpoint is out of its hands.

pub mod bundle;
mod change;
pub mod disk;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod history;
pub mod log;
pub mod node_card;
mod outbox;
mod reading;
pub mod recorder;
pub mod repeat;
mod sequencer;
#[cfg(test)]
mod testing;

pub use change::Change;
pub use disk::{Disk, DiskFile, RealDisk, replace};
pub use history::{DirectoryHistory, HistoryError};
pub use log::{
    Appended, BodyDigest, Detail, Draft, HeadLines, Intent, KeptDetail, Log, LogConfig, LogKeys,
    LogUnavailable, Looked, OpenError, Published, ReadError, RecordedEntry, Recovered, SpentNonce,
    name_call,
};
pub use node_card::{CardProblem, NodeCard, NodeCards};
pub use outbox::MIGRATIONS;
pub use reading::Reading;
pub use recorder::{Actor, EntryRef, RecordError, Recorder};
pub use repeat::{Before, Repeatable};
