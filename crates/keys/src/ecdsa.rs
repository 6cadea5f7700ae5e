//! A private EC key on P-256 or P-384. Signatures are `r ‖ s` (RFC 9421 §3.3.4), not DER.

use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
};
use wire::public_key::PublicKey;
use wire::signature::Algorithm;
use zeroize::Zeroizing;

use crate::{KeyError, pem};

/// A private EC key; clones share it.
#[derive(Clone)]
pub struct EcdsaKey {
    pair: Arc<EcdsaKeyPair>,
    algorithm: Algorithm,
}

impl EcdsaKey {
    /// From PKCS#8 or SEC 1; the curve says the algorithm.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let read = |curve, algorithm| {
            let pair = EcdsaKeyPair::from_private_key_der(curve, der).ok()?;
            Some(Self { pair: Arc::new(pair), algorithm })
        };
        read(&ECDSA_P256_SHA256_FIXED_SIGNING, Algorithm::EcdsaP256Sha256)
            .or_else(|| read(&ECDSA_P384_SHA384_FIXED_SIGNING, Algorithm::EcdsaP384Sha384))
            .ok_or(KeyError::NotAKey("no private key on the curve P-256 or P-384"))
    }

    pub(crate) fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let curve = match algorithm {
            Algorithm::EcdsaP256Sha256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
            _ => &ECDSA_P384_SHA384_FIXED_SIGNING,
        };
        let pair = EcdsaKeyPair::generate(curve)
            .map_err(|_| KeyError::NotAKey("no EC key could be made"))?;
        Ok(Self { pair: Arc::new(pair), algorithm })
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(crate) fn sign(&self, base: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signature =
            self.pair.sign(&SystemRandom::new(), base).map_err(|_| KeyError::DoesNotSign)?;
        Ok(signature.as_ref().to_vec())
    }

    pub(crate) fn public_key(&self) -> Option<PublicKey> {
        let der: PublicKeyX509Der<'_> = self.pair.public_key().as_der().ok()?;
        PublicKey::from_spki(self.algorithm, der.as_ref()).ok()
    }

    pub(crate) fn to_pkcs8_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        let der = self
            .pair
            .to_pkcs8v1()
            .map_err(|_| KeyError::NotAKey("the key cannot be written as PKCS#8"))?;
        Ok(pem::encode("PRIVATE KEY", der.as_ref()))
    }
}
