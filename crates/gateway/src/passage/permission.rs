//! Which connection permits a call, by the directory alone.
//!
//! Asked for every call ([`authorise`](super::authorise)), and for calls that are only rehearsed
//! ([`rehearsal`](crate::rehearsal)): one piece of code, so that the two cannot come to differ.
//! Signatures, nonces, networks, quotas and bodies are of the one call and stay out.

use std::sync::Arc;

use wire::ambient::UtcMicros;
use wire::directory::Environment;
use wire::error_code::ErrorCode;
use wire::id::SystemId;
use wire::signature::Algorithm;

use super::identify::About;
use crate::fields::NotSingle;
use crate::refusal::Refusal;
use crate::routes::{Called, Connection, Credential, Routes, Service};
use crate::upstream::Upstream;

/// What a call asks for.
#[derive(Debug)]
pub(crate) struct Wish<'a> {
    pub(crate) consumer: &'a SystemId,
    /// How it is signed, where that is known.
    pub(crate) algorithm: Option<Algorithm>,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// The purpose that it names.
    pub(crate) purpose: Result<Option<&'a str>, NotSingle>,
    pub(crate) moment: Moment,
}

/// What permits it.
#[derive(Debug)]
pub(crate) struct Permission<'r, 'p> {
    pub(crate) service: &'r Arc<Service>,
    pub(crate) connection: &'r Arc<Connection>,
    /// The place of the service in the caller's environment.
    pub(crate) upstream: &'r Arc<Upstream>,
    /// Whether the provider must sign its answer.
    pub(crate) has_signed_answers: bool,
    /// The path below the service.
    pub(crate) path: &'p str,
}

/// Refuses a key that the technical profile of its system does not let sign.
pub(crate) fn may_sign(credential: &Credential, now: UtcMicros) -> Result<(), Box<Refusal>> {
    if credential.is_allowed_at(now) {
        Ok(())
    } else {
        Err(Box::new(not_allowed_by_profile(credential.key.algorithm())))
    }
}

/// The permission for a call; notes in `about` what the call is about as soon as that is known.
pub(crate) fn find<'r, 'p>(
    routes: &'r Routes,
    wish: &Wish<'p>,
    about: &mut About,
) -> Result<Permission<'r, 'p>, Box<Refusal>> {
    let moment = wish.moment;
    let called = routes.service(wish.path, moment.at);
    let Called { service, path, former } = called.ok_or_else(|| Box::new(none()))?;
    let connections = service.connections_of(wish.consumer);
    if connections.is_empty() {
        return Err(Box::new(none()));
    }
    about.service = Some(Arc::clone(service));
    if let Some(former) = former {
        about.called = Some(former.name);
        if !former.is_in_force {
            return Err(Box::new(alias_ended(service)));
        }
    }
    if let Some(farewell) = &service.farewell
        && farewell.is_over(moment.at)
    {
        let mut refusal = service_retired(service);
        farewell.say(&mut refusal.headers);
        return Err(Box::new(refusal));
    }
    let purpose = *wish.purpose.as_ref().map_err(|_| Box::new(purpose_not_allowed()))?;
    let connection = choose(connections, purpose, moment)?;
    about.connection = Some(Arc::clone(connection));
    check_state(connection, moment)?;
    let demands = service.demands(moment.environment, moment.at);
    if demands.asymmetric && wish.algorithm == Some(Algorithm::HmacSha256) {
        return Err(Box::new(asymmetric_needed()));
    }
    let upstream = service.upstream(moment.environment).ok_or_else(|| Box::new(no_sandbox()))?;
    let operation = connection.permit(wish.method, path);
    about.operation = Some(operation.ok_or_else(|| Box::new(operation_not_allowed()))?);
    let has_signed_answers = demands.signed_answers;
    Ok(Permission { service, connection, upstream, has_signed_answers, path })
}

/// By what a connection is judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) environment: Environment,
    pub(crate) at: UtcMicros,
}

/// The connection of the purpose that is named; without a name, of the only purpose in force.
fn choose<'c>(
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

fn check_state(connection: &Connection, moment: Moment) -> Result<(), Box<Refusal>> {
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

fn none() -> Refusal {
    Refusal::new(
        ErrorCode::ConnectionNone,
        "Hệ thống này không có kết nối nào tới dịch vụ được gọi.",
        "This system has no connection to the service that was called.",
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
