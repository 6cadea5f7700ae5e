//! Fifth step: what did the provider answer?
//!
//! Answers of up to 64 KiB are read whole before anything leaves; longer ones are let through as
//! they come. A `Content-Digest` of the provider's must be right.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use evidence::BodyDigest;
use http::{Method, StatusCode};
use tokio::time::{Instant, timeout};
use wire::digest::{ContentDigest, DigestError};
use wire::header::CONTENT_DIGEST;

use super::asked::Asked;
use super::forward::Forwarded;
use super::open_call::OpenCall;
use super::provider_signature::{AnswerHead, ProviderSignature};
use super::record::Refused;
use crate::body_hasher::{self, BodyHasher, DigestDiffers};
use crate::fields::Fields;
use crate::hygiene;
use crate::pace::Pace;
use crate::refusal::Refusal;
use crate::server::Worker;
use crate::upstream::{BrokeOff, Incoming, Sent, UpstreamFault, content_length};

/// The longest body that is read whole before its answer leaves.
const BUFFERED_BYTES: usize = 64 * 1024;

/// An answer fit to be recorded.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) open: Box<OpenCall>,
    pub(super) request_body: Option<BodyDigest>,
    pub(super) status: StatusCode,
    pub(super) headers: Fields,
    pub(super) body: CheckedBody,
    /// The provider's own, if the service's terms demand one.
    pub(super) signature: Option<ProviderSignature>,
    _sealed: (),
}

#[derive(Debug)]
pub(super) enum CheckedBody {
    /// None by the rules of HTTP; `length` is what `HEAD` was told.
    None {
        length: Option<u64>,
    },
    Whole {
        bytes: Bytes,
        digest: BodyDigest,
    },
    Long(Box<ProviderBody>),
}

/// A body being read from its provider.
pub(super) struct ProviderBody {
    incoming: Incoming,
    /// What was read already, to be handed out first.
    read: VecDeque<Bytes>,
    /// How many bytes came.
    came: u64,
    expected: Option<ContentDigest>,
    /// Of a body that is not read whole before its answer leaves.
    hasher: Option<Box<BodyHasher>>,
    /// As the provider's `Content-Length` said; whoever reads the body sees to it that it is so.
    pub(super) length: Option<u64>,
    patience: Duration,
    pace: Pace,
}

/// Why a provider's body ends early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    BrokeOff,
    TimedOut,
    DigestDiffers,
}

impl Forwarded {
    /// Reads the answer: all of it if it is short.
    pub(super) async fn check(self, worker: &Worker) -> Result<Checked, Box<Refused>> {
        let Self { open, sent, request_body, asked, .. } = self;
        match read(worker, &open, sent, asked).await {
            Ok(Read { status, headers, body, signature }) => {
                Ok(Checked { open, request_body, status, headers, body, signature, _sealed: () })
            }
            Err(refusal) => Err(Refused::open(open, *refusal)),
        }
    }
}

/// An answer as far as it was read.
struct Read {
    status: StatusCode,
    headers: Fields,
    body: CheckedBody,
    signature: Option<ProviderSignature>,
}

async fn read(
    worker: &Worker,
    open: &OpenCall,
    sent: Sent,
    asked: Option<Asked>,
) -> Result<Read, Box<Refusal>> {
    let Sent { status, headers, body: incoming } = sent;
    if status.is_informational() || status.as_u16() > 599 {
        // 101 to a request that asked for no upgrade, for all others are read over; or a status of
        // no class (RFC 9110 §15), which each reader would take for something else.
        return Err(malformed());
    }
    let is_bodiless = open.known.request.method == Method::HEAD
        || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let (said_length, expected) = if is_bodiless {
        (content_length(&headers).map_err(|_| malformed())?, None)
    } else if is_plainly_framed(&headers) {
        (incoming.length(), digest_of(&headers)?)
    } else {
        return Err(malformed());
    };
    let signature = match &asked {
        Some(asked) => {
            let has_body = !is_bodiless;
            let answer = AnswerHead { status, headers: &headers, has_body, asked };
            Some(ProviderSignature::verify(open, &answer, worker.gate.clock.now())?)
        }
        None => None,
    };
    if signature.is_some() && !is_bodiless && expected.is_none() {
        // Signed by an algorithm that we do not know, so the body would not be compared.
        return Err(refusal(Broken::DigestDiffers));
    }
    let mut headers = hygiene::towards_caller(&headers);
    open.permit.rate_limit.put_into(&mut headers);
    if let Some(farewell) = &open.permit.service.farewell {
        farewell.say(&mut headers);
    }

    if is_bodiless {
        worker.pool.give_back(incoming);
        // A 204 has no length (RFC 9110 §8.6).
        let length = said_length.filter(|_| status != StatusCode::NO_CONTENT);
        let body = CheckedBody::None { length };
        return Ok(Read { status, headers, body, signature });
    }
    let mut body = ProviderBody {
        incoming,
        read: VecDeque::new(),
        came: 0,
        expected,
        hasher: None,
        length: said_length,
        patience: worker.gate.config.limits.body_idle,
        pace: Pace::new(&worker.gate.config.limits),
    };
    let is_long = body.length.is_some_and(|length| length > BUFFERED_BYTES as u64);
    if is_long || !body.read_short().await.map_err(refusal)? {
        body.begin_hashing();
        let body = CheckedBody::Long(Box::new(body));
        return Ok(Read { status, headers, body, signature });
    }
    let bytes = body.joined();
    let digest = body_hasher::digest_of(&bytes, body.expected.as_ref());
    let digest = digest.map_err(|DigestDiffers| refusal(Broken::DigestDiffers))?;
    worker.pool.give_back(body.incoming);
    let body = CheckedBody::Whole { bytes, digest };
    Ok(Read { status, headers, body, signature })
}

fn malformed() -> Box<Refusal> {
    Box::new(Refusal::provider(UpstreamFault::Malformed))
}

/// Whether the end of the answer's body can be found in one way only (RFC 9112 §6.3). A length
/// beside chunks would let a provider make its caller take part of one body for the next answer.
fn is_plainly_framed(headers: &Fields) -> bool {
    let mut codings = headers.all("transfer-encoding");
    match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(coding), None) => {
            let is_chunked = coding.trim_ascii().eq_ignore_ascii_case(b"chunked");
            is_chunked && !headers.has("content-length")
        }
        (Some(_), Some(_)) => false,
    }
}

/// The digest that the provider states, if it states one by an algorithm we know.
fn digest_of(headers: &Fields) -> Result<Option<ContentDigest>, Box<Refusal>> {
    if !headers.has(CONTENT_DIGEST) {
        return Ok(None);
    }
    let field = headers.joined(CONTENT_DIGEST);
    match field.ok_or(DigestError::Malformed).and_then(|field| ContentDigest::parse(&field)) {
        Ok(digest) => Ok(Some(digest)),
        Err(DigestError::Unsupported) => Ok(None),
        Err(DigestError::Malformed) => Err(refusal(Broken::DigestDiffers)),
    }
}

impl ProviderBody {
    /// Reads until the end, or until there is more than is buffered. True: this was the end.
    async fn read_short(&mut self) -> Result<bool, Broken> {
        while self.came <= BUFFERED_BYTES as u64 {
            match self.receive().await? {
                Some(data) => self.read.push_back(data),
                None => return Ok(true),
            }
        }
        Ok(false)
    }

    /// From here on, what comes is hashed as it comes.
    fn begin_hashing(&mut self) {
        let mut hasher = BodyHasher::expecting(self.expected.take());
        self.read.iter().for_each(|piece| hasher.update(piece));
        self.hasher = Some(Box::new(hasher));
    }

    /// The next piece, hashed; `None` at the end, when [`Self::finish`] says whether it was right.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Broken> {
        match self.read.pop_front() {
            Some(data) => Ok(Some(data)),
            None => self.receive().await,
        }
    }

    async fn receive(&mut self) -> Result<Option<Bytes>, Broken> {
        loop {
            let piece = match at_once(self.incoming.next()).await {
                Poll::Ready(piece) => piece,
                Poll::Pending => self.wait().await?,
            };
            match piece {
                None => return Ok(None),
                Some(Ok(data)) if data.is_empty() => {}
                Some(Ok(data)) => {
                    self.came += data.len() as u64;
                    if let Some(hasher) = &mut self.hasher {
                        hasher.update(&data);
                    }
                    return Ok(Some(data));
                }
                Some(Err(BrokeOff)) => return Err(Broken::BrokeOff),
            }
        }
    }

    /// Only time spent waiting counts, so what is here already needs no clock.
    async fn wait(&mut self) -> Result<Option<Result<Bytes, BrokeOff>>, Broken> {
        self.pace.wait(Instant::now());
        let piece = timeout(self.patience, self.incoming.next()).await;
        if !self.pace.came(Instant::now(), self.came) {
            return Err(Broken::TimedOut);
        }
        piece.map_err(|_| Broken::TimedOut)
    }

    /// After the end of a body that was hashed as it came: the digest, and the connection to give
    /// back.
    pub(super) fn finish(self) -> Result<(BodyDigest, Incoming), Broken> {
        // Without a hasher nothing is known of it.
        let digest = self.hasher.map(|hasher| hasher.finish());
        let digest = digest.and_then(Result::ok).ok_or(Broken::DigestDiffers)?;
        Ok((digest, self.incoming))
    }

    /// What was read, in one piece; without copying if it came in one.
    fn joined(&mut self) -> Bytes {
        if self.read.len() <= 1 {
            return self.read.pop_front().unwrap_or_default();
        }
        let mut all = BytesMut::with_capacity(self.read.iter().map(Bytes::len).sum());
        self.read.drain(..).for_each(|piece| all.extend_from_slice(&piece));
        all.freeze()
    }
}

/// What a future says when it is asked once.
async fn at_once<F: Future>(future: F) -> Poll<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}

fn refusal(broken: Broken) -> Box<Refusal> {
    Box::new(match broken {
        Broken::BrokeOff => Refusal::provider(UpstreamFault::BrokeOff),
        Broken::TimedOut => Refusal::provider_timeout(),
        Broken::DigestDiffers => Refusal::new(
            wire::error_code::ErrorCode::ProviderAnswerMalformed,
            "Câu trả lời của bên cung cấp khác với Content-Digest của chính nó.",
            "The provider's answer differs from its own Content-Digest.",
        ),
    })
}

impl std::fmt::Debug for ProviderBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ProviderBody({} bytes)", self.came)
    }
}
