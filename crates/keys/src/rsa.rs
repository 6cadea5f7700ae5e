//! A private RSA key of 2048 to 8192 bits (RFC 8017), for one of two algorithms.
//!
//! **Trust**: one key for both algorithms is one key to lose; a credential names one of them, and
//! nothing signed for it counts under the other.

use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA512, RsaEncoding};
use wire::public_key::PublicKey;
use wire::signature::Algorithm;
use zeroize::Zeroizing;

use crate::{KeyError, pem};

/// A private RSA key; clones share it.
#[derive(Clone)]
pub struct RsaKey {
    pair: Arc<RsaKeyPair>,
    padding: Padding,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Padding {
    Pss,
    Pkcs1,
}

impl RsaKey {
    pub(crate) fn from_pkcs1(der: &[u8], algorithm: Algorithm) -> Result<Self, KeyError> {
        let pair = RsaKeyPair::from_der(der)
            .map_err(|_| KeyError::NotAKey("no RSA private key of 2048 to 8192 bits"))?;
        Self::new(pair, algorithm)
    }

    pub(crate) fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        Self::of_size(KeySize::Rsa2048, algorithm)
    }

    pub(crate) fn generate_3072(algorithm: Algorithm) -> Result<Self, KeyError> {
        Self::of_size(KeySize::Rsa3072, algorithm)
    }

    fn of_size(size: KeySize, algorithm: Algorithm) -> Result<Self, KeyError> {
        let pair = RsaKeyPair::generate(size)
            .map_err(|_| KeyError::NotAKey("no RSA key could be made"))?;
        Self::new(pair, algorithm)
    }

    fn new(pair: RsaKeyPair, algorithm: Algorithm) -> Result<Self, KeyError> {
        let padding = match algorithm {
            Algorithm::RsaPssSha512 => Padding::Pss,
            Algorithm::RsaV1_5Sha256 => Padding::Pkcs1,
            other => {
                return Err(KeyError::OtherAlgorithm { said: other.as_str(), key: "RSA" });
            }
        };
        Ok(Self { pair: Arc::new(pair), padding })
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        match self.padding {
            Padding::Pss => Algorithm::RsaPssSha512,
            Padding::Pkcs1 => Algorithm::RsaV1_5Sha256,
        }
    }

    pub(crate) fn sign(&self, base: &[u8]) -> Result<Vec<u8>, KeyError> {
        // The salt of PSS is as long as the hash: 64 bytes (RFC 9421 §3.3.1).
        let encoding: &'static dyn RsaEncoding = match self.padding {
            Padding::Pss => &RSA_PSS_SHA512,
            Padding::Pkcs1 => &RSA_PKCS1_SHA256,
        };
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(encoding, &SystemRandom::new(), base, &mut signature)
            .map_err(|_| KeyError::DoesNotSign)?;
        Ok(signature)
    }

    pub(crate) fn public_key(&self) -> Option<PublicKey> {
        let der: PublicKeyX509Der<'_> = self.pair.public_key().as_der().ok()?;
        PublicKey::from_spki(self.algorithm(), der.as_ref()).ok()
    }

    pub(crate) fn to_pkcs8_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        let der: Pkcs8V1Der<'_> = self
            .pair
            .as_der()
            .map_err(|_| KeyError::NotAKey("the key cannot be written as PKCS#8"))?;
        Ok(pem::encode("PRIVATE KEY", der.as_ref()))
    }
}
