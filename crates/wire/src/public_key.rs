//! Public keys of systems: the form in which the directory carries them.
//!
//! An Ed25519 key stands as its 32 bytes (RFC 8032); every other key as the DER of its
//! `SubjectPublicKeyInfo` (RFC 5280 §4.1), which any tool opens: `rsaEncryption` with NULL for both
//! RSA algorithms, the named curve and the uncompressed point for ECDSA.
//!
//! Read on: `public_key/verifying.rs` for what a signature is checked with.
//!
//! **Invariant**: a key has one spelling. [`PublicKey::from_spki`] writes it, and
//! [`PublicKey::verifying`] takes no other.
//! **Trust**: a weak key would let others sign in its owner's name, and its owner deny what they
//! signed; so RSA below 2048 bits or with a small exponent, points off the curve and points of
//! small order are refused, here and wherever a key is read again.

mod elliptic;
mod refused;
mod rsa;
mod small_order;
#[cfg(test)]
mod tests;
mod verifying;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use spki::SubjectPublicKeyInfoRef;

pub use refused::NotAPublicKey;
pub use verifying::VerifyingKey;

use crate::signature::Algorithm;

const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// A public key as the directory carries it. Whether it is one shows when it is to verify.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(Vec<u8>);

impl PublicKey {
    /// The key within a `SubjectPublicKeyInfo`, if it fits `algorithm` and is no weak one.
    pub fn from_spki(algorithm: Algorithm, spki: &[u8]) -> Result<Self, NotAPublicKey> {
        let info = SubjectPublicKeyInfoRef::from_der(spki).map_err(|_| NotAPublicKey::Form)?;
        let bytes = match algorithm {
            Algorithm::HmacSha256 => return Err(NotAPublicKey::Secret),
            Algorithm::Ed25519 => ed25519_of(&info)?,
            Algorithm::RsaPssSha512 | Algorithm::RsaV1_5Sha256 => rsa::spelt(algorithm, &info)?,
            Algorithm::EcdsaP256Sha256 | Algorithm::EcdsaP384Sha384 => {
                elliptic::spelt(algorithm, &info)?
            }
        };
        let key = Self(bytes);
        key.verifying(algorithm)?;
        Ok(key)
    }

    /// The bytes of this key as they come from the database.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes of this key.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The same as standard base64, for people.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(&self.0)
    }

    /// The key as the DER of a `SubjectPublicKeyInfo`.
    pub fn to_spki(&self, algorithm: Algorithm) -> Vec<u8> {
        if algorithm == Algorithm::Ed25519 {
            // RFC 8410 §4: `SEQUENCE { SEQUENCE { OID }, BIT STRING }` before the 32 bytes.
            const HEAD: [u8; 12] =
                [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
            return [HEAD.as_slice(), &self.0].concat();
        }
        self.0.clone()
    }

    /// The key ready to verify signatures of `algorithm`.
    pub fn verifying(&self, algorithm: Algorithm) -> Result<VerifyingKey, NotAPublicKey> {
        match algorithm {
            Algorithm::HmacSha256 => return Err(NotAPublicKey::Secret),
            Algorithm::Ed25519 => small_order::check(&self.0)?,
            Algorithm::RsaPssSha512 | Algorithm::RsaV1_5Sha256 => {
                self.must_be_spelt_by(algorithm, rsa::spelt)?;
            }
            Algorithm::EcdsaP256Sha256 | Algorithm::EcdsaP384Sha384 => {
                self.must_be_spelt_by(algorithm, elliptic::spelt)?;
            }
        }
        VerifyingKey::new(algorithm, &self.0)
    }

    fn must_be_spelt_by(&self, algorithm: Algorithm, spelt: Speller) -> Result<(), NotAPublicKey> {
        let info = SubjectPublicKeyInfoRef::from_der(&self.0).map_err(|_| NotAPublicKey::Form)?;
        if spelt(algorithm, &info)? == self.0 { Ok(()) } else { Err(NotAPublicKey::Form) }
    }
}

/// Writes the key within a `SubjectPublicKeyInfo` in its one spelling.
type Speller = fn(Algorithm, &SubjectPublicKeyInfoRef<'_>) -> Result<Vec<u8>, NotAPublicKey>;

fn ed25519_of(info: &SubjectPublicKeyInfoRef<'_>) -> Result<Vec<u8>, NotAPublicKey> {
    if info.algorithm.oid != ED25519 {
        return Err(NotAPublicKey::OtherType(Algorithm::Ed25519));
    }
    let bytes = info.subject_public_key.as_bytes().ok_or(NotAPublicKey::Form)?;
    if info.algorithm.parameters.is_some() || bytes.len() != 32 {
        return Err(NotAPublicKey::Form);
    }
    Ok(bytes.to_vec())
}

fn written(info: &impl Encode) -> Result<Vec<u8>, NotAPublicKey> {
    info.to_der().map_err(|_| NotAPublicKey::Form)
}

impl From<[u8; 32]> for PublicKey {
    /// An Ed25519 key.
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes.to_vec())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.to_base64())
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_base64())
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(|_| D::Error::custom("not base64"))
    }
}
