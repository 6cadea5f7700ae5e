//! Calls judged without being made: what a directory that is not in force would say of them.
//!
//! By the very code that judges calls ([`permission`]), so that a rehearsal and the call after it do
//! not differ.

use wire::ambient::UtcMicros;
use wire::directory::Environment;
use wire::error_code::ErrorCode;
use wire::id::{KeyId, SystemId};

use crate::passage::About;
use crate::passage::permission::{self, Moment, Wish};
use crate::refusal::Refusal;
use crate::routes::{DirectorySnapshot, Routes};

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
    let code = |refusal: Box<Refusal>| refusal.code();
    let consumer = routes.system_of_today(call.consumer, now);
    let (mut algorithm, mut environment) = (None, Environment::Production);
    if let Some(keyid) = call.keyid {
        let credential = routes.credential(keyid).ok_or(ErrorCode::KeyUnknown)?;
        if credential.system != consumer {
            return Err(ErrorCode::KeyUnknown);
        }
        if !credential.is_valid_at(now) {
            return Err(ErrorCode::KeyNotValid);
        }
        permission::may_sign(credential, now).map_err(code)?;
        (algorithm, environment) = (Some(credential.key.algorithm()), credential.environment);
    }
    let wish = Wish {
        consumer: &consumer,
        algorithm,
        method: call.method,
        path: call.path,
        purpose: Ok(call.purpose),
        moment: Moment { environment, at: now },
    };
    permission::find(routes, &wish, &mut About::default()).map(drop).map_err(code)
}
