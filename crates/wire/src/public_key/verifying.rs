//! A public key ready to verify signatures.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA512, VerificationAlgorithm,
};

use super::NotAPublicKey;
use crate::signature::Algorithm;

/// A public key, parsed once: a call pays for the verification alone.
#[derive(Clone)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    key: ParsedPublicKey,
}

impl VerifyingKey {
    /// From bytes in the form of the directory, already found in their one spelling.
    pub(super) fn new(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, NotAPublicKey> {
        let verification = verification(algorithm).ok_or(NotAPublicKey::Secret)?;
        let key = ParsedPublicKey::new(verification, bytes).map_err(|_| match algorithm {
            Algorithm::RsaPssSha512 | Algorithm::RsaV1_5Sha256 | Algorithm::HmacSha256 => {
                NotAPublicKey::Form
            }
            Algorithm::EcdsaP256Sha256 | Algorithm::EcdsaP384Sha384 | Algorithm::Ed25519 => {
                NotAPublicKey::OffCurve
            }
        })?;
        Ok(Self { algorithm, key })
    }

    /// What it verifies.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether `signature` is this key's over `base`.
    pub fn verify(&self, base: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(base, signature).is_ok()
    }
}

/// RFC 9421 §3.3: PSS with a salt as long as the hash, ECDSA as `r ‖ s` and not in DER.
fn verification(algorithm: Algorithm) -> Option<&'static dyn VerificationAlgorithm> {
    match algorithm {
        Algorithm::HmacSha256 => None,
        Algorithm::RsaPssSha512 => Some(&RSA_PSS_2048_8192_SHA512),
        Algorithm::RsaV1_5Sha256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::EcdsaP256Sha256 => Some(&ECDSA_P256_SHA256_FIXED),
        Algorithm::EcdsaP384Sha384 => Some(&ECDSA_P384_SHA384_FIXED),
        Algorithm::Ed25519 => Some(&ED25519),
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", self.algorithm)
    }
}
