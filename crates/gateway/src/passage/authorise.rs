//! Third step: which connection permits this?
//!
//! Deny by default: a service that does not exist and one that the caller has no connection to
//! are the same refusal. The quota is asked last, so that a refused call does not spend any.

use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use wire::ambient::UtcMicros;
use wire::digest::ContentDigest;
use wire::directory::Environment;
use wire::error_code::ErrorCode;
use wire::header::{CONTENT_DIGEST, LGSP_PURPOSE};
use wire::signature::Algorithm;

use super::identify::{Identified, Known};
use super::record::Refused;
use crate::cluster;
use crate::quota::Reading;
use crate::refusal::Refusal;
use crate::request::{Framing, RequestBody};
use crate::routes::{Called, Connection, Service};
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
    policy: HeaderValue,
    state: HeaderValue,
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
    if !known.caller.credential.is_allowed_at(known.envelope.at) {
        return Err(Box::new(not_allowed_by_profile(known.caller.credential.key.algorithm())));
    }
    let (request, credential) = (&known.request, &known.caller.credential);
    if !credential.may_come_from(known.envelope.peer) {
        return Err(Box::new(network_not_allowed(known.envelope.peer)));
    }
    let consumer = &credential.system;
    let called = known.routes.service(request.target.path(), known.envelope.at);
    let Called { service, path, former } = called.ok_or_else(|| Box::new(none()))?;
    let connections = service.connections_of(consumer);
    if connections.is_empty() {
        return Err(Box::new(none()));
    }
    known.about.service = Some(Arc::clone(service));
    if let Some(former) = former {
        known.about.called = Some(former.name);
        if !former.is_in_force {
            return Err(Box::new(alias_ended(service)));
        }
    }
    if let Some(farewell) = &service.farewell
        && farewell.is_over(known.envelope.at)
    {
        let mut refusal = service_retired(service);
        farewell.say(&mut refusal.headers);
        return Err(Box::new(refusal));
    }
    let purpose =
        request.fields.single(LGSP_PURPOSE).map_err(|_| Box::new(purpose_not_allowed()))?;
    let moment = Moment { environment: known.about.environment, at: known.envelope.at };
    let connection = choose(connections, purpose, moment)?;
    known.about.connection = Some(Arc::clone(connection));
    check_state(connection, moment)?;
    let demands = service.demands(moment.environment, moment.at);
    if demands.asymmetric && known.caller.credential.key.algorithm() == Algorithm::HmacSha256 {
        return Err(Box::new(asymmetric_needed()));
    }
    let upstream = service.upstream(moment.environment).ok_or_else(|| Box::new(no_sandbox()))?;
    let operation = connection
        .permit(request.method.as_str(), path)
        .ok_or_else(|| Box::new(operation_not_allowed()))?;
    known.about.operation = Some(operation);

    let digest = digest(known)?;
    check_length(service, request.framing)?;
    let query = request.target.query();
    let path_and_query = if query.len() > 1 { [path, query].concat() } else { path.to_owned() };
    let now = worker.gate.clock.now();
    let rate_limit = say_quota(connection, cluster::take_permit(worker, connection, now).await)?;
    Ok(Permit {
        service: Arc::clone(service),
        connection: Arc::clone(connection),
        upstream: Arc::clone(upstream),
        has_signed_answers: demands.signed_answers,
        path_and_query,
        digest,
        rate_limit,
    })
}

/// By what a connection is judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) environment: Environment,
    pub(crate) at: UtcMicros,
}

/// The connection of the purpose that is named; without a name, of the only purpose in force.
pub(crate) fn choose<'c>(
    connections: &'c [Arc<Connection>],
    purpose: Option<&str>,
    moment: Moment,
) -> Result<&'c Arc<Connection>, Box<Refusal>> {
    let fits = |connection: &&Arc<Connection>| {
        purpose.is_none_or(|purpose| connection.purpose.as_str() == purpose)
    };
    let in_force = || connections.iter().filter(fits).filter(|it| check_state(it, moment).is_ok());
    let Some(first) = in_force().next() else {
        // None is in force: one that fits says why not.
        return connections.iter().find(fits).ok_or_else(|| Box::new(purpose_not_allowed()));
    };
    if purpose.is_none() && in_force().any(|other| other.purpose != first.purpose) {
        return Err(Box::new(purpose_needed()));
    }
    // Several of one purpose: an amendment beside what it will replace. Any of them permits, and
    // the sandbox is for the one that is being tried.
    Ok(in_force().find(|it| it.is_testing).unwrap_or(first))
}

pub(crate) fn check_state(connection: &Connection, moment: Moment) -> Result<(), Box<Refusal>> {
    let is_tried = connection.is_testing && moment.environment.is_sandbox();
    let is_in_force = connection.is_active && moment.at < connection.suspended_from;
    if !is_in_force && !is_tried {
        return Err(Box::new(not_active(connection)));
    }
    // What is tried is tried before its time begins.
    let from = if is_tried { UtcMicros::MIN } else { connection.from };
    if !(from..connection.until).contains(&moment.at) {
        return Err(Box::new(Refusal::new(
            ErrorCode::ConnectionOutOfPeriod,
            format!("Kết nối có hiệu lực từ {} đến {}.", connection.from, connection.until),
            format!("The connection is in force from {} to {}.", connection.from, connection.until),
        )));
    }
    Ok(())
}

fn not_active(connection: &Connection) -> Refusal {
    let id = connection.id;
    let (vi, en) = if connection.is_testing {
        (
            format!(
                "Kết nối {id} đang được thử nghiệm; chỉ khóa của môi trường thử nghiệm được dùng."
            ),
            format!("The connection {id} is being tried: sandbox credentials only."),
        )
    } else {
        (
            format!("Kết nối {id} đang không hoạt động."),
            format!("The connection {id} is not active."),
        )
    };
    Refusal::new(ErrorCode::ConnectionNotActive, vi, en)
}

fn not_allowed_by_profile(algorithm: Algorithm) -> Refusal {
    Refusal::new(
        ErrorCode::ProfileNotAllowed,
        format!("Hướng dẫn kỹ thuật áp dụng cho hệ thống này không cho phép ký bằng {algorithm}."),
        format!("The technical profile of this system does not let it sign with {algorithm}."),
    )
}

fn asymmetric_needed() -> Refusal {
    Refusal::new(
        ErrorCode::ProfileAsymmetricNeeded,
        "Hướng dẫn kỹ thuật của dịch vụ không nhận chữ ký hmac-sha256.",
        "The technical profile of the service takes no signature of hmac-sha256.",
    )
}

fn no_sandbox() -> Refusal {
    Refusal::new(
        ErrorCode::ServiceNoSandbox,
        "Khóa này thuộc môi trường thử nghiệm, còn dịch vụ chưa có môi trường đó.",
        "This key is of the sandbox, and the service has none.",
    )
}

/// The digest by which the body will be judged. That it is covered has been checked.
fn digest(known: &Known) -> Result<Option<ContentDigest>, Box<Refusal>> {
    let request = &known.request;
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
fn say_quota(connection: &Connection, reading: Reading) -> Result<RateLimit, Box<Refusal>> {
    let (remaining, seconds) = match reading {
        Reading::Passes { remaining, reset_s } => (remaining, reset_s),
        Reading::Spent { retry_s } => (0, retry_s),
    };
    let state = HeaderValue::try_from(format!("\"connection\";r={remaining};t={seconds}"));
    let limit = RateLimit {
        policy: connection.rate_policy.clone(),
        // Digits and what stands around them can be a line.
        state: state.unwrap_or(HeaderValue::from_static("\"connection\"")),
    };
    match reading {
        Reading::Passes { .. } => Ok(limit),
        Reading::Spent { retry_s } => {
            let mut refusal = quota_exceeded(retry_s).after_seconds(retry_s);
            refusal.headers = HeaderMap::with_capacity(2);
            limit.put_into(&mut refusal.headers);
            Err(Box::new(refusal))
        }
    }
}

impl RateLimit {
    pub(super) fn put_into(&self, headers: &mut HeaderMap) {
        headers.insert(RATELIMIT_POLICY, self.policy.clone());
        headers.insert(RATELIMIT, self.state.clone());
    }
}

const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

fn none() -> Refusal {
    Refusal::new(
        ErrorCode::ConnectionNone,
        "Hệ thống này không có kết nối nào tới dịch vụ được gọi.",
        "This system has no connection to the service that was called.",
    )
}

fn network_not_allowed(peer: IpAddr) -> Refusal {
    Refusal::new(
        ErrorCode::SystemNetworkNotAllowed,
        format!("Địa chỉ {peer} không thuộc dải mạng nào đã đăng ký của hệ thống gọi."),
        format!("The address {peer} lies in none of the networks of the calling system."),
    )
}

/// Told only to whom the service may be known.
fn alias_ended(service: &Service) -> Refusal {
    Refusal::new(
        ErrorCode::AliasEnded,
        format!("Mã cũ trong địa chỉ không còn hiệu lực; dịch vụ nay là {}.", service.id),
        format!(
            "The former name in the address is not in force; the service is {} now.",
            service.id
        ),
    )
}

/// Told only to whom the service may be known.
fn service_retired(service: &Service) -> Refusal {
    Refusal::new(
        ErrorCode::ServiceRetired,
        format!("Dịch vụ {} đã ngừng cung cấp.", service.id),
        format!("The service {} is provided no more.", service.id),
    )
}

fn purpose_needed() -> Refusal {
    Refusal::new(
        ErrorCode::PurposeNeeded,
        "Có nhiều kết nối tới dịch vụ này; hãy nêu mục đích trong Lgsp-Purpose và ký bao gồm nó.",
        "There are several connections to this service: name the purpose in Lgsp-Purpose, and cover it.",
    )
}

fn purpose_not_allowed() -> Refusal {
    Refusal::new(
        ErrorCode::PurposeNotAllowed,
        "Không có kết nối nào tới dịch vụ này cho mục đích được nêu.",
        "There is no connection to this service for the purpose named.",
    )
}

fn operation_not_allowed() -> Refusal {
    Refusal::new(
        ErrorCode::ConnectionOperationNotAllowed,
        "Kết nối không cho phép phương thức này trên đường dẫn này.",
        "The connection does not permit this method on this path.",
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
