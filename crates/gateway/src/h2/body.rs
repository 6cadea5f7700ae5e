//! Bodies of HTTP/2 in both directions.
//!
//! **Invariant**: an answer that breaks off ends with a reset, never with the end of its stream.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::sync::OwnedSemaphorePermit;

use super::calls::Call;
use super::streams::Outflow;
use crate::fields::Fields;
use crate::passage::{AnswerBody, LongAnswer, LongPiece};
use crate::request::{BodyFault, BodySource, Piece};

/// The body of a request. Each piece that is read lets the caller send as much again.
pub(super) struct RequestStream(Incoming);

impl RequestStream {
    pub(super) fn shared(incoming: Incoming) -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self(incoming)))
    }
}

impl BodySource for RequestStream {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Piece, BodyFault>>> {
        loop {
            let Some(frame) = ready!(Pin::new(&mut self.0).poll_frame(cx)) else {
                return Poll::Ready(None);
            };
            // A reset, a connection that broke, or a length that was not kept.
            let Ok(frame) = frame else {
                return Poll::Ready(Some(Err(BodyFault::CutOff)));
            };
            match frame.into_data() {
                Ok(data) if data.is_empty() => {}
                Ok(data) => return Poll::Ready(Some(Ok(Piece::Data(data)))),
                Err(frame) => {
                    if let Ok(trailers) = frame.into_trailers() {
                        let trailers = Piece::Trailers(Fields::from(&trailers));
                        return Poll::Ready(Some(Ok(trailers)));
                    }
                }
            }
        }
    }
}

/// What a call holds until its answer has left.
type Held = (Call, Option<OwnedSemaphorePermit>);

/// The body of an answer.
pub(super) struct AnswerStream {
    rest: Rest,
    outflow: Rc<Outflow>,
    _held: Held,
}

/// What is still to be sent.
enum Rest {
    Nothing,
    Whole(Bytes),
    Long { length: Option<u64>, next: NextPiece },
}

type NextPiece = Pin<Box<dyn Future<Output = (Box<LongAnswer>, LongPiece)>>>;

/// The answer breaks off; its record says why.
#[derive(Debug, thiserror::Error)]
#[error("the answer broke off")]
pub(super) struct BrokeOff;

impl AnswerStream {
    pub(super) fn new(body: AnswerBody, held: Held) -> Self {
        let rest = match body {
            AnswerBody::None { .. } => Rest::Nothing,
            AnswerBody::Whole(bytes) if bytes.is_empty() => Rest::Nothing,
            AnswerBody::Whole(bytes) => Rest::Whole(bytes),
            AnswerBody::Long(long) => Rest::Long { length: long.length(), next: next_piece(long) },
        };
        let outflow = Outflow::current();
        outflow.given();
        Self { rest, outflow, _held: held }
    }
}

fn next_piece(mut long: Box<LongAnswer>) -> NextPiece {
    Box::pin(async move {
        let piece = long.next().await;
        (long, piece)
    })
}

impl Body for AnswerStream {
    type Data = Bytes;
    type Error = BrokeOff;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokeOff>>> {
        let this = self.get_mut();
        this.outflow.taken();
        let frame = match &mut this.rest {
            Rest::Nothing => None,
            Rest::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                this.rest = Rest::Nothing;
                Some(Ok(Frame::data(bytes)))
            }
            Rest::Long { length, next } => {
                let (long, piece) = ready!(next.as_mut().poll(cx));
                match piece {
                    LongPiece::Data(data) => {
                        this.rest = Rest::Long { length: *length, next: next_piece(long) };
                        Some(Ok(Frame::data(data)))
                    }
                    LongPiece::End(trailers) => {
                        this.rest = Rest::Nothing;
                        let trailers = trailers.to_map(|_| false);
                        (!trailers.is_empty()).then(|| Ok(Frame::trailers(trailers)))
                    }
                    LongPiece::Broken => {
                        this.rest = Rest::Nothing;
                        Some(Err(BrokeOff))
                    }
                }
            }
        };
        this.outflow.given();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.rest, Rest::Nothing)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.rest {
            Rest::Nothing => SizeHint::with_exact(0),
            Rest::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Rest::Long { length, .. } => {
                length.map_or_else(SizeHint::default, SizeHint::with_exact)
            }
        }
    }
}
