//! The receiving half of a connection: heads, bodies, and whether the caller is still there.
//!
//! The connection's own task reads heads and watches for a caller that leaves; in between, the
//! body is read by whoever streams it to the provider. So the reader is shared within its thread
//! and every operation is a poll.

use std::future::Future as _;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, ReadBuf};

use super::chunked::{Chunks, Step};
use super::head::{Scan, scan};
use crate::request::{BadHead, BodyFault, BodySource, Framing, Piece};

/// How much is read at once.
const READ_BYTES: usize = 16 * 1024;
/// How much is read at once where nothing is being read: most heads come whole in it.
const FIRST_READ_BYTES: usize = 2 * 1024;
/// With less room than this, new room is made: small calls share one piece of memory.
const LEAST_READ_BYTES: usize = 2 * 1024;
/// How much may arrive ahead of its turn before the caller has to wait.
const READ_AHEAD_BYTES: usize = 64 * 1024;

/// The receiving half of a connection.
#[derive(Debug)]
pub(super) struct Reader<R> {
    io: R,
    arrived: BytesMut,
    /// Up to where `arrived` is known to hold no end of a head.
    scanned: usize,
    body: Body,
    invitation: Invitation,
    /// The connection's task, while it waits for an [`Event`].
    watcher: Option<Waker>,
}

/// Where in the current body the reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    /// Between bodies.
    Whole,
    Length(u64),
    Chunks(Chunks),
    /// It cannot be read on: where it ends is not known.
    Broken,
}

/// `100 Continue` (RFC 9110 §10.1.1): sent only once the body is wanted, so a call that is refused
/// by its head alone never sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Invitation {
    NotAwaited,
    Awaited,
    Wanted,
}

/// What can happen while a call is being answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// The caller closed the connection.
    CallerGone,
    /// The body is wanted, and the caller waits to be told so.
    ContinueWanted,
}

/// Why there is no next head.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoHead {
    /// The caller closed the connection, between calls or within a head.
    Closed,
    /// What arrived is no head.
    Bad(BadHead),
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// Reads from `io`, after what has `arrived` already.
    pub(super) fn new(io: R, arrived: BytesMut) -> Self {
        Self {
            io,
            arrived,
            scanned: 0,
            body: Body::Whole,
            invitation: Invitation::NotAwaited,
            watcher: None,
        }
    }

    /// What it reads from.
    pub(super) fn io(&self) -> &R {
        &self.io
    }

    /// Waits for the first byte of a head. False: the caller closed the connection.
    pub(super) fn poll_begun(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        loop {
            while self.arrived.starts_with(b"\r\n") {
                // An empty line before a request line is read over (RFC 9112 §2.2).
                let _ = self.arrived.split_to(2);
                self.scanned = 0;
            }
            if self.arrived.first().is_some_and(|byte| *byte != b'\r') || self.arrived.len() > 1 {
                return Poll::Ready(true);
            }
            if !std::task::ready!(self.poll_something(cx)) {
                return Poll::Ready(false);
            }
        }
    }

    /// What `read` makes of the bytes of the next head, its empty line included.
    pub(super) fn poll_head<T>(
        &mut self,
        cx: &mut Context<'_>,
        max_bytes: usize,
        read: impl Fn(&[u8]) -> T,
    ) -> Poll<Result<T, NoHead>> {
        loop {
            match scan(&self.arrived, self.scanned) {
                Scan::End(end) if end <= max_bytes => {
                    self.scanned = 0;
                    let head = read(self.arrived.get(..end).unwrap_or_default());
                    self.arrived.advance(end);
                    return Poll::Ready(Ok(head));
                }
                Scan::BareLineFeed => return Poll::Ready(Err(NoHead::Bad(BadHead::Malformed))),
                Scan::Incomplete(scanned) if scanned < max_bytes => self.scanned = scanned,
                Scan::End(_) | Scan::Incomplete(_) => {
                    return Poll::Ready(Err(NoHead::Bad(BadHead::TooLarge)));
                }
            }
            if !std::task::ready!(self.poll_more(cx)) {
                return Poll::Ready(Err(NoHead::Closed));
            }
        }
    }

    /// From here on, the body of the head just read.
    pub(super) fn begin_body(&mut self, framing: Framing, expects_continue: bool) {
        self.body = match framing {
            Framing::None => Body::Whole,
            Framing::Length(length) => Body::Length(length),
            Framing::Chunked => Body::Chunks(Chunks::Size),
        };
        // A body that is already here needs no invitation.
        let awaits = expects_continue && self.body != Body::Whole && self.arrived.is_empty();
        self.invitation = if awaits { Invitation::Awaited } else { Invitation::NotAwaited };
    }

    /// From here on, nothing can be understood.
    pub(super) fn give_up(&mut self) {
        self.body = Body::Broken;
    }

    /// Whether the body has been read to its end, so that a head comes next.
    pub(super) fn is_between_calls(&self) -> bool {
        self.body == Body::Whole
    }

    /// Whether reading the body to its end costs little: it is on its way, and short.
    pub(super) fn is_worth_finishing(&self) -> bool {
        let is_short = match self.body {
            Body::Whole => true,
            Body::Length(left) => left <= READ_AHEAD_BYTES as u64,
            Body::Chunks(_) | Body::Broken => false,
        };
        is_short && self.invitation == Invitation::NotAwaited
    }

    /// Waits for something the connection's task must act on while a call is answered.
    pub(super) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        if self.invitation == Invitation::Wanted {
            self.invitation = Invitation::NotAwaited;
            return Poll::Ready(Event::ContinueWanted);
        }
        if !self.is_between_calls() {
            // Whoever reads the body will see the caller leave.
            self.watcher = Some(cx.waker().clone());
            return Poll::Pending;
        }
        // A caller that sends far ahead is no longer read, so it is not seen to leave either,
        // until its answer cannot be sent.
        while self.arrived.len() < READ_AHEAD_BYTES {
            if !std::task::ready!(self.poll_something(cx)) {
                return Poll::Ready(Event::CallerGone);
            }
        }
        Poll::Pending
    }

    /// Waits until the caller has closed the connection.
    pub(super) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if std::task::ready!(self.poll_event(cx)) == Event::CallerGone {
                return Poll::Ready(());
            }
        }
    }

    /// Throws away what comes, to be called until the caller has closed (`Ready(false)`).
    pub(super) fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        self.arrived.clear();
        self.poll_more(cx)
    }

    /// Reads something where there may be nothing for a long time, so that a quiet connection keeps
    /// no memory to read into. False: there will be nothing more.
    fn poll_something(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        if !self.arrived.is_empty() {
            return self.poll_more(cx);
        }
        self.arrived = BytesMut::new();
        let mut piece = [MaybeUninit::uninit(); FIRST_READ_BYTES];
        let mut piece = ReadBuf::uninit(&mut piece);
        // A failed connection and a closed one mean the same here: the caller is gone.
        let _closed = std::task::ready!(Pin::new(&mut self.io).poll_read(cx, &mut piece));
        self.arrived.extend_from_slice(piece.filled());
        Poll::Ready(!piece.filled().is_empty())
    }

    /// Reads something. False: there will be nothing more.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        if self.arrived.capacity() - self.arrived.len() < LEAST_READ_BYTES {
            self.arrived.reserve(READ_BYTES);
        }
        let read = pin!(self.io.read_buf(&mut self.arrived));
        // A failed connection and a closed one mean the same here: the caller is gone.
        read.poll(cx).map(|read| read.unwrap_or(0) > 0)
    }

    fn finish_body(&mut self, end: Body) {
        self.body = end;
        self.wake_watcher();
    }

    fn wake_watcher(&mut self) {
        if let Some(watcher) = self.watcher.take() {
            watcher.wake();
        }
    }
}

impl<R: AsyncRead + Unpin> BodySource for Reader<R> {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Piece, BodyFault>>> {
        if self.invitation == Invitation::Awaited {
            self.invitation = Invitation::Wanted;
            self.wake_watcher();
        }
        loop {
            match &mut self.body {
                Body::Whole => return Poll::Ready(None),
                Body::Broken => return Poll::Ready(Some(Err(BodyFault::CutOff))),
                Body::Length(left) if !self.arrived.is_empty() => {
                    let here = usize::try_from(*left).unwrap_or(usize::MAX).min(self.arrived.len());
                    *left -= here as u64;
                    if *left == 0 {
                        self.finish_body(Body::Whole);
                    }
                    let data = self.arrived.split_to(here).freeze();
                    return Poll::Ready(Some(Ok(Piece::Data(data))));
                }
                Body::Length(_) => {}
                Body::Chunks(chunks) => match chunks.take(&mut self.arrived) {
                    Ok(Step::NeedMore) => {}
                    Ok(Step::Data(data)) => return Poll::Ready(Some(Ok(Piece::Data(data)))),
                    Ok(Step::End(trailers)) => {
                        self.finish_body(Body::Whole);
                        return Poll::Ready(Some(Ok(Piece::Trailers(trailers))));
                    }
                    Err(fault) => {
                        self.finish_body(Body::Broken);
                        return Poll::Ready(Some(Err(fault)));
                    }
                },
            }
            if !std::task::ready!(self.poll_more(cx)) {
                self.finish_body(Body::Broken);
                return Poll::Ready(Some(Err(BodyFault::CutOff)));
            }
        }
    }
}
