//! What the log's threads and its handles share.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use keys::DetailKeys;
use parking_lot::Mutex;
use tokio::sync::watch;
use wire::ambient::{Clock, Randomness};
use wire::entry::Entry;

use super::appender::Job;
use super::archive::Archive;
use super::draft::LogUnavailable;
use super::handover::Handover;
use super::intents::{Intents, Place};
use super::publisher::Published;
use super::queue::Queue;
use super::{CALL_UNKNOWN, LogConfig, OUTCOME_UNKNOWN};
use crate::disk::Disk;

pub(super) struct Shared {
    pub(super) config: LogConfig,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) randomness: Arc<dyn Randomness>,
    pub(super) details: DetailKeys,
    pub(super) archive: Archive,
    pub(super) queue: Queue<Job>,
    pub(super) handover: Handover,
    pub(super) intents: Intents,
    /// Outcomes of forwarded calls that could not be recorded when they were known.
    pub(super) orphans: Mutex<Vec<Job>>,
    pub(super) published: watch::Sender<Arc<Published>>,
    /// Whether nothing more will be published.
    pub(super) ended: watch::Sender<bool>,
    /// How many entries are durable.
    pub(super) size: AtomicU64,
}

impl Shared {
    /// Refuses a job. If it was to settle an intent, the caller now hears a refusal although the
    /// provider may have acted: `call.unknown` takes its place as soon as the log can write. (If
    /// the process ends before that, the intent makes the next start write it.)
    pub(super) fn refuse(&self, mut job: Job, reason: LogUnavailable) {
        job.answer(Err(reason));
        if job.resolves_intent && reason != LogUnavailable::Closed {
            // One that is all but too long may not be; then the next start writes it.
            if let Some(entry) = unknown(&job.entry) {
                self.orphans.lock().push(Job { entry, ..job });
            }
        }
    }

    pub(super) fn has_orphans(&self) -> bool {
        !self.orphans.lock().is_empty()
    }

    pub(super) fn take_orphans(&self) -> Vec<Job> {
        std::mem::take(&mut *self.orphans.lock())
    }

    /// Makes intents durable. If that fails, the appender is woken to mend them.
    pub(super) fn sync_intents(&self, place: Option<Place>) -> io::Result<()> {
        let synced = self.intents.sync(place);
        if synced.is_err() {
            self.queue.poke();
        }
        synced
    }
}

/// The entry that says of the same call that nobody knows how it ended.
fn unknown(entry: &[u8]) -> Option<Vec<u8>> {
    let entry = Entry::parse(entry).ok()?;
    let (action, outcome) = (CALL_UNKNOWN.to_owned(), OUTCOME_UNKNOWN.to_owned());
    Entry { action, outcome, ..entry }.to_canonical().ok()
}
