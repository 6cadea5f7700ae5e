//! The key a caller is recognised by, ready to verify.
//!
//! **Invariant**: parsed once when the directory is installed, so a call pays only for the
//! verification itself (HMAC 3 µs, RSA-2048 18 µs, Ed25519 33 µs, P-256 52 µs).
//! **Trust**: an HMAC key proves the caller to the platform only; a public key proves the caller
//! to anyone.

use std::fmt;

use aws_lc_rs::hmac;
use wire::public_key::{PublicKey, VerifyingKey};
use wire::signature::Algorithm;

use crate::KeyError;

/// A key that verifies a caller's signatures.
#[derive(Clone)]
pub enum CallerKey {
    /// A shared secret; registered name `hmac-sha256`.
    HmacSha256(Box<hmac::Key>),
    /// A public key of any of the other algorithms.
    Public(VerifyingKey),
}

/// A shorter secret would weaken HMAC-SHA256 below its own length (RFC 2104 §3).
pub(crate) const SHORTEST_HMAC_SECRET: usize = 32;

impl CallerKey {
    /// From a shared secret of at least 32 bytes.
    pub fn hmac_sha256(secret: &[u8]) -> Result<Self, KeyError> {
        hmac_key(secret).map(Self::HmacSha256)
    }

    /// From a public key; one of another type or a weak one is refused.
    pub fn public(algorithm: Algorithm, key: &PublicKey) -> Result<Self, KeyError> {
        key.verifying(algorithm).map(Self::Public).map_err(KeyError::PublicKey)
    }

    /// From a public Ed25519 key, 32 bytes; a weak one is refused.
    pub fn ed25519(public_key: &[u8; 32]) -> Result<Self, KeyError> {
        Self::public(Algorithm::Ed25519, &PublicKey::from(*public_key))
    }

    /// The algorithm this key is for; `alg` in a signature must agree (RFC 9421 §3.2).
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::HmacSha256(_) => Algorithm::HmacSha256,
            Self::Public(key) => key.algorithm(),
        }
    }

    /// Whether `signature` is this key's over `base`. For HMAC in a time that does not depend on
    /// where the two differ.
    pub fn verify(&self, base: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::HmacSha256(key) => hmac::verify(key, base, signature).is_ok(),
            Self::Public(key) => key.verify(base, signature),
        }
    }
}

pub(crate) fn hmac_key(secret: &[u8]) -> Result<Box<hmac::Key>, KeyError> {
    if secret.len() < SHORTEST_HMAC_SECRET {
        return Err(KeyError::NotAKey("an HMAC secret has at least 32 bytes"));
    }
    Ok(Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret)))
}

impl fmt::Debug for CallerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallerKey({})", self.algorithm())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SigningKey, SystemRandomness, new_hmac_secret};

    fn pair(algorithm: Algorithm) -> (SigningKey, CallerKey) {
        if algorithm == Algorithm::HmacSha256 {
            let secret = new_hmac_secret(&SystemRandomness);
            return (
                SigningKey::hmac_sha256(secret.as_ref()).unwrap(),
                CallerKey::hmac_sha256(secret.as_ref()).unwrap(),
            );
        }
        let key = SigningKey::generate(algorithm).unwrap();
        let public = key.public_key().unwrap();
        (key, CallerKey::public(algorithm, &public).unwrap())
    }

    #[test]
    fn what_a_signing_key_signs_its_caller_key_verifies_and_no_other() {
        let keys = Algorithm::ALL.map(pair);
        for (signer, verifier) in &keys {
            assert_eq!(signer.algorithm(), verifier.algorithm());
            let signature = signer.sign(b"base").unwrap();
            assert!(verifier.verify(b"base", &signature));
            assert!(!verifier.verify(b"basE", &signature));
            assert!(!verifier.verify(b"base", &signature[1..]));
            assert!(!verifier.verify(b"base", b""));
            for (_, other) in
                keys.iter().filter(|(_, other)| other.algorithm() != verifier.algorithm())
            {
                assert!(!other.verify(b"base", &signature));
            }
        }
    }

    #[test]
    fn the_hmac_of_rfc_4231_case_6_is_verified() {
        let key = CallerKey::hmac_sha256(&[0xaa; 131]).unwrap();
        let tag = hex::decode("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
        assert!(
            key.verify(b"Test Using Larger Than Block-Size Key - Hash Key First", &tag.unwrap())
        );
    }

    #[test]
    fn a_short_secret_and_a_weak_public_key_are_refused() {
        assert!(CallerKey::hmac_sha256(&[7; 31]).is_err());
        assert!(CallerKey::ed25519(&[0; 32]).is_err());
    }

    #[test]
    fn debug_shows_the_algorithm_only() {
        let key = CallerKey::hmac_sha256(b"0123456789abcdef0123456789abcdef").unwrap();
        assert_eq!(format!("{key:?}"), "CallerKey(hmac-sha256)");
    }
}
