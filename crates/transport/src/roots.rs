//! Whom a connection of ours believes: the system's roots and those the operator adds.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::certificates::Certificates;

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
    /// protocols; with `own`, showing a certificate of our own if the server asks.
    pub fn client_config(
        &self,
        alpn: &[&[u8]],
        own: Option<Arc<Certificates>>,
    ) -> Result<ClientConfig, RootsError> {
        let builder = ClientConfig::builder_with_provider(crate::provider());
        let builder = builder.with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| RootsError::Provider(error.to_string()))?;
        let builder = builder.with_root_certificates(Arc::clone(&self.0));
        let mut config = match own {
            Some(own) => builder.with_client_cert_resolver(own),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        Ok(config)
    }

    pub(crate) fn store(&self) -> Arc<RootCertStore> {
        Arc::clone(&self.0)
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
