//! A request body on its way to the provider, whose end is held back until its digest is known to
//! match.
//!
//! **Invariant**: the last piece leaves only after all pieces were hashed and the digest matched;
//! otherwise the provider sees a body that was cut off (a `Content-Length` not reached, or no
//! last chunk) and must not act on it. **Trust**: a provider that acts on a body before its end
//! acts on bytes that nobody has vouched for.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use evidence::BodyDigest;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout};
use wire::digest::ContentDigest;
use wire::header::CONTENT_DIGEST;

use crate::body_hasher::BodyHasher;
use crate::config::Limits;
use crate::pace::Pace;
use crate::request::{BodyFault, Piece, RequestBody};

/// A body for the provider: of a request without one, or one that is held.
#[derive(Debug)]
pub(crate) struct HeldBody {
    /// Boxed, so that the many requests without a body do not carry its room along.
    inspection: Option<Box<Inspection>>,
    held: Option<Bytes>,
    length: Option<u64>,
    verdict: Option<oneshot::Sender<Verdict>>,
    /// `None`: there is nothing to wait for.
    progress: Option<Rc<Progress>>,
}

/// What becomes known about a body.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It was read to its end and is what its digest says.
    Matches(BodyDigest),
    /// It must be refused; the provider was cut off.
    Refused(BodyRefusal),
    /// The provider stopped reading (it answered early, or broke off). What is left can be read to
    /// its end to know whether it matches.
    Unfinished(Box<Inspection>),
}

/// Why a body is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyRefusal {
    /// It differs from its digest.
    Mismatch,
    /// It is longer than the service allows.
    TooLarge,
    /// Its digest came after it, as a trailer.
    DigestInTrailers,
    /// The caller broke off.
    CutOff,
    /// Its chunks cannot be read.
    Malformed,
    /// The caller sent nothing for too long, or too little in a long time.
    Stalled,
}

/// The cause that a provider's connection is given when its request is cut off.
#[derive(Debug, thiserror::Error)]
#[error("the request body was refused")]
pub(crate) struct CutOff;

/// A body being compared with its digest.
pub(crate) struct Inspection {
    body: RequestBody,
    hasher: BodyHasher,
    most: u64,
    pace: Pace,
}

/// Who is being waited for, and since when.
#[derive(Debug)]
pub(crate) struct Progress {
    since: Cell<Instant>,
    caller: Cell<bool>,
}

/// Whose turn it was when nothing happened for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stalled {
    Caller,
    Provider,
}

impl HeldBody {
    /// The body of a request that has none.
    pub(crate) fn empty() -> Self {
        Self { inspection: None, held: None, length: Some(0), verdict: None, progress: None }
    }

    /// A body of `length` (if the caller said so) to be inspected while it passes.
    pub(crate) fn new(
        inspection: Inspection,
        length: Option<u64>,
    ) -> (Self, oneshot::Receiver<Verdict>, Rc<Progress>) {
        let (sender, verdict) = oneshot::channel();
        let progress = Rc::<Progress>::default();
        let body = Self {
            inspection: Some(Box::new(inspection)),
            held: None,
            length,
            verdict: Some(sender),
            progress: Some(Rc::clone(&progress)),
        };
        (body, verdict, progress)
    }

    fn decide(&mut self, verdict: Verdict) {
        if let Some(sender) = self.verdict.take() {
            // If nobody waits for it, the passage has ended already.
            let _ = sender.send(verdict);
        }
    }

    fn refuse(&mut self, refusal: BodyRefusal) -> Poll<Option<Result<Frame<Bytes>, CutOff>>> {
        self.inspection = None;
        self.held = None;
        self.decide(Verdict::Refused(refusal));
        Poll::Ready(Some(Err(CutOff)))
    }
}

impl Body for HeldBody {
    type Data = Bytes;
    type Error = CutOff;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutOff>>> {
        let this = self.get_mut();
        loop {
            let Some(inspection) = &mut this.inspection else {
                return Poll::Ready(None);
            };
            if let Some(progress) = &this.progress {
                progress.caller.set(true);
            }
            let step = ready!(inspection.poll(cx));
            if let Some(progress) = &this.progress {
                progress.tick();
            }
            match step {
                Ok(Some(data)) => {
                    if let Some(before) = this.held.replace(data) {
                        return Poll::Ready(Some(Ok(Frame::data(before))));
                    }
                }
                Ok(None) => match this.inspection.take().map(|inspection| inspection.conclude()) {
                    Some(Ok(digest)) => {
                        this.decide(Verdict::Matches(digest));
                        return Poll::Ready(this.held.take().map(|last| Ok(Frame::data(last))));
                    }
                    Some(Err(refusal)) => return this.refuse(refusal),
                    None => return Poll::Ready(None),
                },
                Err(refusal) => return this.refuse(refusal),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inspection.is_none() && self.held.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl Drop for HeldBody {
    /// The provider reads no further: hands back what is left to read.
    fn drop(&mut self) {
        if let Some(inspection) = self.inspection.take() {
            self.decide(Verdict::Unfinished(inspection));
        }
    }
}

impl Inspection {
    /// Compares `body`, which may have `most` bytes, with the digest its caller signed.
    pub(crate) fn new(
        body: RequestBody,
        expected: ContentDigest,
        most: u64,
        limits: &Limits,
    ) -> Self {
        let hasher = BodyHasher::expecting(Some(expected));
        Self { body, hasher, most, pace: Pace::new(limits) }
    }

    /// The next piece, hashed; `None` at the end.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, BodyRefusal>> {
        loop {
            let Poll::Ready(piece) = self.body.poll_piece(cx) else {
                self.pace.wait(Instant::now());
                return Poll::Pending;
            };
            if !self.pace.came(Instant::now(), self.hasher.length()) {
                return Poll::Ready(Err(BodyRefusal::Stalled));
            }
            let step = match piece {
                None => Ok(None),
                Some(Ok(Piece::Data(data))) => self.take_in(&data).map(|()| Some(data)),
                Some(Ok(Piece::Trailers(trailers))) => {
                    if trailers.has(CONTENT_DIGEST) || trailers.has("repr-digest") {
                        Err(BodyRefusal::DigestInTrailers)
                    } else {
                        // Other trailers are not covered by the signature and end here, which
                        // RFC 9110 §6.5.1 lets every recipient do.
                        continue;
                    }
                }
                Some(Err(BodyFault::CutOff)) => Err(BodyRefusal::CutOff),
                Some(Err(BodyFault::Malformed)) => Err(BodyRefusal::Malformed),
            };
            return Poll::Ready(step);
        }
    }

    fn take_in(&mut self, data: &[u8]) -> Result<(), BodyRefusal> {
        self.hasher.update(data);
        if self.hasher.length() > self.most { Err(BodyRefusal::TooLarge) } else { Ok(()) }
    }

    fn conclude(self) -> Result<BodyDigest, BodyRefusal> {
        self.hasher.finish().map_err(|_| BodyRefusal::Mismatch)
    }

    /// Reads what is left, sending it nowhere. Each piece may take `patience` to come.
    pub(crate) async fn finish(mut self, patience: Duration) -> Result<BodyDigest, BodyRefusal> {
        loop {
            match timeout(patience, poll_fn(|cx| self.poll(cx))).await {
                Ok(Ok(Some(_))) => {}
                Ok(Ok(None)) => return self.conclude(),
                Ok(Err(refusal)) => return Err(refusal),
                Err(_) => return Err(BodyRefusal::Stalled),
            }
        }
    }
}

impl std::fmt::Debug for Inspection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Inspection({} bytes)", self.hasher.length())
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self { since: Cell::new(Instant::now()), caller: Cell::new(false) }
    }
}

impl Progress {
    fn tick(&self) {
        self.since.set(Instant::now());
        self.caller.set(false);
    }

    /// Waits until nothing has happened for `patience`, and says whose turn it was.
    pub(crate) async fn stalled(&self, patience: Duration) -> Stalled {
        loop {
            let until = self.since.get() + patience;
            if Instant::now() >= until {
                return if self.caller.get() { Stalled::Caller } else { Stalled::Provider };
            }
            sleep_until(until).await;
        }
    }
}
