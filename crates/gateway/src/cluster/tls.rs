//! TLS between nodes: each side shows the one certificate that the list of nodes has for it.
//!
//! **Invariant**: no connection without a certificate of the list on both sides; the certificates
//! are their own trust anchors, so there is no authority to deceive. TLS 1.3 only, and no resumed
//! sessions: a node that leaves the list is out.

use std::sync::Arc;

use keys::PeerKey;
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// The protocol's name in the handshake: nodes that share no version get no connection.
pub(super) const PROTOCOL: &[u8] = b"lgsp-peer/1";

/// This node towards the others.
pub(super) struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl Identity {
    /// Refuses a key that cannot sign.
    pub(super) fn new(key: &PeerKey) -> Result<Self, rustls::Error> {
        let pkcs8 = PrivatePkcs8KeyDer::from(key.to_pkcs8_der().to_vec());
        let provider = Arc::new(aws_lc_rs::default_provider());
        let key_der = PrivateKeyDer::Pkcs8(pkcs8);
        provider.key_provider.load_private_key(key_der.clone_key())?;
        let certificate = CertificateDer::from(key.certificate().to_vec());
        Ok(Self { certificate, key: key_der, provider })
    }

    /// How nodes with these certificates are received; `None` if there are none but our own.
    pub(super) fn acceptor(&self, certificates: &[Vec<u8>]) -> Option<Arc<ServerConfig>> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            if certificate.as_slice() != self.certificate.as_ref()
                && let Err(error) = roots.add(CertificateDer::from(certificate.clone()))
            {
                tracing::warn!(%error, "the certificate of a node is none; it cannot ask");
            }
        }
        if roots.is_empty() {
            return None;
        }
        let made = self.server_config(roots);
        made.inspect_err(|error| tracing::error!(%error, "other nodes cannot be received")).ok()
    }

    fn server_config(&self, roots: RootCertStore) -> Result<Arc<ServerConfig>, rustls::Error> {
        let provider = Arc::clone(&self.provider);
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .map_err(|error| rustls::Error::General(error.to_string()))?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![self.certificate.clone()], self.key.clone_key())?;
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }

    /// How the node with this certificate is asked.
    pub(super) fn connector(&self, certificate: &[u8]) -> Option<Arc<ClientConfig>> {
        let made = self.client_config(certificate);
        made.inspect_err(|error| tracing::warn!(%error, "a node of the list cannot be asked")).ok()
    }

    fn client_config(&self, certificate: &[u8]) -> Result<Arc<ClientConfig>, rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(certificate.to_vec()))?;
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![self.certificate.clone()], self.key.clone_key())?;
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        config.resumption = Resumption::disabled();
        Ok(Arc::new(config))
    }
}
