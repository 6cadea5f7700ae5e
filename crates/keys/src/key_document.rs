//! Certificates (X.509, RFC 5280) and certificate requests (PKCS#10, RFC 2986) as organisations hand
//! them in: containers of a public key that say more than the key does.
//!
//! Of a certificate its key, its dates and what it says of its key's use count; who signed it is
//! kept for people and not judged, for the registry and no authority says whose a key is. A request is
//! signed by its own key, which proves that whoever made it has the private one.
//!
//! Read on: `key_document/private.rs` for what is refused before it is read.
//!
//! **Invariant**: what is no strict DER, whole and alone, is refused; so is a weak key, wherever it
//! stands. **Trust**: a certificate is public, so that anyone can hand in another's: that gives them
//! nothing, for they cannot sign; a request shows that they can.

mod certificate;
mod private;
mod refused;
mod request;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkcs8::der::asn1::UintRef;
use pkcs8::der::{Decode as _, Encode as _, Reader as _, SliceReader};
use wire::ambient::UtcMicros;
use wire::public_key::{NotAPublicKey, PublicKey};
use wire::signature::Algorithm;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

pub use private::holds_private_key;
pub use refused::NotAKeyDocument;

use crate::pem;

/// The longest document, in bytes of DER. A chain or a picture belongs elsewhere.
const MAX_BYTES: usize = 16 * 1024;

/// The longest RSA key in a document, in bits: longer ones cost gateways more at every call than they
/// bring.
const MAX_RSA_BITS: usize = 4096;

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// A certificate.
    Certificate,
    /// A certificate request.
    Request,
}

impl DocumentKind {
    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Request => "request",
        }
    }

    /// What stands in the first line of its PEM; the first is how it is written.
    const fn labels(self) -> &'static [&'static str] {
        match self {
            Self::Certificate => &["CERTIFICATE"],
            // RFC 7468 §7: older tools write NEW before it.
            Self::Request => &["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"],
        }
    }
}

/// A certificate or a certificate request.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyDocument {
    /// Which of the two.
    pub kind: DocumentKind,
    /// Whom it names (RFC 4514); may be empty.
    pub subject: String,
    /// Who signed it; none of a request.
    pub issuer: Option<String>,
    /// Its number in hexadecimal; none of a request.
    pub serial: Option<String>,
    /// From when until when it counts; none of a request.
    pub validity: Option<(UtcMicros, UtcMicros)>,
    /// The SHA-256 of its DER in hexadecimal: what people compare.
    pub sha256: String,
    der: Vec<u8>,
    key: SubjectPublicKeyInfoOwned,
}

impl KeyDocument {
    /// Reads one of this kind: a PEM block, or its DER in base64. What its key is worth is not looked
    /// at.
    pub fn read(kind: DocumentKind, text: &str) -> Result<Self, NotAKeyDocument> {
        if holds_private_key(text) {
            return Err(NotAKeyDocument::Private);
        }
        Self::from_der(kind, &der_of(kind, text)?)
    }

    /// The same from DER.
    pub fn from_der(kind: DocumentKind, der: &[u8]) -> Result<Self, NotAKeyDocument> {
        if der.len() > MAX_BYTES {
            return Err(NotAKeyDocument::TooLong);
        }
        match kind {
            DocumentKind::Certificate => certificate::read(der),
            DocumentKind::Request => request::read(der),
        }
        .map_err(|_| NotAKeyDocument::Form(kind))
    }

    /// The key for `algorithm`, if it is of its type and strong, the document allows to sign with it
    /// at `now`, and a request is signed by it.
    pub fn key_at(
        &self,
        algorithm: Algorithm,
        now: UtcMicros,
    ) -> Result<PublicKey, NotAKeyDocument> {
        let spki = self.key.to_der().map_err(|_| NotAKeyDocument::Form(self.kind))?;
        let key = PublicKey::from_spki(algorithm, &spki).map_err(|why| match why {
            NotAPublicKey::RsaLength(bits) => NotAKeyDocument::RsaLength(bits),
            other => NotAKeyDocument::Key(other),
        })?;
        if let Some(bits) = self.rsa_bits(algorithm).filter(|bits| *bits > MAX_RSA_BITS) {
            return Err(NotAKeyDocument::RsaLength(bits));
        }
        match self.kind {
            DocumentKind::Certificate => {
                certificate::must_allow_signing(&self.der)?;
                self.must_count_at(now)?;
            }
            DocumentKind::Request => request::must_be_signed_by_its_key(&self.der, &self.key)?,
        }
        Ok(key)
    }

    /// The document as one PEM block.
    pub fn to_pem(&self) -> String {
        // Public: nothing to wipe.
        pem::encode(self.kind.labels().first().copied().unwrap_or_default(), &self.der).to_string()
    }

    fn must_count_at(&self, now: UtcMicros) -> Result<(), NotAKeyDocument> {
        match self.validity {
            Some((from, until)) if until <= from => Err(NotAKeyDocument::DatesOutOfOrder),
            Some((from, _)) if now < from => Err(NotAKeyDocument::NotYetValid(from)),
            Some((_, until)) if until <= now => Err(NotAKeyDocument::Expired(until)),
            _ => Ok(()),
        }
    }

    /// The length of its modulus, if the key is one of RSA (RFC 8017 §A.1.1).
    fn rsa_bits(&self, algorithm: Algorithm) -> Option<usize> {
        if !matches!(algorithm, Algorithm::RsaPssSha512 | Algorithm::RsaV1_5Sha256) {
            return None;
        }
        let mut reader = SliceReader::new(self.key.subject_public_key.as_bytes()?).ok()?;
        let modulus = reader.sequence(|fields| {
            let modulus = UintRef::decode(fields)?;
            UintRef::decode(fields).map(|_| modulus)
        });
        let modulus = modulus.ok()?.as_bytes();
        let first = modulus.first()?;
        Some(8 * modulus.len() - first.leading_zeros() as usize)
    }
}

impl std::fmt::Debug for KeyDocument {
    /// Whom it names may be a person.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyDocument({} {})", self.kind.as_str(), self.sha256)
    }
}

fn der_of(kind: DocumentKind, text: &str) -> Result<Vec<u8>, NotAKeyDocument> {
    let text = text.trim();
    // Base64 takes four bytes for three, and PEM a line break for each 64.
    if text.len() > 2 * MAX_BYTES {
        return Err(NotAKeyDocument::TooLong);
    }
    let der = if text.starts_with("-----") {
        kind.labels().iter().find_map(|label| pem::decode(label, text)).map(|der| der.to_vec())
    } else {
        let compact: String = text.split_ascii_whitespace().collect();
        STANDARD.decode(compact).ok()
    };
    der.ok_or(NotAKeyDocument::Form(kind))
}

fn fingerprint(der: &[u8]) -> String {
    hex::encode(digest(&SHA256, der))
}

#[cfg(test)]
mod tests;
