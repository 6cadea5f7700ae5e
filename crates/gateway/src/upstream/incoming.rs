//! An answer as it comes, whichever protocol carries it.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use http_body_util::BodyExt as _;
use hyper::body::Body as _;

use super::h1;
use super::line::Stream;
use crate::fields::Fields;

/// The head of an answer, its body to come.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) status: StatusCode,
    pub(crate) headers: Fields,
    pub(crate) body: Incoming,
}

/// The body of an answer, and the connection it comes over. Dropped before it is given back, an
/// HTTP/1.1 connection is cut off; of a shared one only the stream.
#[derive(Debug)]
pub(crate) struct Incoming(pub(super) Source);

#[derive(Debug)]
pub(super) enum Source {
    Own { origin: Arc<str>, body: h1::Body },
    Shared { body: hyper::body::Incoming, _stream: Stream },
}

/// The provider ended its answer before its end, or its frames cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BrokeOff;

impl Incoming {
    /// How long it is, where the head said so.
    pub(crate) fn length(&self) -> Option<u64> {
        match &self.0 {
            Source::Own { body, .. } => body.length(),
            Source::Shared { body, .. } => body.size_hint().exact(),
        }
    }

    /// The next piece, which may be empty; `None` at the end. A provider's trailers end here:
    /// nothing vouches for them.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, BrokeOff>> {
        match &mut self.0 {
            Source::Own { body, .. } => body.next().await,
            Source::Shared { body, .. } => loop {
                if body.is_end_stream() {
                    return None;
                }
                match body.frame().await?.map(hyper::body::Frame::into_data) {
                    Ok(Ok(data)) => return Some(Ok(data)),
                    Ok(Err(_trailers)) => {}
                    Err(_) => return Some(Err(BrokeOff)),
                }
            },
        }
    }
}
