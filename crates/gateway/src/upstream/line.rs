//! A connection that carries several requests at once: HTTP/2.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use hyper::client::conn::http2;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::held_body::HeldBody;

/// Ends a connection's task when it is dropped, whatever is still under way.
#[derive(Debug)]
pub(super) struct Cut(AbortHandle);

/// HTTP/2. It is cut off when neither the pool nor a request holds it any more.
#[derive(Debug, Clone)]
pub(super) struct SharedLine {
    pub(super) sender: http2::SendRequest<HeldBody>,
    used: Rc<Used>,
}

/// What its requests share.
#[derive(Debug)]
struct Used {
    under_way: Cell<u32>,
    last: Cell<Instant>,
    _cut: Cut,
}

/// A request under way on a [`SharedLine`].
#[derive(Debug)]
pub(super) struct Stream(Rc<Used>);

/// How many requests one connection carries at once; a provider may allow fewer, then the others
/// wait within their time limit.
pub(super) const MOST_STREAMS: u32 = 100;

impl Cut {
    /// Carries a connection on this thread.
    pub(super) fn carrying<E: std::fmt::Display>(
        connection: impl Future<Output = Result<(), E>> + 'static,
    ) -> Self {
        let task = tokio::task::spawn_local(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a provider's connection ended");
            }
        });
        Self(task.abort_handle())
    }
}

impl Drop for Cut {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl SharedLine {
    pub(super) fn new(sender: http2::SendRequest<HeldBody>, cut: Cut) -> Self {
        let (under_way, last) = (Cell::new(0), Cell::new(Instant::now()));
        Self { sender, used: Rc::new(Used { under_way, last, _cut: cut }) }
    }

    /// Whether a further request may go over it. A provider that said GOAWAY takes none.
    pub(super) fn has_room(&self) -> bool {
        !self.sender.is_closed() && self.used.under_way.get() < MOST_STREAMS
    }

    /// Whether it is worth keeping.
    pub(super) fn is_kept(&self, keep_idle: Duration) -> bool {
        let is_used = self.used.under_way.get() > 0;
        !self.sender.is_closed() && (is_used || self.used.last.get().elapsed() < keep_idle)
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.used, &other.used)
    }

    pub(super) fn begin(&self) -> Stream {
        self.used.under_way.set(self.used.under_way.get() + 1);
        Stream(Rc::clone(&self.used))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.under_way.set(self.0.under_way.get().saturating_sub(1));
        self.0.last.set(Instant::now());
    }
}
