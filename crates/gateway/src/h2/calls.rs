//! How many calls of one connection are under way, and until when new ones may begin.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// The calls of one connection.
#[derive(Debug, Default)]
pub(super) struct Calls {
    under_way: Cell<usize>,
    changed: Notify,
    leaving_since: Cell<Option<Instant>>,
}

/// One of them, from its head until its answer has been handed over or was given up.
#[derive(Debug)]
pub(super) struct Call(Rc<Calls>);

impl Calls {
    /// A call begins. `None`: its caller was told to leave longer ago than `linger`.
    pub(super) fn begin(self: &Rc<Self>, linger: Duration) -> Option<Call> {
        if self.leaving_since.get().is_some_and(|since| since.elapsed() > linger) {
            return None;
        }
        self.set(self.under_way.get() + 1);
        Some(Call(Rc::clone(self)))
    }

    /// The caller is told to leave.
    pub(super) fn leave(&self) {
        self.leaving_since.set(Some(Instant::now()));
    }

    pub(super) fn are_none(&self) -> bool {
        self.under_way.get() == 0
    }

    /// Returns when the first has begun or the last has ended since the last time.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    fn set(&self, count: usize) {
        let was_none = self.are_none();
        self.under_way.set(count);
        if was_none != self.are_none() {
            self.changed.notify_one();
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.0.set(self.0.under_way.get().saturating_sub(1));
    }
}
