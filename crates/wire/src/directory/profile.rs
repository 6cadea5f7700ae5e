//! Technical profiles (hướng dẫn kỹ thuật): with which algorithms and methods systems may sign, from
//! when and until when.
//!
//! A profile is a table; an assignment says for whom it holds and when: for one system, or for the
//! whole city. What is assigned to a system itself goes before what is assigned to the city, and
//! the later assignment before the earlier. Nothing is published when a date of a table comes: who
//! decides reads the table at the time of the call.
//!
//! **Invariant**: where a profile holds, what it does not allow is refused; where none was ever
//! assigned, every algorithm that the platform knows is allowed. A row that is bounded to levels
//! never covers a system whose level is unknown. **Trust**: whoever publishes profiles can stop
//! calls at a date, and can allow no algorithm that gateways do not verify.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Environment, Record};
use crate::ambient::UtcMicros;
use crate::id::{ProfileCode, ServiceId, SystemId};
use crate::signature::Algorithm;
use crate::text::{Malformed, serde_as_text};

/// How a signature travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// HTTP Message Signatures (RFC 9421): all calls through the gateway.
    HttpSignature,
    /// The headers of the national axis (`XroadVnpt-…`).
    AxisHeaders,
    /// A bearer token.
    BearerToken,
}

/// Whom a row is about, and when. What is left out bounds nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Of one environment only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// Of systems of at least this security level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_level: Option<u8>,
    /// Of systems of at most this security level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_level: Option<u8>,
    /// From this moment on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UtcMicros>,
    /// Until this moment (exclusive).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UtcMicros>,
}

/// A row: signing so is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileRule {
    /// With which algorithm.
    pub algorithm: Algorithm,
    /// By which method.
    pub method: Method,
    /// To whom, and when.
    #[serde(default)]
    pub scope: Scope,
}

/// A row: services of the systems for which the profile holds demand more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileDemand {
    /// Of one service only; of all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceId>,
    /// Callers sign with an algorithm that proves them to third parties, so not with HMAC.
    pub asymmetric: bool,
    /// The provider signs its answers.
    pub signed_answers: bool,
    /// Of whom, and when.
    #[serde(default)]
    pub scope: Scope,
}

/// The last version of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileRecord {
    /// What it is called.
    pub code: ProfileCode,
    /// Which version this is.
    pub version: u32,
    /// What is allowed.
    pub rules: Vec<ProfileRule>,
    /// What is demanded beside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub demands: Vec<ProfileDemand>,
}

/// For whom a profile holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileAssignmentRecord {
    /// Its number: later ones go before earlier ones.
    pub number: u64,
    /// For which system; for all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<SystemId>,
    /// Which profile.
    pub profile: ProfileCode,
    /// From when.
    pub from: UtcMicros,
    /// Until when (exclusive); without it, for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UtcMicros>,
}

/// Who signs, where and how.
#[derive(Debug, Clone, Copy)]
pub struct Signer<'a> {
    /// The system.
    pub system: &'a SystemId,
    /// Its security level, if that is known.
    pub level: Option<u8>,
    /// Where its call goes.
    pub environment: Environment,
    /// With which algorithm.
    pub algorithm: Algorithm,
    /// By which method.
    pub method: Method,
}

/// What a service demands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Demands {
    /// That callers sign with an algorithm that proves them to third parties.
    pub asymmetric: bool,
    /// That its provider signs its answers.
    pub signed_answers: bool,
}

/// All profiles and for whom they hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profiles {
    tables: HashMap<ProfileCode, ProfileRecord>,
    /// The later ones first.
    city: Vec<ProfileAssignmentRecord>,
    systems: HashMap<SystemId, Vec<ProfileAssignmentRecord>>,
}

impl Profiles {
    /// Those of a directory.
    pub fn of<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut profiles = Self::default();
        for record in records {
            match record {
                Record::Profile(record) => profiles.put(record.clone()),
                Record::ProfileAssignment(record) => profiles.assign(record.clone()),
                _ => {}
            }
        }
        profiles
    }

    /// Puts a profile in the place of the version that was here.
    pub fn put(&mut self, profile: ProfileRecord) {
        self.tables.insert(profile.code.clone(), profile);
    }

    /// Adds an assignment.
    pub fn assign(&mut self, assignment: ProfileAssignmentRecord) {
        let list = match &assignment.system {
            None => &mut self.city,
            Some(system) => self.systems.entry(system.clone()).or_default(),
        };
        list.push(assignment);
        list.sort_by_key(|one| std::cmp::Reverse(one.number));
    }

    /// The profile that holds for a system at a time, if any was assigned.
    pub fn holding(&self, system: &SystemId, at: UtcMicros) -> Option<&ProfileCode> {
        let own = self.systems.get(system).into_iter().flatten();
        own.chain(&self.city).find(|one| one.holds_at(at)).map(|one| &one.profile)
    }

    /// Whether a signature is allowed at a time.
    pub fn allows(&self, signer: Signer<'_>, at: UtcMicros) -> bool {
        let Some(code) = self.holding(signer.system, at) else {
            return true;
        };
        let rules = self.tables.get(code).into_iter().flat_map(|profile| &profile.rules);
        rules.into_iter().any(|rule| {
            rule.algorithm == signer.algorithm
                && rule.method == signer.method
                && rule.scope.covers(signer.level, signer.environment, at)
        })
    }

    /// What a service demands at a time, under the profile that holds for its own system.
    pub fn demands(
        &self,
        service: &ServiceId,
        level: Option<u8>,
        environment: Environment,
        at: UtcMicros,
    ) -> Demands {
        let mut demands = Demands::default();
        let Some(code) = self.holding(&service.system_id(), at) else {
            return demands;
        };
        for row in self.tables.get(code).into_iter().flat_map(|profile| &profile.demands) {
            let is_of_it = row.service.as_ref().is_none_or(|only| only == service);
            if is_of_it && row.scope.covers(level, environment, at) {
                demands.asymmetric |= row.asymmetric;
                demands.signed_answers |= row.signed_answers;
            }
        }
        demands
    }

    /// The moments at which an answer about a system may change; between them it stays.
    pub fn moments(&self, system: &SystemId) -> BTreeSet<UtcMicros> {
        let mut moments = BTreeSet::new();
        let own = self.systems.get(system).into_iter().flatten();
        for assignment in own.chain(&self.city) {
            moments.insert(assignment.from);
            moments.extend(assignment.until);
            let Some(table) = self.tables.get(&assignment.profile) else { continue };
            let scopes = table.rules.iter().map(|rule| &rule.scope);
            for scope in scopes.chain(table.demands.iter().map(|demand| &demand.scope)) {
                moments.extend(scope.from);
                moments.extend(scope.until);
            }
        }
        moments
    }
}

impl ProfileAssignmentRecord {
    fn holds_at(&self, at: UtcMicros) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

impl Scope {
    /// Whether the row is about a system of this level, here and now.
    pub fn covers(&self, level: Option<u8>, environment: Environment, at: UtcMicros) -> bool {
        let is_of_level = match level {
            None => self.min_level.is_none() && self.max_level.is_none(),
            Some(level) => {
                self.min_level.is_none_or(|least| least <= level)
                    && self.max_level.is_none_or(|most| level <= most)
            }
        };
        is_of_level
            && self.environment.is_none_or(|only| only == environment)
            && self.from.is_none_or(|from| from <= at)
            && self.until.is_none_or(|until| at < until)
    }
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 3] = [Self::HttpSignature, Self::AxisHeaders, Self::BearerToken];

    /// The written form: `http_signature`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HttpSignature => "http_signature",
            Self::AxisHeaders => "axis_headers",
            Self::BearerToken => "bearer_token",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Method {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let found = Self::ALL.into_iter().find(|method| method.as_str() == text);
        found.ok_or(Malformed { expected: "http_signature, axis_headers or bearer_token" })
    }
}

serde_as_text!(Method);
