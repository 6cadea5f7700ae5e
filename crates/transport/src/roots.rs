//! Whom a connection of ours believes: the system's roots and those the operator adds.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, UnixTime};
use wire::ambient::UtcMicros;

use crate::certificate::{Certificate, CoveredName};

/// Roots that certificates of others must lead to.
#[derive(Debug, Clone)]
pub struct TrustedRoots(Arc<RootCertStore>);

/// Why there are no roots to believe.
#[derive(Debug, thiserror::Error)]
pub enum RootsError {
    /// The file of additional roots cannot be used.
    #[error("{} cannot be used as a list of root certificates: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The provider of cryptography cannot speak TLS 1.2 and 1.3.
    #[error("TLS cannot be spoken: {0}")]
    Provider(String),
}

impl TrustedRoots {
    /// The system's roots, and those in `file` (PEM). A system without any is no error: then only
    /// `file` counts, and without it nobody is believed.
    pub fn load(file: Option<&Path>) -> Result<Self, RootsError> {
        let mut roots = RootCertStore::empty();
        // What the system lists and cannot be read is left out, as every other program does.
        let (_taken, _left_out) =
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = file {
            add(&mut roots, path)?;
        }
        Ok(Self(Arc::new(roots)))
    }

    /// Those in `file` and no others: for peers of a closed circle.
    pub fn only(file: &Path) -> Result<Self, RootsError> {
        let mut roots = RootCertStore::empty();
        add(&mut roots, file)?;
        Ok(Self(Arc::new(roots)))
    }

    /// How connections are made that believe these roots, check the server's name and offer these
    /// protocols.
    pub fn client_config(&self, alpn: &[&[u8]]) -> Result<ClientConfig, RootsError> {
        let builder = ClientConfig::builder_with_provider(crate::provider());
        let builder = builder.with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| RootsError::Provider(error.to_string()))?;
        let builder = builder.with_root_certificates(Arc::clone(&self.0));
        let mut config = builder.with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        Ok(config)
    }

    /// Whether whoever believes these takes the certificate for this name at that moment.
    pub fn believe(&self, certificate: &Certificate, name: &CoveredName, at: UtcMicros) -> bool {
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::clone(&self.0), crate::provider());
        let (Ok(verifier), Ok(since)) = (verifier.build(), u64::try_from(at.as_seconds())) else {
            return false;
        };
        let Some((leaf, chain)) = certificate.certified.cert.split_first() else {
            return false;
        };
        let at = UnixTime::since_unix_epoch(Duration::from_secs(since));
        verifier.verify_server_cert(leaf, chain, name, &[], at).is_ok()
    }
}

fn add(roots: &mut RootCertStore, path: &Path) -> Result<(), RootsError> {
    let refused = |reason: String| RootsError::File { path: path.to_owned(), reason };
    let certificates =
        CertificateDer::pem_file_iter(path).map_err(|error| refused(error.to_string()))?;
    let mut count = 0;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| refused(error.to_string()))?;
        roots.add(certificate).map_err(|error| refused(error.to_string()))?;
        count += 1;
    }
    if count == 0 {
        return Err(refused("it holds no certificate in PEM form".to_owned()));
    }
    Ok(())
}
