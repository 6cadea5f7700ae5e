//! The directory as a call needs it: keys ready to verify, services under their path, connections
//! under who may use them.
//!
//! Compiled once when a directory is installed, so that a call only looks up and compares.
//!
//! **Invariant**: what cannot be used as it stands (an upstream that is no URL, an HMAC credential
//! without its secret) is left out with a warning: it permits nothing. A call keeps the routes it
//! began with; the next one sees the new.
//! **Trust**: all authorisation of calls comes from here and nowhere else.

use std::collections::HashSet;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use foldhash::{HashMap, HashMapExt as _};
use keys::{CallerKey, KeyError, Zeroizing};
use wire::ambient::UtcMicros;
use wire::directory::{
    Aliases, ConnectionRecord, CredentialRecord, Demands, Directory, Environment, Method,
    Operation, Profiles, Record, RecordMode, ServiceRecord, Signer,
};
use wire::entry::{ActorRef, Members};
use wire::id::{ConnectionId, KeyId, PurposeCode, ServiceId, SystemId};
use wire::merkle::Hash;
use wire::network::Network;
use wire::signature::Algorithm;

use crate::cluster::Allowance;
use crate::farewell::Farewell;
use crate::quota::Rate;
use crate::timeline::Timeline;
use crate::upstream::Upstream;

/// What the registry publishes for gateways: the directory, and beside it the secrets that must
/// never enter it.
#[derive(Clone)]
pub struct DirectorySnapshot {
    /// The directory in force.
    pub directory: Arc<Directory>,
    /// The shared secret of each HMAC credential in it.
    pub hmac_secrets: std::collections::HashMap<KeyId, Zeroizing<Vec<u8>>>,
}

/// The compiled directory.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    /// The version of the directory; `None` before the first is installed.
    pub(crate) root: Option<Hash>,
    credentials: HashMap<KeyId, Arc<Credential>>,
    revoked: HashSet<KeyId>,
    /// By `{organisation}/{system}/{service}/v{major}`.
    services: HashMap<Box<str>, Arc<Service>>,
    /// Former names, looked into only for what no service has.
    aliases: Aliases,
    allowances: HashMap<ConnectionId, (Arc<Allowance>, Rate)>,
}

/// A key that callers sign with.
#[derive(Debug)]
pub(crate) struct Credential {
    pub(crate) key: CallerKey,
    pub(crate) system: SystemId,
    /// The caller as entries name it, made once.
    pub(crate) actor: Arc<Members>,
    /// From where its system calls; empty: from anywhere.
    networks: Arc<[Network]>,
    pub(crate) environment: Environment,
    /// Whether the technical profile lets it sign.
    profile: Timeline<bool>,
    not_before: UtcMicros,
    not_after: UtcMicros,
}

/// A service that can be called.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) id: ServiceId,
    /// The id as entries name it.
    pub(crate) name: Box<str>,
    upstream: Arc<Upstream>,
    sandbox_upstream: Option<Arc<Upstream>>,
    pub(crate) timeout: Duration,
    /// Whether the intent must be durable before anything is forwarded.
    pub(crate) records_before_forward: bool,
    pub(crate) max_body_bytes: u64,
    /// Whether its provider must sign its answers.
    has_signed_answers: bool,
    /// What the technical profile demands in production, and in the sandbox.
    demands: [Timeline<Demands>; 2],
    /// Whether the platform signs the requests that it passes on.
    pub(crate) has_signed_requests: bool,
    /// What is said of its end, if that is announced.
    pub(crate) farewell: Option<Box<Farewell>>,
    /// Which connections each consumer has, in the directory's order.
    connections: HashMap<SystemId, Vec<Arc<Connection>>>,
}

/// What a path names.
#[derive(Debug)]
pub(crate) struct Called<'r, 'p> {
    pub(crate) service: &'r Arc<Service>,
    /// The rest of the path, which begins with a slash.
    pub(crate) path: &'p str,
    /// The name in the path, unless it is the service's own.
    pub(crate) former: Option<Former>,
}

/// A name that a service had before.
#[derive(Debug)]
pub(crate) struct Former {
    pub(crate) name: Arc<str>,
    /// Whether it is still understood.
    pub(crate) is_in_force: bool,
}

/// A permission to call a service.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) id: ConnectionId,
    pub(crate) purpose: PurposeCode,
    operations: Vec<Permitted>,
    pub(crate) rate: Rate,
    pub(crate) allowance: Arc<Allowance>,
    /// `RateLimit-Policy`, made once.
    pub(crate) rate_policy: Box<str>,
    pub(crate) from: UtcMicros,
    pub(crate) until: UtcMicros,
    pub(crate) is_active: bool,
    /// From when it is not, by announcement.
    pub(crate) suspended_from: UtcMicros,
    /// Whether it is being tried in the sandbox.
    pub(crate) is_testing: bool,
}

/// One operation of a connection.
#[derive(Debug)]
struct Permitted {
    operation: Operation,
    /// `GET /units/{id}`, as records name it: never the path itself, which may name a person.
    label: Arc<str>,
}

impl Routes {
    /// Compiles a directory; allowances of connections that were there before go on.
    pub(crate) fn compile(snapshot: &DirectorySnapshot, before: Option<&Self>) -> Self {
        let mut routes = Self {
            root: Some(snapshot.directory.root()),
            aliases: Aliases::of(snapshot.directory.records()),
            ..Self::default()
        };
        let networks = networks_of(&snapshot.directory);
        let guidance = Guidance::of(&snapshot.directory);
        let mut services: HashMap<&ServiceId, Service> = HashMap::new();
        for record in snapshot.directory.records() {
            match record {
                Record::Credential(record) => {
                    routes.add_credential(record, snapshot, &networks, &guidance);
                }
                Record::Service(record) => {
                    if let Some(mut service) = Service::from_record(record) {
                        service.demands = guidance.of_service(&record.id);
                        services.insert(&record.id, service);
                    }
                }
                Record::Organisation(_)
                | Record::System(_)
                | Record::Connection(_)
                | Record::Alias(_)
                | Record::Profile(_)
                | Record::ProfileAssignment(_) => {}
            }
        }
        for record in snapshot.directory.records() {
            let Record::Connection(record) = record else {
                continue;
            };
            let Some(service) = services.get_mut(&record.service) else {
                continue;
            };
            let allowance = before
                .and_then(|before| before.allowances.get(&record.id))
                .map(|(allowance, _)| Arc::clone(allowance))
                .unwrap_or_default();
            let rate = Rate::from(record.quota);
            routes.allowances.insert(record.id, (Arc::clone(&allowance), rate));
            let connection = Arc::new(Connection::from_record(record, rate, allowance));
            service.connections.entry(record.consumer.clone()).or_default().push(connection);
        }
        let by_path = |(id, service): (&ServiceId, Service)| {
            (id.to_string().into_boxed_str(), Arc::new(service))
        };
        routes.services = services.into_iter().map(by_path).collect();
        routes
    }

    fn add_credential(
        &mut self,
        record: &CredentialRecord,
        snapshot: &DirectorySnapshot,
        networks: &HashMap<&SystemId, Arc<[Network]>>,
        guidance: &Guidance<'_>,
    ) {
        if record.revoked_at.is_some() {
            self.revoked.insert(record.keyid.clone());
            return;
        }
        let secret = snapshot.hmac_secrets.get(&record.keyid);
        match Credential::from_record(record, secret.map(|secret| secret.as_slice())) {
            Ok(mut credential) => {
                credential.profile = guidance.of_credential(&credential);
                if let Some(networks) = networks.get(&record.system) {
                    credential.networks = Arc::clone(networks);
                }
                self.credentials.insert(record.keyid.clone(), Arc::new(credential));
            }
            Err(reason) => tracing::warn!(keyid = %record.keyid, %reason, "credential left out"),
        }
    }

    /// The credential of this id.
    pub(crate) fn credential(&self, keyid: &KeyId) -> Option<&Arc<Credential>> {
        self.credentials.get(keyid)
    }

    /// Whether the key of this id was revoked, lately enough to be told.
    pub(crate) fn is_revoked(&self, keyid: &KeyId) -> bool {
        self.revoked.contains(keyid)
    }

    /// What a connection has left, and how fast it grows.
    pub(crate) fn allowance(&self, connection: &ConnectionId) -> Option<(&Allowance, Rate)> {
        self.allowances.get(connection).map(|(allowance, rate)| (&**allowance, *rate))
    }

    /// The service that a path begins with, by its name or by one that it had before.
    pub(crate) fn service<'p>(&self, path: &'p str, now: UtcMicros) -> Option<Called<'_, 'p>> {
        let named = path.strip_prefix('/')?;
        let slashes = named.bytes().enumerate().filter(|(_, byte)| *byte == b'/');
        let end = slashes.map(|(at, _)| at).nth(3).unwrap_or(named.len());
        let (name, rest) = named.split_at(end);
        let path = if rest.is_empty() { "/" } else { rest };
        if let Some(service) = self.services.get(name) {
            return Some(Called { service, path, former: None });
        }
        let (service, is_in_force) = self.formerly(name, now)?;
        let former = Some(Former { name: name.into(), is_in_force });
        Some(Called { service, path, former })
    }

    /// What a system is called now, which may have been called so before.
    pub(crate) fn system_of_today(&self, id: &SystemId, now: UtcMicros) -> SystemId {
        self.aliases.system(id, now).unwrap_or_else(|| id.clone())
    }

    /// The service that had this name before, and whether the name is still understood.
    fn formerly(&self, name: &str, now: UtcMicros) -> Option<(&Arc<Service>, bool)> {
        if self.aliases.is_empty() {
            return None;
        }
        let name: ServiceId = name.parse().ok()?;
        let find = |id: ServiceId| self.services.get(id.to_string().as_str());
        if let Some(service) = self.aliases.service(&name, now).and_then(find) {
            return Some((service, true));
        }
        let service = self.aliases.service_at_any_time(&name).and_then(find)?;
        Some((service, false))
    }
}

impl Credential {
    fn from_record(record: &CredentialRecord, secret: Option<&[u8]>) -> Result<Self, Unusable> {
        let key = match record.algorithm {
            Algorithm::HmacSha256 => CallerKey::hmac_sha256(secret.ok_or(Unusable::NoKey)?),
            algorithm => {
                CallerKey::public(algorithm, record.public_key.as_ref().ok_or(Unusable::NoKey)?)
            }
        };
        let actor = ActorRef {
            organisation: Some(record.system.organisation.clone()),
            system: Some(record.system.system.clone()),
            credential: Some(record.keyid.as_str().to_owned()),
            role: None,
        };
        Ok(Self {
            key: key?,
            actor: Arc::new(Members::from(&actor)),
            system: record.system.clone(),
            networks: Arc::default(),
            environment: record.environment,
            profile: Timeline::new([], |_| true),
            not_before: record.not_before,
            not_after: record.not_after,
        })
    }

    /// Whether its system calls from this address.
    pub(crate) fn may_come_from(&self, address: IpAddr) -> bool {
        self.networks.is_empty() || self.networks.iter().any(|network| network.contains(address))
    }

    /// Whether the technical profile lets it sign at `now`.
    pub(crate) fn is_allowed_at(&self, now: UtcMicros) -> bool {
        self.profile.at(now)
    }

    /// Whether the key may be used at `now`.
    pub(crate) fn is_valid_at(&self, now: UtcMicros) -> bool {
        (self.not_before..self.not_after).contains(&now)
    }
}

/// From where each system calls that does not call from anywhere.
fn networks_of(directory: &Directory) -> HashMap<&SystemId, Arc<[Network]>> {
    let mut networks = HashMap::new();
    for record in directory.records() {
        if let Record::System(system) = record
            && !system.networks.is_empty()
        {
            networks.insert(&system.id, Arc::from(system.networks.as_slice()));
        }
    }
    networks
}

/// The technical profiles of a directory, and what they need to know of systems.
struct Guidance<'d> {
    profiles: Profiles,
    levels: HashMap<&'d SystemId, u8>,
}

impl<'d> Guidance<'d> {
    fn of(directory: &'d Directory) -> Self {
        let level = |record: &'d Record| match record {
            Record::System(system) => Some((&system.id, system.level?)),
            _ => None,
        };
        Self {
            profiles: Profiles::of(directory.records()),
            levels: directory.records().iter().filter_map(level).collect(),
        }
    }

    /// When this credential may sign.
    fn of_credential(&self, credential: &Credential) -> Timeline<bool> {
        let signer = Signer {
            system: &credential.system,
            level: self.levels.get(&credential.system).copied(),
            environment: credential.environment,
            algorithm: credential.key.algorithm(),
            method: Method::HttpSignature,
        };
        let moments = self.profiles.moments(&credential.system);
        Timeline::new(moments, |at| self.profiles.allows(signer, at))
    }

    /// What this service demands when, in each environment.
    fn of_service(&self, id: &ServiceId) -> [Timeline<Demands>; 2] {
        let system = id.system_id();
        let level = self.levels.get(&system).copied();
        Environment::ALL.map(|environment| {
            let moments = self.profiles.moments(&system);
            Timeline::new(moments, |at| self.profiles.demands(id, level, environment, at))
        })
    }
}

/// Why a credential is left out.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("neither its public key nor its secret is here")]
    NoKey,
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Service {
    fn from_record(record: &ServiceRecord) -> Option<Self> {
        let upstream = match Upstream::parse(&record.upstream) {
            Ok(upstream) => upstream,
            Err(reason) => {
                tracing::warn!(service = %record.id, %reason, "service left out");
                return None;
            }
        };
        let sandbox_upstream = record.sandbox_upstream.as_deref().and_then(|upstream| {
            let read = Upstream::parse(upstream).inspect_err(
                |reason| tracing::warn!(service = %record.id, %reason, "sandbox left out"),
            );
            read.ok().map(Arc::new)
        });
        Some(Self {
            id: record.id.clone(),
            name: record.id.to_string().into(),
            upstream: Arc::new(upstream),
            sandbox_upstream,
            timeout: Duration::from_millis(u64::from(record.timeout_ms)),
            records_before_forward: record.record == RecordMode::BeforeForward,
            max_body_bytes: record.max_body_bytes,
            has_signed_answers: record.signed_answers.is_required(),
            demands: Environment::ALL.map(|_| Timeline::new([], |_| Demands::default())),
            has_signed_requests: record.signed_requests.is_required(),
            farewell: Farewell::of(record),
            connections: HashMap::new(),
        })
    }

    /// What is demanded of a call, by the service's terms and by the technical profile.
    pub(crate) fn demands(&self, environment: Environment, now: UtcMicros) -> Demands {
        let [production, sandbox] = &self.demands;
        let demands = match environment {
            Environment::Production => production,
            Environment::Sandbox => sandbox,
        };
        let mut demands = demands.at(now);
        demands.signed_answers |= self.has_signed_answers;
        demands
    }

    /// Where the calls of an environment go, and never those of the other.
    pub(crate) fn upstream(&self, environment: Environment) -> Option<&Arc<Upstream>> {
        match environment {
            Environment::Production => Some(&self.upstream),
            Environment::Sandbox => self.sandbox_upstream.as_ref(),
        }
    }

    /// The connections by which `consumer` may call this service.
    pub(crate) fn connections_of(&self, consumer: &SystemId) -> &[Arc<Connection>] {
        self.connections.get(consumer).map_or(&[], Vec::as_slice)
    }
}

impl Connection {
    fn from_record(record: &ConnectionRecord, rate: Rate, allowance: Arc<Allowance>) -> Self {
        let policy = format!("\"connection\";q={};w=60", record.quota.per_minute);
        Self {
            id: record.id,
            purpose: record.purpose.clone(),
            operations: record.operations.iter().map(Permitted::new).collect(),
            rate,
            allowance,
            rate_policy: policy.into(),
            from: record.from,
            until: record.until,
            is_active: record.active,
            suspended_from: record.suspended_from.unwrap_or(UtcMicros::MAX),
            is_testing: record.testing,
        }
    }

    /// The operation that permits this method on this path, which is relative to the service and
    /// begins with a slash. `HEAD` is permitted where `GET` is: it asks for less of the same
    /// (RFC 9110 §9.3.2).
    pub(crate) fn permit(&self, method: &str, path: &str) -> Option<Arc<str>> {
        let permits = |permitted: &&Permitted| {
            permitted.operation.permits(method, path)
                || (method == "HEAD" && permitted.operation.permits("GET", path))
        };
        self.operations.iter().find(permits).map(|permitted| Arc::clone(&permitted.label))
    }
}

impl Permitted {
    fn new(operation: &Operation) -> Self {
        let label = format!("{} {}", operation.method, operation.path).into();
        Self { operation: operation.clone(), label }
    }
}

impl fmt::Debug for DirectorySnapshot {
    /// Shows how many secrets there are, never one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DirectorySnapshot({} secrets)", self.hmac_secrets.len())
    }
}

#[cfg(test)]
mod tests;
