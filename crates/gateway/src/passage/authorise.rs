//! Third step: which connection permits this?
//!
//! Deny by default: a service that does not exist and one that the caller has no connection to
//! are the same refusal. The quota is asked last, so that a refused call does not spend any.

use std::net::IpAddr;
use std::sync::Arc;

use wire::digest::ContentDigest;
use wire::error_code::ErrorCode;
use wire::header::{CONTENT_DIGEST, LGSP_PURPOSE};

use super::identify::{Identified, Known};
use super::permission::{self, Moment, Permission, Wish};
use super::receive::Request;
use super::record::Refused;
use crate::cluster;
use crate::fields::Fields;
use crate::quota::Reading;
use crate::refusal::Refusal;
use crate::request::{Framing, RequestBody};
use crate::routes::{Connection, Service};
use crate::server::Worker;
use crate::upstream::Upstream;

/// A call that a connection permits.
#[derive(Debug)]
pub(super) struct Authorised {
    pub(super) known: Box<Known>,
    pub(super) body: RequestBody,
    pub(super) permit: Permit,
    _sealed: (),
}

/// What the connection permits.
#[derive(Debug)]
pub(super) struct Permit {
    pub(super) service: Arc<Service>,
    pub(super) connection: Arc<Connection>,
    /// The place of the service in the caller's environment.
    pub(super) upstream: Arc<Upstream>,
    /// Whether the provider must sign its answer.
    pub(super) has_signed_answers: bool,
    /// Path and query for the provider, relative to the service.
    pub(super) path_and_query: String,
    /// The digest that the body must have; `None`: there is no body.
    pub(super) digest: Option<ContentDigest>,
    /// For the answer.
    pub(super) rate_limit: RateLimit,
}

/// What is left of a connection's quota, in the lines of
/// draft-ietf-httpapi-ratelimit-headers.
#[derive(Debug)]
pub(super) struct RateLimit {
    connection: Arc<Connection>,
    remaining: u32,
    seconds: u32,
}

impl Identified {
    /// Finds service and connection, and asks for one call of its quota.
    pub(super) async fn authorise(mut self, worker: &Worker) -> Result<Authorised, Box<Refused>> {
        match permit(&mut self.known, worker).await {
            Ok(permit) => {
                let Self { known, body, .. } = self;
                Ok(Authorised { known, body, permit, _sealed: () })
            }
            Err(refusal) => Err(Refused::known(self.known, *refusal)),
        }
    }
}

/// Notes in `known` what the call is about as soon as that is known.
async fn permit(known: &mut Known, worker: &Worker) -> Result<Permit, Box<Refusal>> {
    let credential = &known.caller.credential;
    permission::may_sign(credential, known.envelope.at)?;
    if !credential.may_come_from(known.envelope.peer) {
        return Err(Box::new(network_not_allowed(known.envelope.peer)));
    }
    let request = &known.request;
    let wish = Wish {
        consumer: &credential.system,
        algorithm: Some(credential.key.algorithm()),
        method: request.method.as_str(),
        path: request.target.path(),
        purpose: request.fields.single(LGSP_PURPOSE),
        moment: Moment { environment: known.about.environment, at: known.envelope.at },
    };
    let Permission { service, connection, upstream, has_signed_answers, path } =
        permission::find(&known.routes, &wish, &mut known.about)?;

    let digest = digest(request)?;
    check_length(service, request.framing)?;
    let query = request.target.query();
    let path_and_query = if query.len() > 1 { [path, query].concat() } else { path.to_owned() };
    let now = worker.gate.clock.now();
    let environment = wish.moment.environment;
    let reading = cluster::take_permit(worker, connection, environment, now).await;
    let rate_limit = say_quota(connection, reading)?;
    Ok(Permit {
        service: Arc::clone(service),
        connection: Arc::clone(connection),
        upstream: Arc::clone(upstream),
        has_signed_answers,
        path_and_query,
        digest,
        rate_limit,
    })
}

/// The digest by which the body will be judged. That it is covered has been checked.
fn digest(request: &Request) -> Result<Option<ContentDigest>, Box<Refusal>> {
    let Some(field) = request.fields.joined(CONTENT_DIGEST) else {
        return if request.has_body() { Err(Box::new(digest_missing())) } else { Ok(None) };
    };
    let digest = ContentDigest::parse(&field).map_err(|error| {
        Box::new(Refusal::new(
            error.code(),
            "Content-Digest phải có dạng sha-256=:base64: hoặc sha-512=:base64:.",
            "Content-Digest must be like sha-256=:base64: or sha-512=:base64:.",
        ))
    })?;
    if request.has_body() {
        return Ok(Some(digest));
    }
    let of_nothing = ContentDigest::of(digest.algorithm(), b"");
    if digest == of_nothing { Ok(None) } else { Err(Box::new(super::forward::digest_mismatch())) }
}

fn check_length(service: &Service, framing: Framing) -> Result<(), Box<Refusal>> {
    match framing {
        Framing::Length(length) if length > service.max_body_bytes => {
            Err(Box::new(super::forward::too_large(service.max_body_bytes)))
        }
        Framing::None | Framing::Length(_) | Framing::Chunked => Ok(()),
    }
}

/// Says what is left of the connection's quota, or that nothing is.
fn say_quota(connection: &Arc<Connection>, reading: Reading) -> Result<RateLimit, Box<Refusal>> {
    let (remaining, seconds) = match reading {
        Reading::Passes { remaining, reset_s } => (remaining, reset_s),
        Reading::Spent { retry_s } => (0, retry_s),
    };
    let limit = RateLimit { connection: Arc::clone(connection), remaining, seconds };
    match reading {
        Reading::Passes { .. } => Ok(limit),
        Reading::Spent { retry_s } => {
            let mut refusal = quota_exceeded(retry_s).after_seconds(retry_s);
            limit.put_into(&mut refusal.headers);
            Err(Box::new(refusal))
        }
    }
}

impl RateLimit {
    pub(super) fn put_into(&self, headers: &mut Fields) {
        let (remaining, seconds) = (self.remaining.to_string(), self.seconds.to_string());
        headers.say("ratelimit-policy", &*self.connection.rate_policy);
        headers.say("ratelimit", ["\"connection\";r=", &remaining, ";t=", &seconds].concat());
    }
}

fn network_not_allowed(peer: IpAddr) -> Refusal {
    Refusal::new(
        ErrorCode::SystemNetworkNotAllowed,
        format!("Địa chỉ {peer} không thuộc dải mạng nào đã đăng ký của hệ thống gọi."),
        format!("The address {peer} lies in none of the networks of the calling system."),
    )
}

fn digest_missing() -> Refusal {
    Refusal::new(
        ErrorCode::DigestMissing,
        "Yêu cầu có nội dung nhưng không có Content-Digest.",
        "The request has a body but no Content-Digest.",
    )
}

fn quota_exceeded(retry_s: u32) -> Refusal {
    Refusal::new(
        ErrorCode::QuotaExceeded,
        format!("Kết nối đã dùng hết hạn mức; lượt kế tiếp sau {retry_s} giây."),
        format!("The connection's quota is used up; the next call passes in {retry_s} seconds."),
    )
}
