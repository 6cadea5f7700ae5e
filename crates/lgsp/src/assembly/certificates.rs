//! The certificates of all listeners: read at the start, and again when their files change.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use transport::{Acceptor, Certificates, H2, HTTP_1_1, Refreshed};

use super::problem::StartProblem;
use crate::config::{Config, ListenerConfig};

/// How often the files are looked at; SIGHUP looks at once.
const BETWEEN_LOOKS: Duration = Duration::from_secs(10);

/// How each listener receives connections.
pub(super) struct Acceptors {
    pub(super) control: Acceptor,
    pub(super) gateway: Acceptor,
    pub(super) operations: Acceptor,
    shown: Vec<(&'static str, Arc<Certificates>)>,
}

impl Acceptors {
    /// Reads all certificates and keys.
    pub(super) fn load(config: &Config) -> Result<Self, StartProblem> {
        let mut shown = Vec::new();
        let mut acceptor = |key, listener, alpn| acceptor(key, listener, alpn, &mut shown);
        let (one, both) = (&[HTTP_1_1][..], &[H2, HTTP_1_1][..]);
        Ok(Self {
            control: acceptor("control.tls_certificates", &config.control.listener, one)?,
            gateway: acceptor("gateway.tls_certificates", &config.gateway.listener, both)?,
            operations: acceptor("operations.tls_certificates", &config.operations, one)?,
            shown,
        })
    }

    /// Looks after the files until it is aborted.
    pub(super) fn keep_fresh(&self) -> std::io::Result<JoinHandle<()>> {
        let shown = self.shown.clone();
        let mut hang_up = signal(SignalKind::hangup())?;
        Ok(tokio::spawn(async move {
            let mut tick = tokio::time::interval(BETWEEN_LOOKS);
            loop {
                tokio::select! {
                    _ = tick.tick() => {}
                    _ = hang_up.recv() => {}
                }
                for (key, certificates) in &shown {
                    refresh(key, certificates);
                }
            }
        }))
    }
}

fn acceptor(
    key: &'static str,
    listener: &ListenerConfig,
    alpn: &[&[u8]],
    shown: &mut Vec<(&'static str, Arc<Certificates>)>,
) -> Result<Acceptor, StartProblem> {
    let acceptor = Acceptor::default().behind(listener.proxies.clone(), listener.proxy_protocol);
    if listener.certificates.is_empty() {
        return Ok(acceptor);
    }
    let problem = |reason: String| StartProblem::Certificate { key, reason };
    let certificates = Certificates::load(listener.certificates.clone());
    let certificates = certificates.map_err(|error| problem(error.to_string()))?;
    shown.push((key, Arc::clone(&certificates)));
    let acceptor = acceptor.with_tls(certificates, alpn);
    acceptor.map_err(|error| problem(error.to_string()))
}

fn refresh(key: &str, certificates: &Certificates) {
    match certificates.refresh() {
        Refreshed::Unchanged => {}
        Refreshed::Exchanged => tracing::info!(key, "new certificates are shown from now on"),
        Refreshed::Kept(reason) => tracing::error!(
            key, %reason,
            "the certificate files changed and cannot be used; the old certificates stay"
        ),
    }
}
