//! A request as it came, before anyone vouches for it: what any protocol hands to the passage.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Method;

use crate::fields::Fields;

/// Everything before the body.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) method: Method,
    /// The request target exactly as it was sent (ASCII, no control characters).
    pub(crate) target: Box<str>,
    pub(crate) fields: Fields,
    pub(crate) framing: Framing,
}

/// How the end of the body is found (RFC 9112 §6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// There is no body.
    None,
    /// So many bytes, more than 0.
    Length(u64),
    /// Chunks, then perhaps trailers.
    Chunked,
}

/// A head that cannot be understood in one way only; the connection ends with its refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadHead {
    /// Not HTTP/1.1 as RFC 9112 writes it.
    Malformed,
    /// Longer than the limit, or more lines than the limit.
    TooLarge,
    /// The end of the body could be found in two ways, or in none.
    Framing,
}

/// A part of a body.
#[derive(Debug)]
pub(crate) enum Piece {
    Data(Bytes),
    /// The trailers, after all data.
    Trailers(Fields),
}

/// Why a body cannot be read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyFault {
    /// The caller closed the connection.
    CutOff,
    /// The chunks are not as RFC 9112 §7.1 writes them.
    Malformed,
}

/// What a protocol offers to read a body.
pub(crate) trait BodySource {
    /// The next piece; `None` at the end, and from then on.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Piece, BodyFault>>>;
}

/// The body of one request, read by whoever holds this.
pub(crate) struct RequestBody(Rc<RefCell<dyn BodySource>>);

impl RequestBody {
    pub(crate) fn new(source: Rc<RefCell<dyn BodySource>>) -> Self {
        Self(source)
    }

    /// The next piece; `None` at the end.
    pub(crate) fn poll_piece(
        &self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Piece, BodyFault>>> {
        self.0.borrow_mut().poll_piece(cx)
    }
}

impl std::fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RequestBody")
    }
}
