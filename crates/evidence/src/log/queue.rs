//! The bounded queue between those who append and the one appender.
//!
//! Taking empties it in one step, so a batch costs one lock however many entries it has, and
//! pushing wakes the appender only if it waits.
//!
//! **Invariant**: never more than `capacity` items; what does not fit is given back.

use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::draft::LogUnavailable;

pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    woken: Condvar,
    capacity: usize,
}

struct State<T> {
    items: Vec<T>,
    /// Why nothing is taken in at the moment.
    refusal: Option<LogUnavailable>,
    closed: bool,
    poked: bool,
    /// How many items whoever takes is to be woken for: one, unless it lets them gather.
    enough: usize,
}

impl<T> Queue<T> {
    pub(super) fn new(capacity: usize) -> Self {
        let state =
            State { items: Vec::new(), refusal: None, closed: false, poked: false, enough: 1 };
        Self { state: Mutex::new(state), woken: Condvar::new(), capacity }
    }

    /// Puts an item in, or gives it back with the reason.
    pub(super) fn push(&self, item: T) -> Result<(), (T, LogUnavailable)> {
        let mut state = self.state.lock();
        if state.closed {
            return Err((item, LogUnavailable::Closed));
        }
        if let Some(refusal) = state.refusal {
            return Err((item, refusal));
        }
        if state.items.len() >= self.capacity {
            return Err((item, LogUnavailable::Overloaded));
        }
        state.items.push(item);
        if state.items.len() == state.enough {
            self.woken.notify_one();
        }
        Ok(())
    }

    /// Why a push would be refused now, for a reason other than its own size.
    pub(super) fn refusal(&self) -> Option<LogUnavailable> {
        let state = self.state.lock();
        if state.closed { Some(LogUnavailable::Closed) } else { state.refusal }
    }

    /// Refuses every push from now on, or takes them again.
    pub(super) fn refuse(&self, refusal: Option<LogUnavailable>) {
        self.state.lock().refusal = refusal;
    }

    /// Nothing more is taken in; what is in it can still be taken.
    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.woken.notify_all();
    }

    /// Lets [`take`](Self::take) return even though there is nothing.
    pub(super) fn poke(&self) {
        self.state.lock().poked = true;
        self.woken.notify_one();
    }

    /// Lets items gather until `count` are here, for `patience` at most, or until the end.
    pub(super) fn gather(&self, count: usize, patience: Duration) {
        let mut state = self.state.lock();
        let gathers = |state: &mut State<T>| state.items.len() < count && !state.closed;
        state.enough = count.max(1);
        let _ = self.woken.wait_while_for(&mut state, gathers, patience);
        state.enough = 1;
    }

    /// Waits for items, a poke, the end, or until `patience` is over, and moves all items into
    /// `into`. True if the queue is closed.
    pub(super) fn take(&self, into: &mut Vec<T>, patience: Option<Duration>) -> bool {
        let mut state = self.state.lock();
        let idle = |state: &mut State<T>| state.items.is_empty() && !state.closed && !state.poked;
        match patience {
            None => self.woken.wait_while(&mut state, idle),
            Some(patience) => {
                let _ = self.woken.wait_while_for(&mut state, idle, patience);
            }
        }
        state.poked = false;
        if into.is_empty() {
            std::mem::swap(into, &mut state.items);
        } else {
            into.append(&mut state.items);
        }
        state.closed
    }
}
