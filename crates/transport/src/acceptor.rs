//! What happens to a connection before its first byte of HTTP.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::certificates::Certificates;
use crate::proxy_header::{self, BadProxyHeader};
use crate::stream::Stream;
use crate::trusted_proxies::TrustedProxies;

/// How one listener receives connections. By default: plain, from everybody.
#[derive(Debug, Clone, Default)]
pub struct Acceptor {
    tls: Option<Arc<ServerConfig>>,
    proxies: TrustedProxies,
    expects_proxy_header: bool,
}

/// A connection and who is at its other end.
#[derive(Debug)]
pub struct Arrived {
    /// What can be read and written.
    pub stream: Stream,
    /// The peer or, if a trusted proxy names one, the source.
    pub peer: IpAddr,
}

/// Why a connection is not served. Nothing can be answered to it.
#[derive(Debug, thiserror::Error)]
pub enum NotAccepted {
    /// On this listener only trusted proxies are heard.
    #[error("the peer is no trusted proxy")]
    Stranger,
    /// Its first bytes are no PROXY header.
    #[error("{0}")]
    ProxyHeader(String),
    /// No session came about.
    #[error("the TLS handshake failed: {0}")]
    Handshake(std::io::Error),
}

impl Acceptor {
    /// Speaks TLS 1.2 and 1.3 with these certificates, offering these protocols.
    pub fn with_tls(
        mut self,
        certificates: Arc<Certificates>,
        alpn: &[&[u8]],
    ) -> Result<Self, rustls::Error> {
        let builder = ServerConfig::builder_with_provider(crate::provider())
            .with_safe_default_protocol_versions()?;
        let builder = builder.with_no_client_auth();
        let mut config = builder.with_cert_resolver(certificates);
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        // Tickets are sealed with keys of this process, changed every few hours, so resuming needs
        // no memory per session; there is no early data, which could be replayed.
        config.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new()?;
        self.tls = Some(Arc::new(config));
        Ok(self)
    }

    /// Whose word about a caller counts; with `expects_header`, every connection must come from
    /// one of them and begin with a PROXY header of version 2.
    #[must_use]
    pub fn behind(mut self, proxies: TrustedProxies, expects_header: bool) -> Self {
        self.proxies = proxies;
        self.expects_proxy_header = expects_header;
        self
    }

    /// Whether it speaks TLS.
    pub fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Whose word about a caller counts.
    pub fn proxies(&self) -> &TrustedProxies {
        &self.proxies
    }

    /// Reads what stands before HTTP. Dropping the future closes the connection; the caller sets
    /// the time limit.
    pub async fn accept(
        &self,
        mut stream: TcpStream,
        peer: IpAddr,
    ) -> Result<Arrived, NotAccepted> {
        let mut peer = peer;
        if self.expects_proxy_header {
            if !self.proxies.contain(peer) {
                return Err(NotAccepted::Stranger);
            }
            let source = proxy_header::read(&mut stream).await;
            let refused = |bad: BadProxyHeader| NotAccepted::ProxyHeader(bad.to_string());
            peer = source.map_err(refused)?.unwrap_or(peer);
        }
        let stream = match &self.tls {
            None => Stream::Plain(stream),
            Some(config) => {
                let accepting = TlsAcceptor::from(Arc::clone(config)).accept(stream);
                Stream::Tls(Box::new(accepting.await.map_err(NotAccepted::Handshake)?))
            }
        };
        Ok(Arrived { stream, peer })
    }
}
