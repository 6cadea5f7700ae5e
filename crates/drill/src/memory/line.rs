//! One connection to the gateway, written to and read from by hand.

use std::net::SocketAddr;
use std::sync::Arc;

use client::Signed;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use testkit::authority::Authority;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

pub(super) struct Line(BufReader<Box<dyn Wire>>);

/// Speaks TLS to whom this root vouches for.
pub(super) fn connector(authority: &Authority) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.unwrap().with_root_certificates(roots).with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

impl Line {
    pub(super) async fn connect(gateway: SocketAddr, tls: Option<&TlsConnector>) -> Self {
        let stream = TcpStream::connect(gateway).await.unwrap();
        let wire: Box<dyn Wire> = match tls {
            None => Box::new(stream),
            Some(tls) => {
                Box::new(tls.connect(ServerName::from(gateway.ip()), stream).await.unwrap())
            }
        };
        // A small buffer of its own: ten thousand of these stand on the caller's side too.
        Self(BufReader::with_capacity(1024, wire))
    }

    /// Sends a GET.
    pub(super) async fn ask(&mut self, gateway: SocketAddr, path: &str, signed: &Signed) {
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: {gateway}\r\nsignature-input: {}\r\nsignature: {}\r\n\r\n",
            signed.signature_input, signed.signature
        );
        self.0.write_all(head.as_bytes()).await.unwrap();
    }

    /// Reads a whole answer; returns its status, `None` if the connection is over.
    pub(super) async fn answer(&mut self) -> Option<u16> {
        let mut first = String::new();
        if self.0.read_line(&mut first).await.ok()? == 0 {
            return None;
        }
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await.ok()?;
            if line.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap();
            }
        }
        self.0.read_exact(&mut vec![0; length]).await.ok()?;
        first.split(' ').nth(1)?.parse().ok()
    }
}
