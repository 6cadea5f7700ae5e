//! From a service's address to a connection that can be asked.
//!
//! **Invariant**: every address is judged before it is connected to, and in TLS nothing is sent
//! before certificate and name were verified. There is no way to leave that out.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hyper::client::conn::http2;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use transport::{CertificateFault, certificate_fault};
use wire::provider_address::is_permitted;

use super::h1::Line;
use super::line::{Cut, MOST_STREAMS, SharedLine};
use super::{Upstream, UpstreamFault};
use crate::config::UpstreamConfig;
use crate::held_body::HeldBody;

/// A new connection, of whichever protocol the provider speaks.
pub(super) enum Connected {
    /// HTTP/1.1: one request at a time.
    Line(Line),
    /// HTTP/2: several at once.
    Shared(SharedLine),
}

impl Connected {
    /// The connection, if others may use it too.
    pub(super) fn shared(&self) -> Option<SharedLine> {
        match self {
            Self::Line(_) => None,
            Self::Shared(line) => Some(line.clone()),
        }
    }
}

/// How much of one answer may be on its way.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
/// How much of all answers of a connection may be: as much as its streams together, so that callers
/// who do not take their answers never hold up the others'.
const CONNECTION_WINDOW_BYTES: u32 = MOST_STREAMS * STREAM_WINDOW_BYTES;
/// How often a provider that owes answers is asked whether it is still there, and how long it may
/// take to say so: all calls over a connection that died silently are lost, not one.
const PING: Duration = Duration::from_secs(5);
/// The longest head of an answer.
const MOST_HEADER_BYTES: u32 = 64 * 1024;

/// Resolves, connects and, for `https`, shakes hands, all within the limit.
pub(super) async fn connect(
    upstream: &Upstream,
    config: &UpstreamConfig,
    tls: &TlsConnector,
) -> Result<Connected, UpstreamFault> {
    let connecting = async {
        let stream = connect_to_any(upstream, config).await?;
        if !upstream.is_tls {
            return Ok(Connected::Line(Line::new(stream)));
        }
        let name = ServerName::try_from(upstream.host.to_string())
            .map_err(|_| UpstreamFault::Certificate(CertificateFault::WrongName))?;
        let stream =
            tls.connect(name, stream).await.map_err(|error| match certificate_fault(&error) {
                Some(fault) => UpstreamFault::Certificate(fault),
                // Closed in the middle of a handshake: whoever listens there does not want one.
                None => UpstreamFault::Certificate(CertificateFault::Handshake),
            })?;
        if stream.get_ref().1.alpn_protocol() == Some(transport::H2) {
            return shared(stream, config).await;
        }
        Ok(Connected::Line(Line::new(stream)))
    };
    timeout(config.connect_timeout, connecting).await.map_err(|_| UpstreamFault::Unreachable)?
}

async fn shared<S>(stream: S, config: &UpstreamConfig) -> Result<Connected, UpstreamFault>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let (sender, connection) = http2::Builder::new(LocalTasks)
        .timer(TokioTimer::new())
        .keep_alive_interval(config.keep_idle.min(PING))
        .keep_alive_timeout(config.keep_idle.min(PING))
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_header_list_size(MOST_HEADER_BYTES)
        .handshake::<_, HeldBody>(TokioIo::new(stream))
        .await
        .map_err(|_| UpstreamFault::Unreachable)?;
    Ok(Connected::Shared(SharedLine::new(sender, Cut::carrying(connection))))
}

/// Runs hyper's tasks on this thread.
#[derive(Debug, Clone, Copy)]
struct LocalTasks;

impl<F: Future<Output = ()> + 'static> hyper::rt::Executor<F> for LocalTasks {
    fn execute(&self, task: F) {
        tokio::task::spawn_local(task);
    }
}

/// Tries the addresses of the name in turn, leaving out those no provider may have.
async fn connect_to_any(
    upstream: &Upstream,
    config: &UpstreamConfig,
) -> Result<TcpStream, UpstreamFault> {
    let mut fault = UpstreamFault::Unreachable;
    for address in resolve(upstream).await? {
        if !is_permitted(address.ip(), config.allow_loopback) {
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

async fn resolve(upstream: &Upstream) -> Result<Vec<SocketAddr>, UpstreamFault> {
    if let Ok(ip) = upstream.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, upstream.port)]);
    }
    let found = tokio::net::lookup_host((&*upstream.host, upstream.port)).await;
    found.map(Iterator::collect).map_err(|_| UpstreamFault::Unreachable)
}
