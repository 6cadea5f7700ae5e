//! What breaks on a date (xem trước): who would be refused then, and what turns until then.
//!
//! A credential is shown if it would be refused on the date, or may or may not sign otherwise than
//! now at some moment until then; a connection if no production credential of its consumer is left
//! that may call (its credentials' own ends are another matter); a service if its provider will have
//! to sign its answers and its terms do not say so.
//!
//! **Invariant**: the digest covers the proposal and all that it breaks, and nothing that time alone
//! changes: looking again a moment later gives the same, until a date or a registration comes between.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use evidence::Change;
use serde::Serialize;
use utoipa::ToSchema;
use wire::ambient::UtcMicros;
use wire::canonical::canonical_of;
use wire::digest::{ContentDigest, DigestAlgorithm};
use wire::directory::{Demands, Environment, Method, Profiles, Signer};
use wire::id::{ConnectionId, KeyId, PurposeCode, ServiceId, SystemId};
use wire::organisation_code::OrganisationCode;
use wire::signature::Algorithm;

use super::command::Proposal;
use super::{Act, Known};
use crate::connection::Connection;
use crate::connection::lifecycle::State;
use crate::credential::Credential;
use crate::refused::Refused;
use crate::service::Service;
use crate::{connection, credential, service, system};

/// What a proposal breaks until a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Broken {
    /// Until which date it was looked.
    pub(crate) date: UtcMicros,
    /// In the order of their ids.
    pub(crate) systems: Vec<BrokenSystem>,
}

/// A system that is concerned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct BrokenSystem {
    /// Its id.
    #[schema(value_type = String)]
    pub(crate) system: SystemId,
    /// Whose it is.
    #[schema(value_type = String)]
    pub(crate) organisation: OrganisationCode,
    /// Its level of information security, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) security_level: Option<u8>,
    /// Its credentials that are refused on the date, or turn until then.
    pub(crate) credentials: Vec<BrokenCredential>,
    /// Its connections by which nobody can call on the date, or that turn until then.
    pub(crate) connections: Vec<BrokenConnection>,
    /// Its services whose answers have to be signed, and are not by their terms.
    pub(crate) services: Vec<BrokenService>,
}

/// A credential that is refused on the date, or turns until then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct BrokenCredential {
    /// Its id.
    #[schema(value_type = String)]
    pub(crate) keyid: KeyId,
    /// With which algorithm it signs.
    #[schema(value_type = String, example = "hmac-sha256")]
    pub(crate) algorithm: Algorithm,
    /// How its signatures travel.
    #[schema(value_type = String, example = "http_signature")]
    pub(crate) method: Method,
    /// Where its calls go.
    #[schema(value_type = String, example = "production")]
    pub(crate) environment: Environment,
    /// When it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) not_after: UtcMicros,
    /// What becomes of it.
    pub(crate) fate: Fate,
    /// When a call with it was recorded last, as far back as this node's log was read; not part of
    /// what the digest covers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) last_used_at: Option<UtcMicros>,
}

/// A connection by which nobody can call on the date, or that turns until then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct BrokenConnection {
    /// Its id.
    #[schema(value_type = String)]
    pub(crate) id: ConnectionId,
    /// What is called.
    #[schema(value_type = String)]
    pub(crate) service: ServiceId,
    /// For which purpose.
    #[schema(value_type = String)]
    pub(crate) purpose: PurposeCode,
    /// Where it stands: `approved`, `active` or `suspended`.
    #[schema(value_type = String, example = "active")]
    pub(crate) state: State,
    /// What becomes of it.
    pub(crate) fate: Fate,
    /// When a call by it was recorded last, as far back as this node's log was read; not part of what
    /// the digest covers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) last_used_at: Option<UtcMicros>,
}

/// A service whose answers have to be signed, and are not by its terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct BrokenService {
    /// Its id.
    #[schema(value_type = String)]
    pub(crate) id: ServiceId,
    /// From when; absent: at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) from: Option<UtcMicros>,
}

/// Whether calls pass: now, at which moments that changes, and on the date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProfileFate)]
pub(crate) struct Fate {
    /// Whether they pass now, by what is in force.
    pub(crate) allowed_now: bool,
    /// When that turns, in order, by what is proposed.
    pub(crate) turns: Vec<Turn>,
    /// Whether they would be refused on the date. No if it has ended by itself by then.
    pub(crate) refused_on_date: bool,
}

/// A moment from which calls pass, or do not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProfileTurn)]
pub(crate) struct Turn {
    /// When; absent: at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) from: Option<UtcMicros>,
    /// Whether they pass from then on.
    pub(crate) allowed: bool,
}

/// How much there is of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProfilePreviewTotals)]
pub(crate) struct Totals {
    /// Systems that are concerned.
    pub(crate) systems: usize,
    /// Credentials that pass now and are refused at some moment until the date.
    pub(crate) credentials_stopped: usize,
    /// Connections by which calls pass now, and nobody can call at some moment until the date.
    pub(crate) connections_stopped: usize,
    /// Services whose answers have to be signed and are not.
    pub(crate) services_to_sign: usize,
}

impl Broken {
    pub(crate) fn totals(&self) -> Totals {
        let count = |of: fn(&BrokenSystem) -> usize| self.systems.iter().map(of).sum();
        Totals {
            systems: self.systems.len(),
            credentials_stopped: count(|one| {
                one.credentials.iter().filter(|it| it.fate.is_stopped()).count()
            }),
            connections_stopped: count(|one| {
                one.connections.iter().filter(|it| it.fate.is_stopped()).count()
            }),
            services_to_sign: count(|one| one.services.len()),
        }
    }
}

impl Fate {
    fn is_stopped(&self) -> bool {
        self.allowed_now && self.turns.iter().any(|turn| !turn.allowed)
    }

    fn is_worth_telling(&self) -> bool {
        self.refused_on_date || !self.turns.is_empty()
    }
}

/// What `proposal` breaks until `date` if `act` publishes it, and the digest by which that is done.
pub(crate) fn preview(
    known: &Known,
    parties: &Parties,
    proposal: &Proposal,
    act: &Act,
    date: UtcMicros,
) -> Result<(Broken, String), Refused> {
    let now = act.at;
    let (before, after) = (known.profiles(), proposal.after(known, act).profiles());
    let broken = Look { before, after, now, date }.at(parties);
    let canonical = canonical_of(&(proposal, &broken));
    let canonical = canonical.map_err(|error| Refused::NotWritable(error.to_string()))?;
    Ok((broken, ContentDigest::of(DigestAlgorithm::Sha256, &canonical).to_string()))
}

/// Whom profiles can concern.
pub(crate) struct Parties {
    levels: HashMap<SystemId, u8>,
    credentials: Vec<Credential>,
    connections: Vec<Connection>,
    services: Vec<Service>,
}

impl Parties {
    /// As they stand within the change.
    pub(crate) async fn read(change: &mut Change) -> Result<Self, Refused> {
        let now = change.time();
        let systems = system::sql::all_open(&mut *change).await?;
        let level = |one: system::System| Some((one.id, one.security_level?));
        let credentials = credential::sql::not_ended_before(&mut *change, now).await?;
        let credentials = credentials.into_iter().map(|(credential, _)| credential);
        let in_use = |one: &Connection| {
            matches!(one.state, State::Approved | State::Active | State::Suspended)
        };
        let connections = connection::sql::published(&mut *change).await?;
        Ok(Self {
            levels: systems.into_iter().filter_map(level).collect(),
            credentials: credentials.filter(|one| one.is_alive(now)).collect(),
            connections: connections.into_iter().filter(in_use).collect(),
            services: service::sql::all(change).await?,
        })
    }
}

struct Look {
    before: Profiles,
    after: Profiles,
    now: UtcMicros,
    date: UtcMicros,
}

impl Look {
    fn at(&self, parties: &Parties) -> Broken {
        let level = |system: &SystemId| parties.levels.get(system).copied();
        let mut systems: BTreeMap<String, BrokenSystem> = BTreeMap::new();
        let mut keys: HashMap<&SystemId, Vec<&Credential>> = HashMap::new();
        for one in &parties.credentials {
            if one.environment == Environment::Production {
                // One of each algorithm: what a profile says is the same for all of them.
                let keys = keys.entry(&one.system).or_default();
                if keys.iter().all(|key| key.algorithm != one.algorithm) {
                    keys.push(one);
                }
            }
            if let Some(found) = self.credential(one, level(&one.system)) {
                of(&mut systems, &one.system, level(&one.system)).credentials.push(found);
            }
        }
        for one in &parties.connections {
            let keys = keys.get(&one.consumer).map_or(&[][..], Vec::as_slice);
            let provider = level(&one.service.system_id());
            if let Some(found) = self.connection(one, keys, level(&one.consumer), provider) {
                of(&mut systems, &one.consumer, level(&one.consumer)).connections.push(found);
            }
        }
        for one in &parties.services {
            let system = one.id.system_id();
            if let Some(found) = self.service(one, level(&system)) {
                of(&mut systems, &system, level(&system)).services.push(found);
            }
        }
        Broken { date: self.date, systems: systems.into_values().collect() }
    }

    fn credential(&self, one: &Credential, level: Option<u8>) -> Option<BrokenCredential> {
        let signer = signer(one, level);
        let allowed = |profiles: &Profiles, at| profiles.allows(signer, at);
        let fate = self.fate(&[&one.system], one.not_after, allowed);
        fate.is_worth_telling().then(|| BrokenCredential {
            keyid: one.keyid.clone(),
            algorithm: one.algorithm,
            method: signer.method,
            environment: one.environment,
            not_after: one.not_after,
            fate,
            last_used_at: None,
        })
    }

    fn connection(
        &self,
        one: &Connection,
        keys: &[&Credential],
        consumer: Option<u8>,
        provider: Option<u8>,
    ) -> Option<BrokenConnection> {
        // Who has no key at all cannot call, whatever the profile.
        if keys.is_empty() {
            return None;
        }
        let usable = |profiles: &Profiles, at| {
            let demands = demands(profiles, &one.service, provider, at);
            keys.iter().any(|key| {
                profiles.allows(signer(key, consumer), at)
                    && !(demands.asymmetric && key.algorithm == Algorithm::HmacSha256)
            })
        };
        let systems = [&one.consumer, &one.service.system_id()];
        let fate = self.fate(&systems, one.asked.until, usable);
        fate.is_worth_telling().then(|| BrokenConnection {
            id: one.id,
            service: one.service.clone(),
            purpose: one.asked.purpose.clone(),
            state: one.state,
            fate,
            last_used_at: None,
        })
    }

    fn service(&self, one: &Service, level: Option<u8>) -> Option<BrokenService> {
        if one.terms.signed_answers.is_required() {
            return None;
        }
        let demanded = |at: &UtcMicros| demands(&self.after, &one.id, level, *at).signed_answers;
        let from = self.moments(&[&one.id.system_id()]).into_iter().find(demanded)?;
        Some(BrokenService { id: one.id.clone(), from: self.unless_at_once(from) })
    }

    /// What becomes of something that concerns these systems and ends by itself at `end`.
    fn fate(
        &self,
        systems: &[&SystemId],
        end: UtcMicros,
        allowed: impl Fn(&Profiles, UtcMicros) -> bool,
    ) -> Fate {
        let allowed_now = allowed(&self.before, self.now);
        let (mut turns, mut last) = (Vec::new(), allowed_now);
        for at in self.moments(systems).into_iter().filter(|at| *at < end) {
            let next = allowed(&self.after, at);
            if next != last {
                turns.push(Turn { from: self.unless_at_once(at), allowed: next });
                last = next;
            }
        }
        Fate { allowed_now, turns, refused_on_date: self.date < end && !last }
    }

    /// So that looking again a moment later finds the same.
    fn unless_at_once(&self, at: UtcMicros) -> Option<UtcMicros> {
        Some(at).filter(|at| *at != self.now)
    }

    /// Now, and every moment until the date at which something may change for these systems.
    fn moments(&self, systems: &[&SystemId]) -> BTreeSet<UtcMicros> {
        let mut moments = BTreeSet::from([self.now]);
        for system in systems {
            moments.extend(self.after.moments(system));
        }
        moments.retain(|at| (self.now..=self.date).contains(at));
        moments
    }
}

fn of<'s>(
    systems: &'s mut BTreeMap<String, BrokenSystem>,
    id: &SystemId,
    level: Option<u8>,
) -> &'s mut BrokenSystem {
    systems.entry(id.to_string()).or_insert_with(|| BrokenSystem {
        system: id.clone(),
        organisation: id.organisation.clone(),
        security_level: level,
        credentials: Vec::new(),
        connections: Vec::new(),
        services: Vec::new(),
    })
}

fn demands(profiles: &Profiles, service: &ServiceId, level: Option<u8>, at: UtcMicros) -> Demands {
    profiles.demands(service, level, Environment::Production, at)
}

/// Calls through the gateway are the only ones that carry such signatures.
pub(crate) fn signer(credential: &Credential, level: Option<u8>) -> Signer<'_> {
    Signer {
        system: &credential.system,
        level,
        environment: credential.environment,
        algorithm: credential.algorithm,
        method: Method::HttpSignature,
    }
}
