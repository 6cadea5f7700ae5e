//! Calls judged without being made: what a directory that is not in force would say of them.
//!
//! By the very code that judges calls, so that a rehearsal and the call after it do not differ:
//! credential, service, connection, period, purpose and operation. Signatures, nonces, quotas and
//! bodies are of the one call and stay out.

use std::sync::Arc;

use wire::ambient::UtcMicros;
use wire::directory::Environment;
use wire::error_code::ErrorCode;
use wire::id::{KeyId, SystemId};
use wire::signature::Algorithm;

use crate::passage::{Moment, check_state, choose};
use crate::refusal::Refusal;
use crate::routes::{Called, DirectorySnapshot, Routes};

/// A call that is not made.
#[derive(Debug, Clone, Copy)]
pub struct Rehearsal<'a> {
    /// Which system calls.
    pub consumer: &'a SystemId,
    /// Signed with which credential, where that is to be judged too; without one, in production.
    pub keyid: Option<&'a KeyId>,
    /// The method.
    pub method: &'a str,
    /// The path at the gateway.
    pub path: &'a str,
    /// The purpose that it names.
    pub purpose: Option<&'a str>,
}

/// What would become of each call at `now`: nothing wrong, or the code of the refusal.
pub fn rehearse<'a>(
    snapshot: &DirectorySnapshot,
    calls: impl Iterator<Item = Rehearsal<'a>>,
    now: UtcMicros,
) -> Vec<Result<(), ErrorCode>> {
    let routes = Routes::compile(snapshot, None);
    calls.map(|call| judge(&routes, call, now)).collect()
}

fn judge(routes: &Routes, call: Rehearsal<'_>, now: UtcMicros) -> Result<(), ErrorCode> {
    let mut environment = Environment::Production;
    let consumer = routes.system_of_today(call.consumer, now);
    let mut signs_with_secret = false;
    if let Some(keyid) = call.keyid {
        let credential = routes.credential(keyid).ok_or(ErrorCode::KeyUnknown)?;
        if credential.system != consumer {
            return Err(ErrorCode::KeyUnknown);
        }
        if !credential.is_valid_at(now) {
            return Err(ErrorCode::KeyNotValid);
        }
        if !credential.is_allowed_at(now) {
            return Err(ErrorCode::ProfileNotAllowed);
        }
        signs_with_secret = credential.key.algorithm() == Algorithm::HmacSha256;
        environment = credential.environment;
    }
    let called = routes.service(call.path, now).ok_or(ErrorCode::ConnectionNone)?;
    let Called { service, path, former } = called;
    let connections = service.connections_of(&consumer);
    if connections.is_empty() {
        return Err(ErrorCode::ConnectionNone);
    }
    if former.is_some_and(|former| !former.is_in_force) {
        return Err(ErrorCode::AliasEnded);
    }
    let code = |refusal: Box<Refusal>| refusal.code();
    let moment = Moment { environment, at: now };
    let connection = choose(connections, call.purpose, moment).map_err(code)?;
    check_state(connection, moment).map_err(code)?;
    if service.demands(environment, now).asymmetric && signs_with_secret {
        return Err(ErrorCode::ProfileAsymmetricNeeded);
    }
    service.upstream(environment).ok_or(ErrorCode::ServiceNoSandbox)?;
    let operation = connection.permit(call.method, path);
    operation.map(|label: Arc<str>| drop(label)).ok_or(ErrorCode::ConnectionOperationNotAllowed)
}
