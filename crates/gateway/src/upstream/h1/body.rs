//! The body of an answer, read by whoever wants the next piece of it.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};

use super::head::Rest;
use super::{Line, READ_AHEAD};
use crate::h1::Step;
use crate::upstream::incoming::BrokeOff;

/// What follows the head of an answer. Dropping it closes its connection.
#[derive(Debug)]
pub(crate) struct Body {
    line: Line,
    rest: Rest,
    keeps_alive: bool,
}

impl Body {
    pub(super) fn new(line: Line, rest: Rest, keeps_alive: bool) -> Self {
        Self { line, rest, keeps_alive }
    }

    /// How long it is, where the head said so.
    pub(crate) fn length(&self) -> Option<u64> {
        match self.rest {
            Rest::Nothing => Some(0),
            Rest::Length(length) => Some(length),
            Rest::Chunks(_) | Rest::Close => None,
        }
    }

    /// The next piece; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, BrokeOff>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokeOff>>> {
        loop {
            match &mut self.rest {
                Rest::Nothing => return Poll::Ready(None),
                Rest::Chunks(chunks) => match chunks.take(&mut self.line.arrived) {
                    Ok(Step::NeedMore) => {}
                    Ok(Step::Data(data)) => return Poll::Ready(Some(Ok(data))),
                    // A provider's trailers end here: nothing vouches for them.
                    Ok(Step::End(_)) => self.rest = Rest::Nothing,
                    Err(_) => return self.broken(),
                },
                Rest::Length(_) | Rest::Close if self.line.arrived.is_empty() => {}
                Rest::Length(left) => {
                    let arrived = &mut self.line.arrived;
                    let here = usize::try_from(*left).unwrap_or(usize::MAX).min(arrived.len());
                    *left -= here as u64;
                    let piece = arrived.split_to(here).freeze();
                    if *left == 0 {
                        self.rest = Rest::Nothing;
                    }
                    return Poll::Ready(Some(Ok(piece)));
                }
                Rest::Close => return Poll::Ready(Some(Ok(self.line.arrived.split().freeze()))),
            }
            if self.rest == Rest::Nothing {
                continue;
            }
            let most = match self.rest {
                Rest::Length(left) => usize::try_from(left).unwrap_or(READ_AHEAD).min(READ_AHEAD),
                Rest::Nothing | Rest::Chunks(_) | Rest::Close => READ_AHEAD,
            };
            match ready!(self.line.poll_more(cx, most)) {
                Ok(0) if self.rest == Rest::Close => self.rest = Rest::Nothing,
                Ok(0) | Err(_) => return self.broken(),
                Ok(_) => {}
            }
        }
    }

    fn broken(&mut self) -> Poll<Option<Result<Bytes, BrokeOff>>> {
        self.keeps_alive = false;
        self.rest = Rest::Nothing;
        Poll::Ready(Some(Err(BrokeOff)))
    }

    /// The connection, if its provider will take another request over it.
    pub(crate) fn into_line(mut self) -> Option<Line> {
        let is_over = self.rest == Rest::Nothing && self.line.arrived.is_empty();
        // A waiting connection needs no room, and what it says of its capacity is only what is left
        // of a block that pieces of the answer may still share.
        self.line.arrived = BytesMut::new();
        (is_over && self.keeps_alive).then_some(self.line)
    }
}
