//! The key a caller is recognised by, ready to verify.
//!
//! **Invariant**: parsed once when the directory is installed, so a call pays only for the
//! verification itself (design: HMAC 3 µs, Ed25519 33 µs).
//! **Trust**: an HMAC key proves the caller to the platform only; an Ed25519 key proves the
//! caller to anyone.

use std::fmt;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ED25519, ParsedPublicKey};
use wire::signature::Algorithm;

use crate::KeyError;
use crate::public_key::is_of_small_order;

/// A key that verifies a caller's signatures.
#[derive(Clone)]
pub enum CallerKey {
    /// A shared secret; registered name `hmac-sha256`.
    HmacSha256(Box<hmac::Key>),
    /// A public key; registered name `ed25519`.
    Ed25519(ParsedPublicKey),
}

/// A shorter secret would weaken HMAC-SHA256 below its own length (RFC 2104 §3).
pub(crate) const SHORTEST_HMAC_SECRET: usize = 32;

impl CallerKey {
    /// From a shared secret of at least 32 bytes.
    pub fn hmac_sha256(secret: &[u8]) -> Result<Self, KeyError> {
        hmac_key(secret).map(Self::HmacSha256)
    }

    /// From a public key, 32 bytes; a weak one is refused.
    pub fn ed25519(public_key: &[u8; 32]) -> Result<Self, KeyError> {
        if is_of_small_order(public_key) {
            return Err(KeyError::NotAKey("a weak key: anyone can sign under it"));
        }
        ParsedPublicKey::new(&ED25519, public_key)
            .map(Self::Ed25519)
            .map_err(|_| KeyError::NotAKey("these 32 bytes are no point of the curve"))
    }

    /// The algorithm this key is for; `alg` in a signature must agree (RFC 9421 §3.2).
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::HmacSha256(_) => Algorithm::HmacSha256,
            Self::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// Whether `signature` is this key's over `base`. For HMAC in a time that does not depend on
    /// where the two differ.
    pub fn verify(&self, base: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::HmacSha256(key) => hmac::verify(key, base, signature).is_ok(),
            Self::Ed25519(key) => key.verify_sig(base, signature).is_ok(),
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
    use crate::{Ed25519Key, SigningKey, SystemRandomness, new_hmac_secret};

    #[test]
    fn what_a_signing_key_signs_its_caller_key_verifies_and_no_other() {
        let secret = new_hmac_secret(&SystemRandomness);
        let pair = Ed25519Key::generate(&SystemRandomness).unwrap();
        let keys = [
            (
                SigningKey::hmac_sha256(secret.as_ref()).unwrap(),
                CallerKey::hmac_sha256(secret.as_ref()).unwrap(),
            ),
            (SigningKey::from(pair.clone()), CallerKey::ed25519(&pair.public_key()).unwrap()),
        ];
        for (signer, verifier) in &keys {
            let signature = signer.sign(b"base");
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
