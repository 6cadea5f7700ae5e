//! HTTP/1.1 towards a provider: one connection, its requests one after the other.
//!
//! Own code on `httparse` rather than hyper's client, which gives each connection a task, each
//! request a channel, and lets a connection settle before it serves again: a third of what a call
//! costs (`docs/performance.md`). Here the call itself writes and reads.
//!
//! - [`ask`]: the request leaves, the head of its answer comes.
//! - [`body`]: the rest of the answer.
//! - [`head`]: the bytes of both heads.
//!
//! **Invariant**: a connection serves again only after its request left whole and its answer was
//! read to an end that both sides know; what comes unasked ends it. **Trust**: a provider's bytes
//! are read here first; a wrong end of one answer would hand the rest of it to another caller.

mod ask;
mod body;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod head;

use std::future::{Future as _, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::task::unconstrained;

pub(super) use ask::{Unanswered, ask};
pub(super) use body::Body;
pub(crate) use head::content_length;

/// How many bytes of an answer are read ahead of a caller who does not take them, and how long the
/// head of an answer may be.
const READ_AHEAD: usize = 64 * 1024;
/// How much is read where a head is expected: most short answers come whole in it.
const FIRST_READ_BYTES: usize = 4 * 1024;

/// What carries a connection: TCP, or TLS over it.
pub(super) trait Io: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Io for T {}

/// A connection between two requests. Dropping it closes it.
pub(super) struct Line {
    io: Box<dyn Io>,
    /// What has arrived and was not taken yet; empty between two requests.
    arrived: BytesMut,
}

impl Line {
    pub(super) fn new(io: impl Io + 'static) -> Self {
        Self { io: Box::new(io), arrived: BytesMut::new() }
    }

    /// Whether it can be asked: its provider neither closed it nor said anything unasked.
    pub(super) fn is_quiet(&mut self) -> bool {
        let io = &mut self.io;
        let read = poll_fn(|cx| Pin::new(&mut *io).poll_read(cx, &mut ReadBuf::new(&mut [0])));
        // Outside the task's budget: when that is used up, every connection looks quiet.
        let mut context = Context::from_waker(Waker::noop());
        let read = pin!(unconstrained(read)).poll(&mut context);
        self.arrived.is_empty() && read.is_pending()
    }

    /// Reads something, with room for `most` bytes. Zero: there will be nothing more.
    fn poll_more(&mut self, cx: &mut Context<'_>, most: usize) -> Poll<std::io::Result<usize>> {
        // With some room left none is made: many small pieces share one block.
        if self.arrived.capacity() - self.arrived.len() < most.min(FIRST_READ_BYTES / 2) {
            self.arrived.reserve(most);
        }
        pin!(self.io.read_buf(&mut self.arrived)).poll(cx)
    }
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Line({} bytes arrived)", self.arrived.len())
    }
}

#[cfg(test)]
mod tests;
