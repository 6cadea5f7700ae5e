//! What the three listeners have in common: an address, certificates, proxies before them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use transport::{CertificateFiles, TrustedProxies};

use super::value::Reader;

/// One listener.
#[derive(Debug, Clone)]
pub struct ListenerConfig {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Its certificates; none: it speaks plain HTTP.
    pub certificates: Vec<CertificateFiles>,
    /// Whose word about a peer counts.
    pub proxies: TrustedProxies,
    /// Whether each connection begins with a PROXY header of version 2.
    pub proxy_protocol: bool,
}

impl ListenerConfig {
    /// Reads the keys of `section`.
    pub(super) fn read(reader: &mut Reader, section: &str, base: &Path) -> Option<Self> {
        let key = |name: &str| format!("{section}.{name}");
        let listen = reader.socket(&key("listen"));
        let chains = reader.list(&key("tls_certificates"));
        let keys = reader.list(&key("tls_keys"));
        let proxies = reader.proxies(&key("trusted_proxies"));
        let proxy_protocol = reader.boolean(&key("proxy_protocol"));
        if proxy_protocol == Some(true) && proxies.as_ref().is_some_and(TrustedProxies::is_empty) {
            reader.note_refused(&key("proxy_protocol"));
        }
        let (chains, keys) = (chains?, keys?);
        if chains.len() != keys.len() {
            reader.note_refused(&key("tls_keys"));
            return None;
        }
        let below = |path: String| -> PathBuf { base.join(path) };
        let pairs = chains.into_iter().zip(keys);
        let certificates = pairs
            .map(|(chain, key)| CertificateFiles { chain: below(chain), key: below(key) })
            .collect();
        Some(Self {
            listen: listen?,
            certificates,
            proxies: proxies?,
            proxy_protocol: proxy_protocol?,
        })
    }

    /// `https` if it has certificates.
    pub fn scheme(&self) -> &'static str {
        if self.certificates.is_empty() { "http" } else { "https" }
    }
}
