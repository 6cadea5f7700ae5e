//! Between appender and publisher: entries that are durable but not published yet.
//!
//! They stay here until their checkpoint is out, so that readers find every acknowledged entry
//! and a publication that failed can be tried again from memory.
//!
//! **Invariant**: batches are consecutive; one leaves only after a checkpoint above it is out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::batch::Batch;

#[derive(Default)]
pub(super) struct Handover {
    state: Mutex<State>,
    woken: Condvar,
}

#[derive(Default)]
struct State {
    batches: VecDeque<Arc<Batch>>,
    bytes: usize,
    /// Segments of the write-ahead file that are full: serial and the index after their last.
    ended: Vec<(u64, u64)>,
    wanted: bool,
    /// There is something to tidy, with or without entries to publish.
    untidy: bool,
    closed: bool,
    /// What held the batches of the last publication, empty again.
    spare: Vec<Batch>,
}

/// What the publisher finds when it wakes.
pub(super) struct News {
    pub(super) batches: Vec<Arc<Batch>>,
    pub(super) ended: Vec<(u64, u64)>,
    pub(super) closed: bool,
}

impl Handover {
    pub(super) fn push(&self, batch: Batch) {
        let mut state = self.state.lock();
        state.bytes += batch.bytes.len();
        state.batches.push_back(Arc::new(batch));
        if state.batches.len() == 1 || state.bytes >= PUBLISH_AT {
            self.woken.notify_one();
        }
    }

    /// A segment of the write-ahead file got its last entry, `end` is the index after it.
    pub(super) fn segment_ended(&self, serial: u64, end: u64) {
        self.state.lock().ended.push((serial, end));
    }

    /// Somebody waits for the next checkpoint: it comes at once.
    pub(super) fn want(&self) {
        let mut state = self.state.lock();
        state.wanted = true;
        if !state.batches.is_empty() {
            self.woken.notify_one();
        }
    }

    /// Files are full: the publisher looks after them even if nothing is published.
    pub(super) fn want_tidying(&self) {
        let mut state = self.state.lock();
        if !std::mem::replace(&mut state.untidy, true) {
            self.woken.notify_one();
        }
    }

    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.woken.notify_one();
    }

    /// Bytes that wait to be published.
    pub(super) fn bytes(&self) -> usize {
        self.state.lock().bytes
    }

    /// The batch that holds this entry.
    pub(super) fn find(&self, index: u64) -> Option<Arc<Batch>> {
        let state = self.state.lock();
        let after = state.batches.partition_point(|batch| batch.first <= index);
        let batch = state.batches.get(after.checked_sub(1)?)?;
        (index < batch.end()).then(|| Arc::clone(batch))
    }

    /// All batches, oldest first.
    pub(super) fn batches(&self) -> Vec<Arc<Batch>> {
        self.state.lock().batches.iter().map(Arc::clone).collect()
    }

    /// Waits for news, then for `period`, for someone who wants a checkpoint or for a lot to
    /// publish, whichever comes first.
    pub(super) fn wait(&self, period: Duration) -> News {
        let mut state = self.state.lock();
        let has_nothing =
            |state: &mut State| state.batches.is_empty() && !state.untidy && !state.closed;
        self.woken.wait_while(&mut state, has_nothing);
        let patient =
            |state: &mut State| !state.wanted && !state.closed && state.bytes < PUBLISH_AT;
        let _ = self.woken.wait_while_for(&mut state, patient, period);
        state.wanted = false;
        state.untidy = false;
        News {
            batches: state.batches.iter().map(Arc::clone).collect(),
            ended: std::mem::take(&mut state.ended),
            closed: state.closed,
        }
    }

    /// Leaves the publisher alone for `pause` after a failure, unless the log is closed.
    pub(super) fn pause(&self, pause: Duration) {
        let mut state = self.state.lock();
        let _ = self.woken.wait_while_for(&mut state, |state| !state.closed, pause);
    }

    /// Forgets these batches, the oldest ones: they are published. Those that nobody reads any more
    /// hold further ones: fresh memory for each would cost the system more than writing it.
    pub(super) fn forget(&self, published: Vec<Arc<Batch>>) {
        let mut state = self.state.lock();
        let held = published.len().min(state.batches.len());
        let bytes: usize = state.batches.drain(..held).map(|batch| batch.bytes.len()).sum();
        state.bytes = state.bytes.saturating_sub(bytes);
        // What waited for a disk that stood still is not kept.
        let mut room = 0;
        let is_usual = |batch: &Batch| {
            room += batch.bytes.capacity();
            room <= 2 * PUBLISH_AT
        };
        let unread = published.into_iter().filter_map(Arc::into_inner);
        state.spare = unread.take_while(is_usual).collect();
    }

    /// An empty batch that begins at this index.
    pub(super) fn batch(&self, first: u64) -> Batch {
        let mut batch = self.state.lock().spare.pop().unwrap_or_default();
        batch.clear(first);
        batch
    }
}

/// So many bytes are published without waiting for the second to be over.
const PUBLISH_AT: usize = 8 << 20;
