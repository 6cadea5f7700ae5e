//! The key a client signs its calls with.

use std::fmt;

use aws_lc_rs::hmac;
use wire::signature::Algorithm;

use crate::caller_key::hmac_key;
use crate::{Ed25519Key, KeyError};

/// A key that signs requests (RFC 9421); the other end of a [`crate::CallerKey`].
#[derive(Clone)]
pub enum SigningKey {
    /// A shared secret; registered name `hmac-sha256`.
    HmacSha256(Box<hmac::Key>),
    /// A private key; registered name `ed25519`.
    Ed25519(Ed25519Key),
}

impl SigningKey {
    /// From a shared secret of at least 32 bytes.
    pub fn hmac_sha256(secret: &[u8]) -> Result<Self, KeyError> {
        hmac_key(secret).map(Self::HmacSha256)
    }

    /// From a PEM block `PRIVATE KEY` (PKCS#8, RFC 8410).
    pub fn from_pkcs8_pem(text: &str) -> Result<Self, KeyError> {
        Ed25519Key::from_pkcs8_pem(text).map(Self::Ed25519)
    }

    /// The algorithm's registered name.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::HmacSha256(_) => Algorithm::HmacSha256,
            Self::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// Signs a signature base: 32 bytes for HMAC, 64 for Ed25519.
    pub fn sign(&self, base: &[u8]) -> Vec<u8> {
        match self {
            Self::HmacSha256(key) => hmac::sign(key, base).as_ref().to_vec(),
            Self::Ed25519(key) => key.sign(base).to_vec(),
        }
    }
}

impl From<Ed25519Key> for SigningKey {
    fn from(key: Ed25519Key) -> Self {
        Self::Ed25519(key)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.algorithm())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;

    #[test]
    fn the_hmac_of_rfc_9421_b_2_5_is_signed() {
        let secret = base64::engine::general_purpose::STANDARD
            .decode("uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==")
            .unwrap();
        let base = "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\
            \"@authority\": example.com\n\
            \"content-type\": application/json\n\
            \"@signature-params\": (\"date\" \"@authority\" \"content-type\")\
            ;created=1618884473;keyid=\"test-shared-secret\"";
        let signature = SigningKey::hmac_sha256(&secret).unwrap().sign(base.as_bytes());
        assert_eq!(
            base64::engine::general_purpose::STANDARD.encode(signature),
            "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8="
        );
    }

    #[test]
    fn debug_shows_the_algorithm_only() {
        let key = SigningKey::hmac_sha256(&[9; 32]).unwrap();
        assert_eq!(format!("{key:?}"), "SigningKey(hmac-sha256)");
    }
}
