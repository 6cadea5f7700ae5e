//! One thread's connections to providers.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

use wire::provider_address::is_permitted;

use super::{Upstream, UpstreamFault};
use crate::config::UpstreamConfig;
use crate::held_body::HeldBody;

/// How many bytes of an answer are read ahead of a caller who does not take them, and how long the
/// head of an answer may be.
const READ_AHEAD: usize = 64 << 10;
/// How long a connection whose answer was read may take to be ready for the next request.
const SETTLING: Duration = Duration::from_secs(1);

/// The idle connections of one thread, by authority.
#[derive(Debug)]
pub(crate) struct Pool {
    config: UpstreamConfig,
    idle: Rc<RefCell<IdleLines>>,
}

type IdleLines = HashMap<Box<str>, Vec<Idle>>;

#[derive(Debug)]
struct Idle {
    line: Line,
    since: Instant,
}

/// A connection to a provider. Dropping it cuts it off, whatever is still under way.
#[derive(Debug)]
struct Line {
    sender: SendRequest<HeldBody>,
    task: AbortHandle,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The head of an answer, its body to come, and the connection it comes over.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) response: Response<Incoming>,
    pub(crate) lease: Lease,
}

/// A connection in use. Dropped before it is given back, it is cut off.
#[derive(Debug)]
pub(crate) struct Lease {
    authority: Box<str>,
    line: Line,
}

impl Pool {
    pub(crate) fn new(config: UpstreamConfig) -> Self {
        Self { config, idle: Rc::default() }
    }

    /// Sends a request and waits for the head of its answer; the caller sets the time limit.
    /// Dropping the future cuts the provider off.
    pub(crate) async fn send(
        &self,
        upstream: &Upstream,
        mut request: Request<HeldBody>,
    ) -> Result<Sent, UpstreamFault> {
        while let Some(line) = self.take(&upstream.authority) {
            match self.send_over(line, upstream, request).await? {
                Ok(sent) => return Ok(sent),
                // The provider had closed this idle connection; nothing was sent.
                Err(unsent) => request = unsent,
            }
        }
        let line = self.connect(upstream).await?;
        self.send_over(line, upstream, request).await?.map_err(|_unsent| UpstreamFault::BrokeOff)
    }

    /// The inner error is the request, surely unsent.
    async fn send_over(
        &self,
        mut line: Line,
        upstream: &Upstream,
        request: Request<HeldBody>,
    ) -> Result<Result<Sent, Request<HeldBody>>, UpstreamFault> {
        match line.sender.try_send_request(request).await {
            Ok(response) => {
                let lease = Lease { authority: upstream.authority.clone(), line };
                Ok(Ok(Sent { response, lease }))
            }
            Err(mut failed) => match failed.take_message() {
                Some(unsent) => Ok(Err(unsent)),
                None => Err(fault_of(failed.error())),
            },
        }
    }

    /// The idle connection used last that is still good.
    fn take(&self, authority: &str) -> Option<Line> {
        let mut idle = self.idle.borrow_mut();
        let lines = idle.get_mut(authority)?;
        while let Some(Idle { line, since }) = lines.pop() {
            if !line.sender.is_closed() && since.elapsed() < self.config.keep_idle {
                return Some(line);
            }
        }
        None
    }

    /// Takes back a connection whose answer has been read whole.
    pub(crate) fn give_back(&self, lease: Lease) {
        if lease.line.sender.is_closed() {
            return;
        }
        let most = self.config.idle_per_provider;
        if lease.line.sender.is_ready() {
            keep(&self.idle, lease, most);
            return;
        }
        // It is still settling: a moment later it is ready, or it never will be (a provider that
        // answered without reading the whole request).
        let idle = Rc::clone(&self.idle);
        tokio::task::spawn_local(async move {
            let mut lease = lease;
            if let Ok(Ok(())) = timeout(SETTLING, lease.line.sender.ready()).await {
                keep(&idle, lease, most);
            }
        });
    }

    /// Closes connections that have been idle too long.
    pub(crate) fn sweep(&self) {
        let keep_idle = self.config.keep_idle;
        self.idle.borrow_mut().retain(|_, lines| {
            lines.retain(|idle| !idle.line.sender.is_closed() && idle.since.elapsed() < keep_idle);
            !lines.is_empty()
        });
    }

    async fn connect(&self, upstream: &Upstream) -> Result<Line, UpstreamFault> {
        let stream = timeout(self.config.connect_timeout, self.connect_to_any(upstream))
            .await
            .map_err(|_| UpstreamFault::Unreachable)??;
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(READ_AHEAD)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|_| UpstreamFault::Unreachable)?;
        let task = tokio::task::spawn_local(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a provider's connection ended");
            }
        });
        Ok(Line { sender, task: task.abort_handle() })
    }

    /// Tries the addresses of the name in turn, leaving out those no provider may have.
    async fn connect_to_any(&self, upstream: &Upstream) -> Result<TcpStream, UpstreamFault> {
        let mut fault = UpstreamFault::Unreachable;
        for address in resolve(upstream).await? {
            if !is_permitted(address.ip(), self.config.allow_loopback) {
                tracing::warn!(%upstream, %address, "a provider's address is forbidden");
                fault = UpstreamFault::AddressForbidden;
                continue;
            }
            if let Ok(stream) = TcpStream::connect(address).await {
                // Without it a small request would wait for the acknowledgement of the last one;
                // a system that cannot set it is only slower.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
        }
        Err(fault)
    }
}

fn keep(idle: &RefCell<IdleLines>, lease: Lease, most: usize) {
    let Lease { authority, line } = lease;
    let mut idle = idle.borrow_mut();
    let lines = idle.entry(authority).or_default();
    if lines.len() < most {
        lines.push(Idle { line, since: Instant::now() });
    }
}

async fn resolve(upstream: &Upstream) -> Result<Vec<SocketAddr>, UpstreamFault> {
    if let Ok(ip) = upstream.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, upstream.port)]);
    }
    let found = tokio::net::lookup_host((&*upstream.host, upstream.port)).await;
    found.map(Iterator::collect).map_err(|_| UpstreamFault::Unreachable)
}

/// What an error says about the provider. An error of our own body also ends here; then the
/// body's verdict is what counts.
pub(crate) fn fault_of(error: &hyper::Error) -> UpstreamFault {
    if error.is_parse() || error.is_parse_too_large() {
        UpstreamFault::Malformed
    } else {
        UpstreamFault::BrokeOff
    }
}
