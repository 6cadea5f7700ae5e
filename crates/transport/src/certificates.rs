//! The certificates a listener shows, exchanged while it runs.
//!
//! **Invariant**: a listener always has whole, fitting certificates: new files are taken all
//! together or not at all, and connections that stand are not touched. **Trust**: whoever can
//! write these files decides who this listener is.

use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::ServerName;
use wire::merkle::Hash;

use crate::certificate::{Certificate, CertificateError, CertificateFiles, content_of};

/// One or more certificates; by the name a client asks for (SNI) one is chosen, else the first.
#[derive(Debug)]
pub struct Certificates {
    files: Vec<CertificateFiles>,
    current: ArcSwap<Vec<Certificate>>,
    /// The content that was last found and could not be used, so that it is told once.
    unusable: Mutex<Option<Vec<Option<Hash>>>>,
}

/// What a look at the files gave.
#[derive(Debug)]
pub enum Refreshed {
    /// They are as they were, or as broken as the last time.
    Unchanged,
    /// New handshakes show the new certificates.
    Exchanged,
    /// They changed and cannot be used: the old certificates stay.
    Kept(CertificateError),
}

impl Certificates {
    /// Loads all of them.
    pub fn load(files: Vec<CertificateFiles>) -> Result<Arc<Self>, CertificateError> {
        let loaded = load_all(&files)?;
        Ok(Arc::new(Self {
            files,
            current: ArcSwap::from_pointee(loaded),
            unusable: Mutex::default(),
        }))
    }

    /// Looks whether the files have changed. Files are replaced one after the other, so a
    /// certificate may for a moment stand beside the old key: then the old pair stays.
    pub fn refresh(&self) -> Refreshed {
        let found: Vec<_> = self.files.iter().map(content_of).collect();
        let is_current = self.current.load().iter().map(|one| Some(one.content)).eq(found.clone());
        let mut unusable = self.unusable.lock();
        if is_current {
            *unusable = None;
            return Refreshed::Unchanged;
        }
        if unusable.as_ref() == Some(&found) {
            return Refreshed::Unchanged;
        }
        match load_all(&self.files) {
            Ok(loaded) => {
                self.current.store(Arc::new(loaded));
                *unusable = None;
                Refreshed::Exchanged
            }
            Err(error) => {
                *unusable = Some(found);
                Refreshed::Kept(error)
            }
        }
    }

    /// What is shown now.
    pub fn current(&self) -> Arc<Vec<Certificate>> {
        self.current.load_full()
    }

    fn choose(&self, name: Option<&str>) -> Option<Arc<CertifiedKey>> {
        let current = self.current.load();
        let name = name.and_then(|name| ServerName::try_from(name).ok());
        let asked = name.and_then(|name| current.iter().find(|one| one.covers(&name)));
        asked.or(current.first()).map(|one| Arc::clone(&one.certified))
    }
}

fn load_all(files: &[CertificateFiles]) -> Result<Vec<Certificate>, CertificateError> {
    if files.is_empty() {
        return Err(CertificateError::None);
    }
    files.iter().map(Certificate::load).collect()
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.choose(hello.server_name())
    }
}
