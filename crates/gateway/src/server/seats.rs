//! Who stays when a thread holds as many connections as it may.
//!
//! A connection on which no whole head has arrived can be closed without anything being lost, so
//! for each new connection the one that has waited longest gives up its seat.
//!
//! **Invariant**: a call under way never loses its connection to another. **Trust**: without this,
//! anyone who opens connections and says nothing would keep every caller out.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use rustix::process::{Resource, getrlimit};
use tokio::sync::Notify;

use crate::config::Limits;

/// Files that are left for the log, the database, the other listeners and what they serve.
const FILES_FOR_OTHERS: u64 = 256;

/// One thread's connections that wait for a head, in the order in which they began to.
#[derive(Debug, Default)]
pub(crate) struct Seats {
    waiting: RefCell<BTreeMap<u64, Rc<Notify>>>,
    next: Cell<u64>,
    taken: Notify,
}

/// One connection's place among those that wait; left when it is dropped.
pub(crate) struct Waiting<'s> {
    seats: &'s Seats,
    number: u64,
}

impl Seats {
    /// A connection begins to wait for a head, and agrees to leave when `dismissed` is notified.
    pub(crate) fn wait(&self, dismissed: &Rc<Notify>) -> Waiting<'_> {
        let number = self.next.replace(self.next.get() + 1);
        self.waiting.borrow_mut().insert(number, Rc::clone(dismissed));
        self.taken.notify_one();
        Waiting { seats: self, number }
    }

    /// Returns when a connection has begun to wait since the last time.
    pub(super) async fn someone_waits(&self) {
        self.taken.notified().await;
    }

    /// Asks the connection that has waited longest to leave. False: none waits.
    pub(super) fn dismiss_one(&self) -> bool {
        let longest = self.waiting.borrow_mut().pop_first();
        longest.is_some_and(|(_, dismissed)| {
            dismissed.notify_one();
            true
        })
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.seats.waiting.borrow_mut().remove(&self.number);
    }
}

/// How many connections each of `threads` may hold: what the operator allows, as far as this
/// process may open files.
pub(super) fn per_thread(limits: &Limits, threads: usize) -> usize {
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let most = within(files, limits.connections_per_thread, threads);
    if most < limits.connections_per_thread {
        tracing::info!(
            per_thread = most,
            open_files = files,
            "connections are bounded by open files"
        );
    }
    most
}

/// Each connection may need a second file: the one to its provider.
fn within(files: u64, most: usize, threads: usize) -> usize {
    let share = usize::try_from(files.saturating_sub(FILES_FOR_OTHERS) / 2).unwrap_or(usize::MAX);
    most.min(share / threads.max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_waits_longest_is_asked_to_leave() {
        let seats = Seats::default();
        let [first, second, third] = [(); 3].map(|()| Rc::new(Notify::new()));
        let calling = seats.wait(&first);
        let _waits = (seats.wait(&second), seats.wait(&third));
        drop(calling);
        let is_asked = |notify: &Notify| is_ready(notify.notified());
        assert!(seats.dismiss_one());
        assert!(!is_asked(&first) && is_asked(&second) && !is_asked(&third));
        assert!(seats.dismiss_one());
        assert!(is_asked(&third));
        assert!(!seats.dismiss_one());
    }

    /// Whether a future is ready at once.
    fn is_ready(future: impl Future<Output = ()>) -> bool {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        std::pin::pin!(future).poll(&mut context).is_ready()
    }

    #[test]
    fn connections_leave_files_for_everything_else() {
        assert_eq!(within(1024, 10_000, 2), 192);
        assert_eq!(within(1_000_000, 10_000, 2), 10_000);
        assert_eq!(within(u64::MAX, 10_000, 4), 10_000);
        assert_eq!(within(64, 10_000, 2), 1);
    }
}
