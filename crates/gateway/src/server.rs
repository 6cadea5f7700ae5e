//! The threads: each accepts on a socket of its own and carries its connections to their end.
//!
//! **Invariant**: after [`Running::drain`] no call is under way, and every call that was has its
//! entry or its intent in the log. **Trust**: threads share nothing but [`Gate`].

mod connection;
mod listen;
mod seats;

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use evidence::{Log, SpentNonce};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use transport::{RootsError, TrustedRoots};
use wire::ambient::{Clock, Randomness};

use self::seats::Seats;
use crate::cluster::{Cluster, ClusterParts, Lines, NodeSlot};
use crate::config::{GatewayConfig, UpstreamConfig};
use crate::gate::{DateLine, Gate, ResponseKey};
use crate::metrics::Meters;
use crate::nonces::Nonces;
use crate::routes::{DirectorySnapshot, Routes};
use crate::target::{BadPublicUrl, PublicUrls, Scheme};
use crate::upstream::Pool;
use crate::{cluster, metrics};

/// What a gateway is built from.
pub struct Parts {
    /// The log that calls are recorded in; closed by its owner, after the drain.
    pub log: Log,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// For request ids and salts.
    pub randomness: Arc<dyn Randomness>,
    /// Nonces spent before the start, as the log recovered them.
    pub spent_nonces: Vec<SpentNonce>,
    /// Signs answers for callers that ask for it.
    pub response_key: ResponseKey,
    /// The directory in force; until there is one, calls are refused with `platform.no_directory`.
    pub directory: Option<DirectorySnapshot>,
    /// What it takes to be one of several gateways; `None`: it is the only one.
    pub cluster: Option<ClusterParts>,
}

/// Why a gateway does not start. All are the operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, or not this machine's, or needs a right.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// Where it should have listened.
        address: SocketAddr,
        /// What the system said.
        reason: std::io::Error,
    },
    /// A public URL that cannot be signed for.
    #[error(transparent)]
    PublicUrl(#[from] BadPublicUrl),
    /// The key towards other nodes cannot be used.
    #[error("the key towards other nodes cannot be used: {0}")]
    PeerKey(rustls::Error),
    /// There are no roots to verify providers by.
    #[error("providers cannot be verified: {0}")]
    Roots(#[from] RootsError),
    /// The system gives no thread.
    #[error("cannot start a thread for calls: {0}")]
    Thread(std::io::Error),
}

/// A gateway that carries calls. Dropping it cuts them off; [`drain`](Self::drain) lets them end.
#[derive(Debug)]
pub struct Running {
    gate: Arc<Gate>,
    address: SocketAddr,
    phase: watch::Sender<Phase>,
    /// Closed when the last thread has ended.
    ended: mpsc::Receiver<()>,
    /// Closed when no node is answered any more.
    peers_ended: mpsc::Receiver<()>,
}

/// Installs directories in a running gateway.
#[derive(Debug, Clone)]
pub struct DirectorySlot(Arc<Gate>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Serving,
    /// No new calls; those at hand are carried to their end.
    Draining,
    /// Connections are dropped.
    Ending,
}

/// What one thread has to itself.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) gate: Arc<Gate>,
    pub(crate) pool: Rc<Pool>,
    pub(crate) seats: Seats,
    /// One permit per call under way, so that streams of HTTP/2 use no more of this process's files
    /// than connections would.
    pub(crate) calls: Arc<Semaphore>,
    /// To the other nodes.
    pub(crate) lines: Lines,
    pub(crate) meters: Meters,
    /// This thread's handle to the log.
    pub(crate) log: Log,
}

/// How often unused connections, old nonces and finished minutes are looked through.
const HOUSEKEEPING: Duration = Duration::from_secs(1);
/// How long to wait when the system cannot accept (no file descriptors left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Starts a gateway. It listens when this returns.
pub fn start(config: GatewayConfig, parts: Parts) -> Result<Running, StartError> {
    let threads = config.thread_count();
    let listen = config.listen;
    let listeners = listen::bind(listen, threads)
        .map_err(|reason| StartError::Listen { address: listen, reason })?;
    let address = listeners.address;
    metrics::describe();
    let tls = connector(&config.upstream)?;
    let most = seats::per_thread(&config.limits, threads);
    let routes = parts.directory.map(|directory| Routes::compile(&directory, None));
    let scheme = if config.acceptor.is_tls() { Scheme::Https } else { Scheme::Http };
    let cluster = parts.cluster.map(Cluster::new).transpose().map_err(StartError::PeerKey)?;
    let (cluster, peers) = cluster.unzip();
    let gate = Arc::new(Gate {
        public_urls: PublicUrls::new(&config.public_urls, address, scheme)?,
        cluster,
        nonces: Nonces::new(config.nonces_per_key, parts.spent_nonces),
        log: parts.log,
        clock: parts.clock,
        randomness: parts.randomness,
        fold: Arc::default(),
        routes: ArcSwap::from_pointee(routes.unwrap_or_default()),
        response_key: parts.response_key,
        date: DateLine::default(),
        is_ending: AtomicBool::new(false),
        config,
    });
    let (phase, _) = watch::channel(Phase::Serving);
    let (alive, ended) = mpsc::channel(1);
    for (number, listener) in listeners.sockets.into_iter().enumerate() {
        let (gate, phase, alive) = (Arc::clone(&gate), phase.subscribe(), alive.clone());
        let tls = tls.clone();
        let runtime = runtime()?;
        let run = move || {
            let (log, answers) = gate.log.for_thread();
            let worker = Rc::new(Worker::new(gate, most, tls, log));
            LocalSet::new().block_on(&runtime, async {
                let answers = tokio::task::spawn_local(answers);
                serve(worker, listener, phase, most, number == 0).await;
                answers.abort();
            });
            drop(alive);
        };
        std::thread::Builder::new()
            .name(format!("gateway-{number}"))
            .spawn(run)
            .map_err(StartError::Thread)?;
    }
    drop(alive);
    let (alive, peers_ended) = mpsc::channel(1);
    if let Some(listener) = peers {
        let (gate, phase) = (Arc::clone(&gate), phase.subscribe());
        let runtime = runtime()?;
        let run = move || {
            LocalSet::new().block_on(&runtime, cluster::serve(gate, listener, phase));
            drop(alive);
        };
        std::thread::Builder::new()
            .name("gateway-peers".to_owned())
            .spawn(run)
            .map_err(StartError::Thread)?;
    }
    Ok(Running { gate, address, phase, ended, peers_ended })
}

fn runtime() -> Result<tokio::runtime::Runtime, StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(StartError::Thread)
}

/// How providers are spoken to in TLS; sessions to resume are shared by all threads.
fn connector(config: &UpstreamConfig) -> Result<TlsConnector, RootsError> {
    let roots = match &config.roots {
        Some(roots) => roots.clone(),
        None => TrustedRoots::load(None)?,
    };
    let config = roots.client_config(&[transport::H2, transport::HTTP_1_1])?;
    Ok(TlsConnector::from(Arc::new(config)))
}

impl Running {
    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The place to put directories, for whoever watches for new ones.
    pub fn directory(&self) -> DirectorySlot {
        DirectorySlot(Arc::clone(&self.gate))
    }

    /// The place to put lists of nodes, for whoever watches for new ones.
    pub fn nodes(&self) -> NodeSlot {
        NodeSlot(Arc::clone(&self.gate))
    }

    /// Lets the next calls be decided by this directory; those under way keep theirs.
    pub fn install(&self, snapshot: &DirectorySnapshot) {
        self.gate.install(snapshot);
    }

    /// Takes no new calls and waits for those at hand, at most for `patience`; then cuts off what
    /// is left (recorded as aborted) and records the counts of strangers.
    pub async fn drain(mut self, patience: Duration) {
        self.phase.send_replace(Phase::Draining);
        if timeout(patience, self.ended.recv()).await.is_err() {
            self.end();
            self.ended.recv().await;
        }
        // Other nodes are answered until the last call has ended.
        self.phase.send_replace(Phase::Ending);
        self.peers_ended.recv().await;
        self.gate.fold.flush(&self.gate.log, None).await;
    }

    fn end(&self) {
        self.gate.is_ending.store(true, Ordering::Release);
        self.phase.send_replace(Phase::Ending);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

impl DirectorySlot {
    /// See [`Running::install`].
    pub fn install(&self, snapshot: &DirectorySnapshot) {
        self.0.install(snapshot);
    }
}

impl Worker {
    fn new(gate: Arc<Gate>, most: usize, tls: TlsConnector, log: Log) -> Self {
        let pool = Rc::new(Pool::new(gate.config.upstream.clone(), tls));
        let calls = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        let (seats, lines) = (Seats::default(), Lines::default());
        Self { gate, pool, seats, calls, lines, meters: Meters::new(), log }
    }
}

/// One thread: accepts until the drain, then waits for its connections.
async fn serve(
    worker: Rc<Worker>,
    listener: std::net::TcpListener,
    mut phase: watch::Receiver<Phase>,
    most: usize,
    is_first: bool,
) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "a listening socket cannot be used"),
    };
    let housekeeping = tokio::task::spawn_local(keep_house(Rc::clone(&worker), is_first));
    let mut connections = JoinSet::new();
    let mut draining = phase.clone();
    // Accepted, but without a seat until another leaves.
    let mut at_the_door: Option<(TcpStream, SocketAddr)> = None;
    let mut is_leaving = false;
    loop {
        if connections.len() < most
            && let Some((stream, peer)) = at_the_door.take()
        {
            // A system that cannot set it is only slower.
            let _ = stream.set_nodelay(true);
            let (worker, phase) = (Rc::clone(&worker), phase.clone());
            connections.spawn_local(async move {
                let _held = metrics::connection();
                connection::serve(stream, peer.ip(), &worker, phase).await;
            });
        }
        is_leaving = at_the_door.is_some() && (is_leaving || worker.seats.dismiss_one());
        tokio::select! {
            biased;
            _ = draining.wait_for(|phase| *phase != Phase::Serving) => break,
            Some(_) = connections.join_next() => is_leaving = false,
            () = worker.seats.someone_waits(), if at_the_door.is_some() => {}
            accepted = listener.accept(), if at_the_door.is_none() => match accepted {
                Ok(accepted) => at_the_door = Some(accepted),
                Err(error) => {
                    tracing::warn!(%error, "a connection cannot be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
    drop(listener);
    tokio::select! {
        _ = phase.wait_for(|phase| *phase == Phase::Ending) => {}
        () = async { while connections.join_next().await.is_some() {} } => {}
    }
    housekeeping.abort();
}

/// Each second: closes idle connections; the first thread also looks after what all share.
async fn keep_house(worker: Rc<Worker>, is_first: bool) {
    let mut tick = tokio::time::interval(HOUSEKEEPING);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        worker.pool.sweep();
        if is_first {
            let now = worker.gate.clock.now();
            worker.gate.nonces.sweep(now);
            worker.gate.fold.flush(&worker.gate.log, Some(now)).await;
        }
    }
}
