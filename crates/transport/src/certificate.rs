//! One certificate with its chain and key, as it stands in two PEM files.

use std::fmt;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use wire::ambient::UtcMicros;
use wire::merkle::{Hash, sha256};
use x509_cert::der::Decode as _;

/// Where a certificate and its key stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate first, then those that lead to a root; PEM.
    pub chain: PathBuf,
    /// Its private key; PEM, PKCS#8 or the older forms.
    pub key: PathBuf,
}

/// A certificate that fits its key.
#[derive(Debug, Clone)]
pub struct Certificate {
    pub(crate) certified: Arc<CertifiedKey>,
    /// From when it counts.
    pub not_before: UtcMicros,
    /// Until when it counts.
    pub not_after: UtcMicros,
    /// Tells whether the files are still the same.
    pub(crate) content: Hash,
}

/// A host of a URL, as certificates name it.
pub type CoveredName = ServerName<'static>;

/// Why a certificate cannot be used. The operator's to mend.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CertificateError {
    /// A file is not there or may not be read.
    #[error("{} cannot be read: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Others than the owner may read the key.
    #[error(
        "{} has mode {mode:04o}, which lets others at the key; it must be 0600 (chmod 600 '{}')",
        path.display(), path.display()
    )]
    KeyOpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file does not hold what it should.
    #[error("{} holds no {expected} in PEM form", path.display())]
    NotPem {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        expected: &'static str,
    },
    /// The certificate is not one.
    #[error("the certificate in {} cannot be read: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The key is another certificate's, or of an unknown kind.
    #[error("the key in {} does not belong to the certificate in {}: {reason}", files.key.display(), files.chain.display())]
    KeyDoesNotFit {
        /// Both files.
        files: CertificateFiles,
        /// What was found.
        reason: String,
    },
    /// No certificate is named at all.
    #[error("no certificate is named")]
    None,
}

impl Certificate {
    /// Reads both files and sees whether they belong together.
    pub fn load(files: &CertificateFiles) -> Result<Self, CertificateError> {
        let (chain_text, key_text) = (read(&files.chain)?, read_key(&files.key)?);
        let content = sha256(&[&chain_text, &key_text]);
        let not_pem =
            |path: &Path, expected| CertificateError::NotPem { path: path.to_owned(), expected };
        let chain = CertificateDer::pem_slice_iter(&chain_text).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|_| not_pem(&files.chain, "certificate"))?;
        let leaf = chain.first().ok_or_else(|| not_pem(&files.chain, "certificate"))?;
        let (not_before, not_after) = validity(leaf)
            .map_err(|reason| CertificateError::Malformed { path: files.chain.clone(), reason })?;
        let key = PrivateKeyDer::from_pem_slice(&key_text);
        let key = key.map_err(|_| not_pem(&files.key, "private key"))?;
        let certified = CertifiedKey::from_der(chain, key, &crate::provider());
        let certified = certified.map_err(|error| CertificateError::KeyDoesNotFit {
            files: files.clone(),
            reason: error.to_string(),
        })?;
        Ok(Self { certified: Arc::new(certified), not_before, not_after, content })
    }

    /// Whether it is the certificate of this name.
    pub fn covers(&self, name: &ServerName<'_>) -> bool {
        let Some(leaf) = self.certified.cert.first() else {
            return false;
        };
        ParsedCertificate::try_from(leaf)
            .is_ok_and(|leaf| rustls::client::verify_server_name(&leaf, name).is_ok())
    }
}

/// What the two files hold now; `None` if either cannot be read.
pub(crate) fn content_of(files: &CertificateFiles) -> Option<Hash> {
    let chain = std::fs::read(&files.chain).ok()?;
    let key = std::fs::read(&files.key).ok()?;
    Some(sha256(&[&chain, &key]))
}

fn read(path: &Path) -> Result<Vec<u8>, CertificateError> {
    std::fs::read(path).map_err(|error| unreadable(path, &error))
}

/// A key that others can read may have been read.
fn read_key(path: &Path) -> Result<Vec<u8>, CertificateError> {
    let found = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    let mode = found.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(CertificateError::KeyOpenToOthers { path: path.to_owned(), mode });
    }
    read(path)
}

fn unreadable(path: &Path, error: &std::io::Error) -> CertificateError {
    CertificateError::Unreadable { path: path.to_owned(), reason: error.to_string() }
}

fn validity(leaf: &CertificateDer<'_>) -> Result<(UtcMicros, UtcMicros), String> {
    let certificate =
        x509_cert::Certificate::from_der(leaf.as_ref()).map_err(|error| error.to_string())?;
    let validity = certificate.tbs_certificate.validity;
    let moment = |time: x509_cert::time::Time| {
        i64::try_from(time.to_unix_duration().as_secs()).map(UtcMicros::from_seconds)
    };
    let both = (moment(validity.not_before), moment(validity.not_after));
    match both {
        (Ok(from), Ok(until)) => Ok((from, until)),
        _ => Err("its dates are out of range".to_owned()),
    }
}

impl fmt::Display for CertificateFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.chain.display())
    }
}
