//! How many calls of one connection are under way.

use std::cell::Cell;
use std::rc::Rc;

use tokio::sync::Notify;

/// The calls of one connection.
#[derive(Debug, Default)]
pub(super) struct Calls {
    under_way: Cell<usize>,
    changed: Notify,
}

/// One of them, from its head until its answer has been handed over or was given up.
#[derive(Debug)]
pub(super) struct Call(Rc<Calls>);

impl Calls {
    /// A call begins.
    pub(super) fn begin(self: &Rc<Self>) -> Call {
        self.set(self.under_way.get() + 1);
        Call(Rc::clone(self))
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
