//! The request leaves; the head of its answer comes.

use std::future::poll_fn;
use std::io::{self, IoSlice, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use http::StatusCode;
use hyper::body::Body as _;
use tokio::io::AsyncWrite as _;

use super::body::Body;
use super::head::{self, AnswerHead, Framing, Malformed};
use super::{FIRST_READ_BYTES, Line, READ_AHEAD};
use crate::fields::Fields;
use crate::held_body::{CutOff, HeldBody};
use crate::upstream::{ProviderRequest, UpstreamFault};

/// What became of a request that has no answer.
pub(crate) enum Unanswered {
    /// Here it is again; surely nobody has acted on it.
    Unsent(Box<ProviderRequest>),
    Fault(UpstreamFault),
}

/// A request on its way, and what has come back so far.
struct Exchange {
    line: Line,
    request: Box<ProviderRequest>,
    sending: Sending,
    head: Option<AnswerHead>,
    /// Up to here `arrived` holds no end of a head.
    looked: usize,
    /// How many bytes of interim answers were read over.
    interim: usize,
}

/// What is on its way of the request.
struct Sending {
    out: Vec<u8>,
    /// How much of `out` has left.
    left: usize,
    /// A piece of the body, not copied, and what ends it.
    data: Bytes,
    tail: &'static [u8],
    /// Nothing waits in `io` either.
    is_flushed: bool,
    framing: Framing,
    /// It can be given back whole: it has no body, and no byte of it has left yet.
    is_returnable: bool,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// More of the body is to come.
    Open,
    /// All of it is in the buffers.
    Last,
    /// It has left.
    Whole,
    /// The provider takes no more of it.
    Broken,
}

/// Sends a request and waits for the head of its answer. Dropping the future closes the connection.
///
/// A provider that answers early is heard when the rest of the request has left or can leave no
/// more: then its connection is not used again.
pub(crate) async fn ask(
    line: Line,
    request: Box<ProviderRequest>,
) -> Result<(StatusCode, Fields, Body), Unanswered> {
    let sending = Sending::new(&request);
    let mut exchange = Exchange { line, request, sending, head: None, looked: 0, interim: 0 };
    let answered = poll_fn(|cx| exchange.poll(cx)).await;
    let Exchange { line, request, sending, head, .. } = exchange;
    match (answered, head) {
        (Ok(()), Some(AnswerHead { status, headers, rest, keeps_alive })) => {
            let keeps_alive = keeps_alive && sending.state == State::Whole;
            Ok((status, headers, Body::new(line, rest, keeps_alive)))
        }
        _ if sending.state == State::Broken && sending.is_returnable => {
            Err(Unanswered::Unsent(request))
        }
        (Err(fault), _) => Err(Unanswered::Fault(fault)),
        (Ok(()), None) => Err(Unanswered::Fault(UpstreamFault::BrokeOff)),
    }
}

impl Exchange {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), UpstreamFault>> {
        let sent = match self.poll_send(cx) {
            Poll::Ready(Ok(())) => true,
            // The caller's body was refused, and the provider must see that it was cut off; or
            // nothing could leave.
            Poll::Ready(Err(CutOff)) => return Poll::Ready(Err(UpstreamFault::BrokeOff)),
            Poll::Pending => false,
        };
        if self.head.is_none() {
            match self.poll_head(cx) {
                Poll::Ready(Ok(head)) => self.head = Some(head),
                Poll::Ready(Err(fault)) => return Poll::Ready(Err(fault)),
                Poll::Pending => return Poll::Pending,
            }
        }
        if sent { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// Ready when the request has left, or can leave no more.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), CutOff>> {
        loop {
            match self.sending.state {
                State::Whole | State::Broken => return Poll::Ready(Ok(())),
                // The head waits for the first piece: most short requests leave in one write.
                State::Open if self.sending.is_full() => {}
                State::Open => match Pin::new(&mut self.request.body).poll_frame(cx) {
                    Poll::Ready(piece) => {
                        self.sending.put(piece.transpose()?.and_then(|it| it.into_data().ok()));
                        if self.request.body.is_end_stream() {
                            self.sending.end();
                        }
                        continue;
                    }
                    Poll::Pending if self.sending.has_left() => return Poll::Pending,
                    Poll::Pending => {}
                },
                State::Last => {}
            }
            let written = ready!(self.sending.poll_write(cx, &mut self.line));
            if written.is_err() {
                self.sending.state = State::Broken;
                if self.sending.is_returnable {
                    return Poll::Ready(Err(CutOff));
                }
                // Whoever is still sending the body learns that it goes nowhere.
                self.request.body = HeldBody::empty();
            } else if self.sending.state == State::Last {
                self.sending.state = State::Whole;
            }
        }
    }

    /// The head of the final answer; interim ones (RFC 9110 §15.2) are read over, but for the one
    /// that would change the protocol.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<AnswerHead, UpstreamFault>> {
        loop {
            let arrived = &mut self.line.arrived;
            // Each end of a head is the end of a line: without a new one there is nothing to parse.
            if arrived.get(self.looked..).is_some_and(|new| new.contains(&b'\n')) {
                let before = arrived.len();
                let head = head::take(arrived, &self.request.method);
                match head.map_err(|Malformed| UpstreamFault::Malformed) {
                    Ok(Some(head)) if is_interim(head.status) => {
                        self.looked = 0;
                        self.interim += before - self.line.arrived.len();
                        if self.interim > READ_AHEAD {
                            return Poll::Ready(Err(UpstreamFault::Malformed));
                        }
                        continue;
                    }
                    Ok(Some(head)) => return Poll::Ready(Ok(head)),
                    Ok(None) => {}
                    Err(fault) => return Poll::Ready(Err(fault)),
                }
            }
            self.looked = self.line.arrived.len();
            if self.looked >= READ_AHEAD {
                return Poll::Ready(Err(UpstreamFault::Malformed));
            }
            match ready!(self.line.poll_more(cx, FIRST_READ_BYTES)) {
                Ok(0) | Err(_) => return Poll::Ready(Err(UpstreamFault::BrokeOff)),
                Ok(_) => {}
            }
        }
    }
}

fn is_interim(status: StatusCode) -> bool {
    status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS
}

/// A piece up to this long is copied behind what already waits, to leave with it.
const SHORT_PIECE: usize = 4 * 1024;

impl Sending {
    /// The head of a request; its body is to come.
    fn new(request: &ProviderRequest) -> Self {
        let ProviderRequest { method, target, fields, body } = request;
        let framing = match body.size_hint().exact() {
            _ if body.is_end_stream() => Framing::None,
            Some(length) => Framing::Length(length),
            None => Framing::Chunks,
        };
        Self {
            out: head::write(method, target, fields, framing),
            left: 0,
            data: Bytes::new(),
            tail: b"",
            is_flushed: true,
            framing,
            is_returnable: framing == Framing::None,
            state: if framing == Framing::None { State::Last } else { State::Open },
        }
    }

    fn is_empty(&self) -> bool {
        self.left == self.out.len() && self.data.is_empty() && self.tail.is_empty()
    }

    fn has_left(&self) -> bool {
        self.is_empty() && self.is_flushed
    }

    /// Nothing more can be put in before something has left.
    fn is_full(&self) -> bool {
        !self.data.is_empty() || !self.tail.is_empty() || self.out.len() > SHORT_PIECE
    }

    fn put(&mut self, piece: Option<Bytes>) {
        let Some(piece) = piece.filter(|piece| !piece.is_empty()) else {
            return;
        };
        let is_chunk = self.framing == Framing::Chunks;
        if is_chunk {
            // Writing into memory cannot fail.
            let _ = write!(self.out, "{:x}\r\n", piece.len());
        }
        if piece.len() <= SHORT_PIECE {
            self.out.extend_from_slice(&piece);
            self.out.extend_from_slice(if is_chunk { b"\r\n" } else { b"" });
        } else {
            self.data = piece;
            self.tail = if is_chunk { b"\r\n" } else { b"" };
        }
    }

    fn end(&mut self) {
        self.state = State::Last;
        if self.framing == Framing::Chunks {
            if self.data.is_empty() {
                self.out.extend_from_slice(b"0\r\n\r\n");
            } else {
                self.tail = b"\r\n0\r\n\r\n";
            }
        }
    }

    /// Writes all that waits, and sees it off.
    fn poll_write(&mut self, cx: &mut Context<'_>, line: &mut Line) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            let head = self.out.get(self.left..).unwrap_or_default();
            let all = [IoSlice::new(head), IoSlice::new(&self.data), IoSlice::new(self.tail)];
            let written = if self.data.is_empty() && self.tail.is_empty() {
                ready!(Pin::new(&mut line.io).poll_write(cx, head))?
            } else {
                ready!(Pin::new(&mut line.io).poll_write_vectored(cx, &all))?
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.is_returnable = false;
            self.is_flushed = false;
            self.advance(written);
        }
        self.out.clear();
        self.left = 0;
        ready!(Pin::new(&mut line.io).poll_flush(cx))?;
        self.is_flushed = true;
        Poll::Ready(Ok(()))
    }

    fn advance(&mut self, mut written: usize) {
        let of_head = written.min(self.out.len() - self.left);
        self.left += of_head;
        written -= of_head;
        let of_data = written.min(self.data.len());
        self.data.advance(of_data);
        self.tail = self.tail.get(written - of_data..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests;
