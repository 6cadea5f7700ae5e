//! Fourth step: the provider is asked.
//!
//! The body streams to the provider while it is hashed, its end held back ([`HeldBody`]). A
//! provider that answers early is heard only when the request is known to be whole and right; so
//! one that wants its answer read before it reads on is given up after `limits.body_idle`.

use std::future::Future;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::time::Duration;

use evidence::BodyDigest;
use http::uri::PathAndQuery;
use tokio::sync::oneshot;
use tokio::time::timeout;
use wire::digest::ContentDigest;
use wire::error_code::ErrorCode;
use wire::header::{
    FORWARDED, LGSP_CONSUMER_ORGANISATION, LGSP_CONSUMER_SYSTEM, LGSP_PURPOSE, LGSP_REQUEST_ID,
};

use super::asked::{self, Asked};
use super::authorise::Authorised;
use super::identify::Known;
use super::open_call::OpenCall;
use super::record::Refused;
use crate::fields::Fields;
use crate::held_body::{BodyRefusal, HeldBody, Inspection, Progress, Stalled, Verdict};
use crate::hygiene;
use crate::refusal::Refusal;
use crate::request::{Framing, RequestBody};
use crate::server::Worker;
use crate::target::Target;
use crate::upstream::{ProviderRequest, Sent, UpstreamFault};

/// A call that its provider has begun to answer.
#[derive(Debug)]
pub(super) struct Forwarded {
    pub(super) open: Box<OpenCall>,
    pub(super) sent: Sent,
    pub(super) request_body: Option<BodyDigest>,
    /// What was asked, if the answer must be signed for it.
    pub(super) asked: Option<Asked>,
    _sealed: (),
}

impl Authorised {
    /// Writes the intent, then asks the provider.
    pub(super) async fn forward(self, worker: &Worker) -> Result<Forwarded, Box<Refused>> {
        let Self { known, body, permit, .. } = self;
        let open = OpenCall::begin(&worker.gate, known, permit).await?;
        match ask(worker, &open, body).await {
            Ok((sent, request_body, asked)) => {
                Ok(Forwarded { open, sent, request_body, asked, _sealed: () })
            }
            Err(refusal) => Err(Refused::open(open, *refusal)),
        }
    }
}

async fn ask(
    worker: &Worker,
    open: &OpenCall,
    body: RequestBody,
) -> Result<(Sent, Option<BodyDigest>, Option<Asked>), Box<Refusal>> {
    let (service, upstream) = (&open.permit.service, &open.permit.upstream);
    let Some(digest) = open.permit.digest.clone() else {
        let (request, asked) = provider_request(worker, open, HeldBody::empty())?;
        let sending = pin!(worker.pool.send(upstream, request));
        return Ok((answered_within(service.timeout, sending).await?, None, asked));
    };
    // Boxed, so that the many calls without a body do not keep the room that it needs.
    Box::pin(ask_with_body(worker, open, body, digest)).await
}

async fn ask_with_body(
    worker: &Worker,
    open: &OpenCall,
    body: RequestBody,
    digest: ContentDigest,
) -> Result<(Sent, Option<BodyDigest>, Option<Asked>), Box<Refusal>> {
    let (service, upstream) = (&open.permit.service, &open.permit.upstream);
    let length = match open.known.request.framing {
        Framing::Length(length) => Some(length),
        Framing::None | Framing::Chunked => None,
    };
    let limits = &worker.gate.config.limits;
    let inspection = Inspection::new(body, digest, service.max_body_bytes, limits);
    let (held, verdict, progress) = HeldBody::new(inspection, length);
    let (request, asked) = provider_request(worker, open, held)?;
    let mut sending = pin!(worker.pool.send(upstream, request));
    let uploaded = upload(sending.as_mut(), verdict, &progress, limits.body_idle).await;
    let (digest, early) = uploaded.map_err(|end| Box::new(end.refusal(service.max_body_bytes)))?;
    let sent = match early {
        Some(sent) => sent,
        None => answered_within(service.timeout, sending).await?,
    };
    Ok((sent, Some(digest), asked))
}

async fn answered_within(
    limit: Duration,
    sending: impl Future<Output = Result<Sent, UpstreamFault>>,
) -> Result<Sent, Box<Refusal>> {
    match timeout(limit, sending).await {
        Ok(Ok(sent)) => Ok(sent),
        Ok(Err(fault)) => Err(Box::new(Refusal::provider(fault))),
        Err(_) => Err(Box::new(Refusal::provider_timeout())),
    }
}

/// Why a body did not get through.
#[derive(Debug, Clone, Copy)]
enum UploadEnd {
    Body(BodyRefusal),
    Provider(UpstreamFault),
    ProviderStalled,
}

/// Waits until the body is known to be right, keeping an answer that comes earlier.
async fn upload(
    mut sending: Pin<&mut impl Future<Output = Result<Sent, UpstreamFault>>>,
    mut verdict: oneshot::Receiver<Verdict>,
    progress: &Rc<Progress>,
    patience: Duration,
) -> Result<(BodyDigest, Option<Sent>), UploadEnd> {
    let mut early = None;
    let verdict = loop {
        tokio::select! {
            biased;
            verdict = &mut verdict => break verdict,
            answer = sending.as_mut(), if early.is_none() => match answer {
                Ok(sent) => early = Some(sent),
                Err(fault) => return Err(match verdict.await {
                    // It broke off because we cut it off.
                    Ok(Verdict::Refused(refusal)) => UploadEnd::Body(refusal),
                    _ => UploadEnd::Provider(fault),
                }),
            },
            stalled = progress.stalled(patience) => return Err(match stalled {
                Stalled::Caller => UploadEnd::Body(BodyRefusal::Stalled),
                Stalled::Provider => UploadEnd::ProviderStalled,
            }),
        }
    };
    match verdict {
        Ok(Verdict::Matches(digest)) => Ok((digest, early)),
        Ok(Verdict::Refused(refusal)) => Err(UploadEnd::Body(refusal)),
        Ok(Verdict::Unfinished(rest)) => match rest.finish(patience).await {
            Ok(digest) => Ok((digest, early)),
            Err(refusal) => Err(UploadEnd::Body(refusal)),
        },
        Err(_) => Err(UploadEnd::Provider(UpstreamFault::BrokeOff)),
    }
}

impl UploadEnd {
    fn refusal(self, max_body_bytes: u64) -> Refusal {
        match self {
            Self::Body(BodyRefusal::Mismatch) => digest_mismatch(),
            Self::Body(BodyRefusal::TooLarge) => too_large(max_body_bytes),
            Self::Body(BodyRefusal::DigestInTrailers) => Refusal::new(
                ErrorCode::RequestTrailers,
                "Digest phải nằm ở phần đầu, không ở phần cuối (trailer).",
                "A digest must stand in the head, not in a trailer.",
            ),
            Self::Body(BodyRefusal::CutOff | BodyRefusal::Malformed) => Refusal::new(
                ErrorCode::RequestMalformed,
                "Nội dung của yêu cầu bị cắt ngang hoặc chia đoạn sai.",
                "The body of the request broke off or its chunks are malformed.",
            ),
            Self::Body(BodyRefusal::Stalled) => Refusal::new(
                ErrorCode::RequestTimeout,
                "Nội dung của yêu cầu đến quá chậm.",
                "The body of the request came too slowly.",
            ),
            Self::Provider(fault) => Refusal::provider(fault),
            Self::ProviderStalled => Refusal::provider_timeout(),
        }
    }
}

/// The request as its provider gets it: cleaned, and with what only the platform says.
fn provider_request(
    worker: &Worker,
    open: &OpenCall,
    body: HeldBody,
) -> Result<(Box<ProviderRequest>, Option<Asked>), Box<Refusal>> {
    let target = open.permit.upstream.target(&open.permit.path_and_query);
    if target.parse::<PathAndQuery>().is_err() {
        return Err(Box::new(unforwardable()));
    }
    let Known { request, caller, .. } = &*open.known;
    let is_signed = |name: &[u8]| caller.signed_fields().any(|signed| signed.as_bytes() == name);
    let mut fields = hygiene::towards_provider(&request.fields, is_signed);
    if request.framing == Framing::None && request.fields.has("content-length") {
        // Some servers answer 411 to a POST without it (RFC 9110 §8.6).
        fields.say("content-length", "0");
    }
    introduce(&mut fields, open);
    let method = request.method.clone();
    let mut request = Box::new(ProviderRequest { method, target, fields, body });
    if open.permit.service.has_signed_requests {
        asked::sign(&worker.gate, open, &mut request)?;
    }
    let asked = open.permit.has_signed_answers.then(|| Asked::of(&request));
    Ok((request, asked))
}

/// Says who calls, for what, by which call.
fn introduce(fields: &mut Fields, open: &OpenCall) {
    let Known { envelope, request, caller, .. } = &*open.known;
    let (system, permit) = (&caller.credential.system, &open.permit);
    fields.say("host", &*permit.upstream.authority);
    fields.say(LGSP_CONSUMER_ORGANISATION, system.organisation.as_str());
    fields.say(LGSP_CONSUMER_SYSTEM, system.system.as_str());
    fields.say(LGSP_PURPOSE, permit.connection.purpose.as_str());
    fields.say(LGSP_REQUEST_ID, &*envelope.id.spelling());
    fields.say(FORWARDED, forwarded(envelope.peer, &request.target));
}

/// RFC 7239: who called, and by which name they called us.
fn forwarded(peer: IpAddr, target: &Target) -> String {
    let address = peer.to_canonical().to_string();
    let (before, after) = if peer.to_canonical().is_ipv4() { ("", "") } else { ("\"[", "]\"") };
    let (authority, scheme) = (target.authority(), target.scheme());
    ["for=", before, &address, after, ";host=\"", authority, "\";proto=", scheme].concat()
}

pub(super) fn digest_mismatch() -> Refusal {
    Refusal::new(
        ErrorCode::DigestMismatch,
        "Nội dung nhận được khác với Content-Digest đã ký.",
        "The body that arrived differs from the signed Content-Digest.",
    )
}

pub(super) fn too_large(max_body_bytes: u64) -> Refusal {
    Refusal::new(
        ErrorCode::RequestTooLarge,
        format!("Dịch vụ nhận nội dung dài nhất {max_body_bytes} byte."),
        format!("The service takes bodies of at most {max_body_bytes} bytes."),
    )
}

fn unforwardable() -> Refusal {
    Refusal::new(
        ErrorCode::RequestPathNotNormal,
        "Đường dẫn không thể chuyển tiếp nguyên vẹn.",
        "The path cannot be passed on as it is.",
    )
}
