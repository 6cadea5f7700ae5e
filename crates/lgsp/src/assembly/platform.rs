//! From a configuration to a running node, and back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gateway::{ClusterParts, Limits, Parts, ResponseKey, UpstreamConfig};
use keys::PlatformKey;
use registry::{PublicUrls, Registry, RegistryParts};
use tokio::task::JoinHandle;
use transport::{Acceptor, TrustedRoots};
use url::Url;
use wire::ambient::Clock;
use wire::trust::TrustFile;

use super::certificates::Acceptors;
use super::core::Core;
use super::in_force::start_courier;
use super::listeners::Listeners;
use super::membership::{self, Membership};
use super::problem::StartProblem;
use super::readiness::PlatformReadiness;
use super::rehearsal::GatewayJudge;
use super::server::Server;
use super::{code_lists, control, nodes, operations, trust, witnesses};
use crate::ambient::SystemClock;
use crate::config::{Config, GatewayConfig};
use crate::telemetry;

/// How long the control listener's running requests may take to end.
const CONTROL_DRAIN: Duration = Duration::from_secs(5);

/// The platform of one node.
#[derive(Debug)]
pub struct Platform;

/// A running node.
pub struct Running {
    core: Core,
    gateway: gateway::Running,
    control: Server,
    operations: Server,
    /// Serves code lists to gateways, if it is to.
    code_lists: Option<Server>,
    /// Carries each published directory to the gateway.
    courier: JoinHandle<()>,
    /// Keeps the gateway's list of nodes fresh, if there may be several.
    listing: Option<JoinHandle<()>>,
    /// Follows what other nodes publish.
    follower: JoinHandle<()>,
    /// Does what the clock makes due.
    duties: JoinHandle<()>,
    upkeep: JoinHandle<()>,
    /// Shows checkpoints to witnesses, if there are any.
    witnesses: Option<JoinHandle<()>>,
    /// Exchanges certificates whose files change.
    certificates: JoinHandle<()>,
    operations_scheme: &'static str,
    stopping: Arc<AtomicBool>,
    control_url: String,
    gateway_url: String,
    members: Membership,
    drain: Duration,
}

impl Platform {
    /// Starts everything. What was begun when a problem is found is closed again by being dropped.
    pub async fn start(config: Config) -> Result<Running, StartProblem> {
        Self::start_by(config, Arc::new(SystemClock)).await
    }

    /// The same by another clock than the machine's: how tests try what a date brings.
    pub async fn start_by(config: Config, clock: Arc<dyn Clock>) -> Result<Running, StartProblem> {
        let metrics = telemetry::start_metrics().map_err(part("metrics"))?;
        let acceptors = Acceptors::load(&config)?;
        let listeners = Listeners::bind(&config)?;
        let control_address = listeners.control_address()?;
        let mut core = Core::open_by(&config, clock).await?;
        let control_url = base_url(
            config.control.public_url.as_ref(),
            config.control.listener.scheme(),
            control_address,
        );
        let gateway_url = base_url(
            config.gateway.public_urls.first(),
            config.gateway.listener.scheme(),
            listeners.gateway.address,
        );
        let origin = &config.evidence.origin;
        let (members, keeper) =
            membership::join(&core, origin, trust::file(&core.keys, origin)?).await?;

        let public_urls = PublicUrls { control: control_url.clone(), gateway: gateway_url.clone() };
        let registry = open_registry(&core, &config, public_urls).await?;
        let gateway_address = listeners.gateway.address;
        let acceptor = acceptors.gateway.clone();
        let cluster = match listeners.peers {
            Some(peers) => Some(nodes::enter(&config, &mut core, peers).await?),
            None => None,
        };
        let news = membership::News::default();
        let is_one_of_several = cluster.is_some();
        let served = (gateway_address, control_url.as_str());
        let gateway = start_gateway(&config.gateway, acceptor, served, cluster, &mut core)?;
        let listing = is_one_of_several
            .then(|| nodes::keep_listed(core.database.clone(), gateway.nodes(), news.clone()));
        let (in_force, courier) = start_courier(registry.published(), gateway.directory());

        let follower = membership::follow(&core, registry.clone(), keeper, config.follow, news);
        let stopping = Arc::new(AtomicBool::new(false));
        let witnesses = witnesses::start(&core, &config.evidence)?;
        let served = control::Served {
            registry: &registry,
            members: &members,
            gateway_url: &gateway_url,
            in_force,
            cosigned: witnesses.cosigned,
        };
        let routes = control::routes(&core, &config, served);
        let control = Server::start(listeners.control, acceptors.control.clone(), routes)
            .map_err(part("control"))?;
        let serve_lists = |listener| {
            let routes = code_lists::routes(&core, &registry);
            Server::start(listener, Acceptor::default(), routes).map_err(part("code_lists"))
        };
        let code_lists = listeners.code_lists.map(serve_lists).transpose()?;
        let readiness = PlatformReadiness {
            database: core.database.clone(),
            log: core.log.clone(),
            nodes: gateway.nodes(),
            stopping: Arc::clone(&stopping),
        };
        let duties = tokio::spawn(keep_duties(registry.clone()));
        let upkeep = tokio::spawn(telemetry::keep_up(metrics.clone()));
        let probes = operations::routes(readiness, metrics);
        let operations = Server::start(listeners.operations, acceptors.operations.clone(), probes)
            .map_err(part("operations"))?;
        let certificates = acceptors.keep_fresh().map_err(part("certificates"))?;
        tracing::info!(
            control = %control.address, gateway = %gateway.local_addr(),
            operations = %operations.address, %origin, "listening"
        );
        Ok(Running {
            core,
            gateway,
            control,
            operations,
            code_lists,
            courier,
            listing,
            follower,
            duties,
            upkeep,
            witnesses: witnesses.task,
            certificates,
            operations_scheme: config.operations.scheme(),
            stopping,
            control_url,
            gateway_url,
            members,
            drain: config.gateway.drain,
        })
    }
}

impl Running {
    /// Stops: no new calls, running ones end, the log is made durable and signed a last time, the
    /// database is closed.
    ///
    /// A crash anywhere in here is a crash like any other: every acknowledged call is in the log
    /// already, and the next start does the rest.
    pub async fn shutdown(self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.gateway.drain(self.drain).await;
        self.control.stop(CONTROL_DRAIN).await;
        if let Some(code_lists) = self.code_lists {
            code_lists.stop(Duration::ZERO).await;
        }
        self.courier.abort();
        if let Some(listing) = &self.listing {
            listing.abort();
        }
        if let Some(witnesses) = &self.witnesses {
            witnesses.abort();
        }
        self.follower.abort();
        self.duties.abort();
        self.upkeep.abort();
        self.certificates.abort();
        self.core.close().await;
        // Last, so that /healthz and /metrics answer while the rest comes to its end.
        self.operations.stop(Duration::ZERO).await;
    }

    /// The opened stores.
    pub fn core(&self) -> &Core {
        &self.core
    }

    /// Base URL of API, evidence and pages, without a trailing slash.
    pub fn control_url(&self) -> String {
        self.control_url.clone()
    }

    /// Base URL of the calls between systems.
    pub fn gateway_url(&self) -> String {
        self.gateway_url.clone()
    }

    /// Where code lists are served to gateways, if they are.
    pub fn code_lists_url(&self) -> Option<String> {
        self.code_lists.as_ref().map(|server| format!("http://{}", server.address))
    }

    /// Base URL of probes and metrics.
    pub fn operations_url(&self) -> String {
        format!("{}://{}", self.operations_scheme, self.operations.address)
    }

    /// Base URL of the evidence log: the prefix for any tlog-tiles client.
    pub fn log_url(&self) -> String {
        format!("{}{}", self.control_url, control::log_path(self.core.log.origin()))
    }

    /// Which keys are this platform's: those of all its nodes.
    pub fn trust(&self) -> TrustFile {
        self.members.trust.borrow().as_ref().clone()
    }
}

/// Does what the clock makes due, now and every minute, until it is aborted.
async fn keep_duties(registry: Registry) {
    let mut minutes = tokio::time::interval(registry::duty::EVERY);
    minutes.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        minutes.tick().await;
        registry::duty::perform(&registry).await;
    }
}

async fn open_registry(
    core: &Core,
    config: &Config,
    public_urls: PublicUrls,
) -> Result<Registry, StartProblem> {
    let parts = RegistryParts {
        recorder: core.recorder.clone(),
        secrets: core.secrets.clone(),
        directory_key: core.keys.directory.clone(),
        directory_origin: trust::directory_origin(&config.evidence.origin)?,
        allow_loopback: config.gateway.loopback_upstreams,
        nodes_announced: gateway::ANNOUNCED,
        call_judge: Arc::new(GatewayJudge),
        public_urls,
        clock: Arc::clone(&core.clock),
        randomness: Arc::clone(&core.randomness),
    };
    Registry::open(parts).await.map_err(part("the registry"))
}

fn start_gateway(
    config: &GatewayConfig,
    acceptor: Acceptor,
    (address, control_url): (SocketAddr, &str),
    cluster: Option<ClusterParts>,
    core: &mut Core,
) -> Result<gateway::Running, StartProblem> {
    let roots = TrustedRoots::load(config.upstream_ca.as_deref()).map_err(part("the gateway"))?;
    let settings = gateway::GatewayConfig {
        listen: address,
        acceptor,
        h2_without_tls: config.h2_without_tls,
        threads: config.threads,
        public_urls: config.public_urls.clone(),
        control_url: control_url.to_owned(),
        limits: Limits { max_head_bytes: config.max_head_bytes, ..Limits::default() },
        upstream: UpstreamConfig {
            connect_timeout: config.connect_timeout,
            allow_loopback: config.loopback_upstreams,
            roots: Some(roots),
            ..UpstreamConfig::default()
        },
        nonces_per_key: config.nonces_per_key,
    };
    let validity = core.keys.validity(PlatformKey::Response).map_err(part("the gateway"))?;
    let response_key =
        ResponseKey { keyid: validity.keyid.to_string(), key: core.keys.response.clone() };
    let parts = Parts {
        log: core.log.clone(),
        response_key,
        directory: None,
        cluster,
        clock: Arc::clone(&core.clock),
        randomness: Arc::clone(&core.randomness),
        spent_nonces: std::mem::take(&mut core.recovered.spent_nonces),
    };
    gateway::start(settings, parts).map_err(part("the gateway"))
}

/// The URL others use: the public one if there is one, else as it listens.
fn base_url(public: Option<&Url>, scheme: &str, address: SocketAddr) -> String {
    public.map_or_else(
        || format!("{scheme}://{address}"),
        |url| url.as_str().trim_end_matches('/').to_owned(),
    )
}

fn part<E: std::fmt::Display>(part: &'static str) -> impl FnOnce(E) -> StartProblem {
    move |error| StartProblem::Part { part, reason: error.to_string() }
}
