//! Sixth step: the entry is durable. For refusals as for answers, or nothing is answered but that
//! the log cannot be written.

use std::rc::Rc;

use bytes::Bytes;
use evidence::{Appended, BodyDigest, Draft, Intent};
use http::StatusCode;
use wire::digest::ContentDigest;
use wire::error_code::ErrorCode;
use wire::header::CONTENT_DIGEST;
use wire::merkle::Hash;
use wire::problem::PROBLEM_JSON;

use super::check::{Checked, CheckedBody, ProviderBody};
use super::exhibit::{Exhibit, refused_draft};
use super::identify::{About, Known};
use super::long::LongAnswer;
use super::open_call::{Due, OpenCall};
use super::receive::Envelope;
use crate::fields::Fields;
use crate::gate::Gate;
use crate::refusal::Refusal;
use crate::server::Worker;

/// An answer whose record is durable.
pub(super) struct Recorded {
    pub(super) caller: Recipient,
    pub(super) status: StatusCode,
    pub(super) headers: Fields,
    pub(super) body: RecordedBody,
    /// Where the record stands; `None`: folded into a count, or the log cannot be written.
    pub(super) entry: Option<u64>,
    /// Why not, if it was refused.
    pub(super) code: Option<ErrorCode>,
    _sealed: (),
}

/// Whom an answer goes to.
pub(super) enum Recipient {
    Stranger(Envelope),
    Known(Box<Known>),
}

pub(super) enum RecordedBody {
    /// None by the rules of HTTP; `length` is what a `HEAD` is told.
    None {
        length: Option<u64>,
    },
    Whole {
        bytes: Bytes,
        sha256: Hash,
    },
    Long(Box<LongAnswer>),
}

impl Recipient {
    pub(super) fn envelope(&self) -> &Envelope {
        match self {
            Self::Stranger(envelope) => envelope,
            Self::Known(known) => &known.envelope,
        }
    }

    /// What the call was about, if its caller is known.
    pub(super) fn about(&self) -> Option<&About> {
        match self {
            Self::Stranger(_) => None,
            Self::Known(known) => Some(&known.about),
        }
    }
}

/// A call that was refused, to be recorded.
#[derive(Debug)]
pub(super) struct Refused {
    refusal: Refusal,
    who: Who,
}

/// How far the call had come.
#[derive(Debug)]
enum Who {
    /// Nobody was identified.
    Stranger(Envelope),
    /// Nothing was forwarded.
    Known(Box<Known>),
    /// Its intent is written, and the provider may have acted.
    Open(Box<OpenCall>),
}

impl Checked {
    /// Records the call: a short answer whole, a long one as opened.
    pub(super) async fn record(self, worker: &Worker) -> Result<Recorded, Box<Refused>> {
        let Self { mut open, request_body, status, headers, body, signature, .. } = self;
        let Some(mut due) = open.owed.take() else {
            return Err(Refused::open(open, internal()));
        };
        let exhibit = &mut due.exhibit;
        if let Some(digest) = request_body {
            exhibit.add_request_body(digest);
        }
        exhibit.add_response_head(status, &headers);
        if let Some(signature) = signature {
            exhibit.add_provider_signature(signature);
        }
        match body {
            CheckedBody::None { length } => {
                let body = RecordedBody::None { length };
                complete(worker, open, due, status, headers, body).await
            }
            CheckedBody::Whole { bytes, digest } => {
                exhibit.add_response_body(digest);
                let body = whole(bytes, digest);
                complete(worker, open, due, status, headers, body).await
            }
            CheckedBody::Long(source) => {
                Box::pin(begin_long(worker, open, due, status, headers, source)).await
            }
        }
    }
}

fn whole(bytes: Bytes, digest: BodyDigest) -> RecordedBody {
    RecordedBody::Whole { bytes, sha256: digest.sha256 }
}

/// One durable entry, then head and body leave. What happens if we crash right after: the entry
/// is there, and the caller sees a connection that broke; it can look the call up.
async fn complete(
    worker: &Worker,
    open: Box<OpenCall>,
    due: Box<Due>,
    status: StatusCode,
    headers: Fields,
    body: RecordedBody,
) -> Result<Recorded, Box<Refused>> {
    let draft = due.into_draft("call.completed", status.as_str());
    match worker.log.append(draft).await {
        Ok(appended) => Ok(Recorded::of(open.known, status, headers, body, &appended)),
        Err(unavailable) => Err(Refused::open(open, Refusal::unrecordable(unavailable))),
    }
}

/// The entry `call.opened` is durable before the head leaves; `call.closed` is owed from the
/// moment it is written. What happens if we crash in between: the log shows a call that was
/// opened, and its intent becomes `call.unknown`.
async fn begin_long(
    worker: &Worker,
    mut open: Box<OpenCall>,
    due: Box<Due>,
    status: StatusCode,
    headers: Fields,
    source: Box<ProviderBody>,
) -> Result<Recorded, Box<Refused>> {
    let intent: Intent = due.intent.clone();
    let mut draft = due.into_draft("call.opened", status.as_str());
    draft.resolves_intent = false;
    let exhibit = Exhibit::empty(&*worker.gate.randomness);
    open.owed.owe(Due { intent, exhibit });
    match worker.log.append(draft).await {
        Ok(appended) => {
            let wants_trailers = open.known.request.fields.names_token("te", "trailers");
            let pool = Rc::clone(&worker.pool);
            let long = LongAnswer::new(*source, open.owed, pool, wants_trailers);
            let body = RecordedBody::Long(Box::new(long));
            Ok(Recorded::of(open.known, status, headers, body, &appended))
        }
        Err(unavailable) => {
            // Nothing was opened, so nothing is to be closed.
            let _ = open.owed.take();
            Err(Refused::open(open, Refusal::unrecordable(unavailable)))
        }
    }
}

impl Refused {
    /// A refusal of someone who was not identified.
    pub(super) fn stranger(envelope: Envelope, refusal: Refusal) -> Box<Self> {
        Box::new(Self { refusal, who: Who::Stranger(envelope) })
    }

    /// A refusal before anything was forwarded.
    pub(super) fn known(known: Box<Known>, refusal: Refusal) -> Box<Self> {
        Box::new(Self { refusal, who: Who::Known(known) })
    }

    /// A refusal after the intent was written.
    pub(super) fn open(open: Box<OpenCall>, refusal: Refusal) -> Box<Self> {
        Box::new(Self { refusal, who: Who::Open(open) })
    }

    /// Records the refusal: one entry, or for a stranger a count.
    pub(super) async fn record(self: Box<Self>, gate: &Gate) -> Recorded {
        let Self { refusal, who } = *self;
        let is_unrecordable =
            matches!(refusal.code(), ErrorCode::LogUnavailable | ErrorCode::PlatformOverloaded);
        match who {
            Who::Stranger(envelope) => record_stranger(gate, envelope, refusal).await,
            Who::Known(known) if is_unrecordable => {
                Recorded::refusal_of(gate, Recipient::Known(known), refusal, None)
            }
            Who::Known(known) => {
                let draft = refused_draft(&known, refusal.code(), &*gate.randomness);
                append(gate, known, draft, refusal).await
            }
            Who::Open(mut open) => match open.owed.take().filter(|_| !is_unrecordable) {
                Some(due) => {
                    let draft = due.into_draft("call.refused", refusal.code().as_str());
                    append(gate, open.known, draft, refusal).await
                }
                // The intent stays, and the log will say `call.unknown` when it can.
                None => Recorded::refusal_of(gate, Recipient::Known(open.known), refusal, None),
            },
        }
    }
}

async fn append(gate: &Gate, known: Box<Known>, draft: Draft, refusal: Refusal) -> Recorded {
    let caller = Recipient::Known(known);
    match gate.log.append(draft).await {
        Ok(appended) => Recorded::refusal_of(gate, caller, refusal, Some(&appended)),
        Err(unavailable) => {
            Recorded::refusal_of(gate, caller, Refusal::unrecordable(unavailable), None)
        }
    }
}

async fn record_stranger(gate: &Gate, envelope: Envelope, refusal: Refusal) -> Recorded {
    let (id, at) = (envelope.id, envelope.at);
    let folded = gate.fold.record(&gate.log, envelope.peer, refusal.code(), id, at).await;
    let caller = Recipient::Stranger(envelope);
    match folded {
        Ok(appended) => Recorded::refusal_of(gate, caller, refusal, appended.as_ref()),
        Err(unavailable) => {
            Recorded::refusal_of(gate, caller, Refusal::unrecordable(unavailable), None)
        }
    }
}

impl Recorded {
    fn of(
        known: Box<Known>,
        status: StatusCode,
        headers: Fields,
        body: RecordedBody,
        appended: &Appended,
    ) -> Self {
        let (caller, entry) = (Recipient::Known(known), Some(appended.index));
        Self { caller, status, headers, body, entry, code: None, _sealed: () }
    }

    fn refusal_of(
        gate: &Gate,
        caller: Recipient,
        mut refusal: Refusal,
        appended: Option<&Appended>,
    ) -> Self {
        let envelope = caller.envelope();
        refusal.problem.request_id = Some(envelope.id);
        refusal.problem.instance = appended.map(|_| format!("/evidence/v1/calls/{}", envelope.id));
        let (status, code) = (refusal.status(), Some(refusal.code()));
        let base = &gate.config.control_url;
        let bytes = Bytes::from(refusal.problem.to_json_from(base, envelope.language));
        let mut headers = refusal.into_headers();
        headers.say("content-type", PROBLEM_JSON);
        headers.say("content-language", envelope.language.tag());
        headers.say("cache-control", "no-store");
        let body = if envelope.is_head {
            RecordedBody::None { length: Some(bytes.len() as u64) }
        } else {
            let sha256 = wire::merkle::sha256(&[&bytes]);
            RecordedBody::Whole { bytes, sha256 }
        };
        let entry = appended.map(|appended| appended.index);
        Self { caller, status, headers, body, entry, code, _sealed: () }
    }

    /// The digest line of a body that is known whole.
    pub(super) fn put_digest(&mut self) {
        if let RecordedBody::Whole { sha256, .. } = &self.body {
            self.headers.say(CONTENT_DIGEST, ContentDigest::field_of(sha256));
        }
    }
}

fn internal() -> Refusal {
    Refusal::new(
        ErrorCode::PlatformInternal,
        "Lượt gọi này đã được ghi nhận kết quả trước đó.",
        "The outcome of this call had been recorded before.",
    )
}
