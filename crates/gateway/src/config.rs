//! What an operator decides about a gateway.
//!
//! **Invariant**: every wait on a stranger or a provider has an end, and everything kept for one
//! has a bound; they all stand here. **Trust**: `upstream.allow_loopback` lets a service record
//! point at this machine's own services: for demonstrations and tests.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use transport::{Acceptor, TrustedRoots};
use url::Url;

/// One gateway's configuration.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// Where it listens; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// What happens to a connection before HTTP: TLS, and who may speak for others.
    pub acceptor: Acceptor,
    /// Whether a plain connection may begin with HTTP/2's preface (RFC 9113 §3.3). In TLS both
    /// sides agree on HTTP/2 by ALPN, whatever stands here.
    pub h2_without_tls: bool,
    /// How many threads carry calls; 0: one per core.
    pub threads: usize,
    /// The URLs callers may sign for, scheme and authority only; empty: as it listens.
    pub public_urls: Vec<Url>,
    /// Base URL of the listener that explains codes and shows records, without a slash at its end:
    /// refusals link there. Empty: links are relative to this gateway.
    pub control_url: String,
    /// Bounds on what callers send.
    pub limits: Limits,
    /// How providers are reached.
    pub upstream: UpstreamConfig,
    /// How many nonces of one key are remembered at once; more calls are refused.
    pub nonces_per_key: usize,
}

/// Bounds on what callers send, and how slowly.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The longest request head, in bytes.
    pub max_head_bytes: usize,
    /// The most header lines in a request, at most [`MOST_FIELDS`].
    pub max_fields: usize,
    /// The most connections one thread holds, and the most calls it has under way, fewer if the process may not open as many files.
    /// Beyond it, the one that has waited longest without a whole head is closed for a new one;
    /// if all have calls under way, further callers wait to be accepted.
    pub connections_per_thread: usize,
    /// How many calls one HTTP/2 connection may have under way.
    pub streams_per_connection: u32,
    /// How long a connection may stay open between two calls.
    pub idle: Duration,
    /// How long a begun head may take to arrive whole, and a new connection to begin its first.
    pub head: Duration,
    /// How long a body, in either direction, may make no progress.
    pub body_idle: Duration,
    /// How slowly a body may come on average, from callers and providers, once its receiver has
    /// waited for `body_idle` altogether.
    pub body_bytes_per_second: u64,
}

/// How providers are reached.
#[derive(Debug, Clone)]
pub struct UpstreamConfig {
    /// How long resolving and connecting may take together.
    pub connect_timeout: Duration,
    /// How long an unused connection is kept.
    pub keep_idle: Duration,
    /// How many unused connections one thread keeps per provider.
    pub idle_per_provider: usize,
    /// Whether a service may stand on this machine's loopback addresses.
    pub allow_loopback: bool,
    /// Whom providers' certificates must lead to; `None`: the system's roots.
    pub roots: Option<TrustedRoots>,
}

/// The ceiling of [`Limits::max_fields`].
pub const MOST_FIELDS: usize = 128;

impl GatewayConfig {
    /// The number of threads to start, at least one.
    pub(crate) fn thread_count(&self) -> usize {
        if self.threads > 0 {
            return self.threads;
        }
        std::thread::available_parallelism().map_or(1, usize::from)
    }
}

impl Default for GatewayConfig {
    /// Listens on a free loopback port, with bounds fit for one node.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            acceptor: Acceptor::default(),
            h2_without_tls: false,
            threads: 0,
            public_urls: Vec::new(),
            control_url: String::new(),
            limits: Limits::default(),
            upstream: UpstreamConfig::default(),
            nonces_per_key: 500_000,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_head_bytes: 16 * 1024,
            max_fields: 100,
            connections_per_thread: 10_000,
            streams_per_connection: 100,
            idle: Duration::from_secs(75),
            head: Duration::from_secs(10),
            body_idle: Duration::from_secs(30),
            body_bytes_per_second: 1024,
        }
    }
}

impl Default for UpstreamConfig {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            keep_idle: Duration::from_secs(30),
            idle_per_provider: 512,
            allow_loopback: false,
            roots: None,
        }
    }
}
