//! What a system may sign with (đang được phép ký): when each algorithm passes, by the profiles in
//! force.

use serde::Serialize;
use utoipa::ToSchema;
use wire::ambient::UtcMicros;
use wire::directory::{Environment, Method, Profiles, Signer};
use wire::id::{ProfileCode, SystemId};
use wire::signature::Algorithm;

use super::Known;

/// What a system may sign with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProfileStanding)]
pub(crate) struct Standing {
    /// The system.
    #[schema(value_type = String, example = "H24.31/mot-cua")]
    pub(crate) system: SystemId,
    /// Its level of information security, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) security_level: Option<u8>,
    /// The technical profile that holds for it now; absent: none, and every algorithm is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(crate) profile: Option<ProfileCode>,
    /// Every algorithm that gateways verify, in each environment.
    pub(crate) algorithms: Vec<AlgorithmStanding>,
}

/// When signatures of an algorithm pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProfileAlgorithmStanding)]
pub(crate) struct AlgorithmStanding {
    /// Its registered name.
    #[schema(value_type = String, example = "ed25519")]
    pub(crate) algorithm: Algorithm,
    /// How the signatures travel.
    #[schema(value_type = String, example = "http_signature")]
    pub(crate) method: Method,
    /// Where the calls go.
    #[schema(value_type = String, example = "production")]
    pub(crate) environment: Environment,
    /// When they pass from now on, in order; never if there are none.
    pub(crate) allowed: Vec<Period>,
}

/// A time in which signatures pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProfilePeriod)]
pub(crate) struct Period {
    /// From when; absent: already now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) from: Option<UtcMicros>,
    /// Until when, exclusive; absent: no end is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) until: Option<UtcMicros>,
}

/// How `system` stands at `now`.
pub(crate) fn standing(
    known: &Known,
    system: SystemId,
    security_level: Option<u8>,
    now: UtcMicros,
) -> Standing {
    let profiles = known.profiles();
    let mut algorithms = Vec::new();
    for environment in Environment::ALL {
        for algorithm in Algorithm::ALL {
            let method = Method::HttpSignature;
            let signer =
                Signer { system: &system, level: security_level, environment, algorithm, method };
            let allowed = periods(&profiles, signer, now);
            algorithms.push(AlgorithmStanding { algorithm, method, environment, allowed });
        }
    }
    let profile = profiles.holding(&system, now).cloned();
    Standing { system, security_level, profile, algorithms }
}

/// When a signer passes from `now` on.
pub(crate) fn periods(profiles: &Profiles, signer: Signer<'_>, now: UtcMicros) -> Vec<Period> {
    let mut moments = profiles.moments(signer.system);
    moments.retain(|at| now < *at);
    let mut periods: Vec<Period> = Vec::new();
    let mut is_allowed = false;
    for at in std::iter::once(now).chain(moments) {
        let is_allowed_then = profiles.allows(signer, at);
        match (is_allowed, is_allowed_then, periods.last_mut()) {
            (false, true, _) => {
                periods.push(Period { from: Some(at).filter(|at| *at != now), until: None });
            }
            (true, false, Some(last)) => last.until = Some(at),
            _ => {}
        }
        is_allowed = is_allowed_then;
    }
    periods
}
