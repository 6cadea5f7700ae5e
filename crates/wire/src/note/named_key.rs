//! An Ed25519 public key with a name and a use, in its written form `name+hash+key` (C2SP signed-note,
//! "key IDs" and "verifier key").
//!
//! The use stands as one byte in the key's id and in its written form, so that a key of one use
//! never passes for one of another.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{self, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{NoteSignature, is_key_name};
use crate::merkle::sha256;

/// Signs notes.
pub(super) const ED25519: u8 = 0x01;
/// Cosigns checkpoints with a time (C2SP tlog-cosignature).
pub(super) const COSIGNATURE: u8 = 0x04;

/// A named Ed25519 public key whose use is `USE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedKey<const USE: u8> {
    name: String,
    key_id: u32,
    public_key: [u8; 32],
}

/// A text that is no verifier key of the kind read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifierError {
    /// Not `name+hash+key`.
    #[error("not a verifier key of the form name+hash+key")]
    Malformed,
    /// A key of another algorithm or use.
    #[error("a verifier key of another algorithm or use")]
    UnknownAlgorithm,
    /// The hash in the middle is not that of this name and key.
    #[error("the hash in the verifier key does not fit its name and key")]
    WrongHash,
}

impl<const USE: u8> NamedKey<USE> {
    /// The key called `name`. [`VerifierError::Malformed`] if the name is empty or has white space, a
    /// control character or `+`.
    pub fn new(name: &str, public_key: [u8; 32]) -> Result<Self, VerifierError> {
        if !is_key_name(name) {
            return Err(VerifierError::Malformed);
        }
        let key_id = Self::key_id_of(name, &public_key);
        Ok(Self { name: name.to_owned(), key_id, public_key })
    }

    /// The key's name: the origin, for a log's key.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The short id that stands in signature lines.
    pub fn key_id(&self) -> u32 {
        self.key_id
    }

    /// The raw Ed25519 public key.
    pub fn public_key(&self) -> &[u8; 32] {
        &self.public_key
    }

    /// Whether the signature claims to be by this key.
    pub fn is_for(&self, signature: &NoteSignature) -> bool {
        self.key_id == signature.key_id && self.name == signature.name
    }

    /// Whether the key made this bare signature.
    pub(super) fn signed(&self, message: &[u8], bare: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&signature::ED25519, &self.public_key);
        key.verify(message, bare).is_ok()
    }

    /// The line, with its newline, that `signature` is under a note.
    pub(super) fn line(name: &str, public_key: &[u8; 32], signature: Vec<u8>) -> String {
        let key_id = Self::key_id_of(name, public_key);
        NoteSignature { name: name.to_owned(), key_id, signature }.to_string()
    }

    fn key_id_of(name: &str, public_key: &[u8; 32]) -> u32 {
        let [a, b, c, d, ..] = sha256(&[name.as_bytes(), b"\n", &[USE], public_key]);
        u32::from_be_bytes([a, b, c, d])
    }
}

impl<const USE: u8> FromStr for NamedKey<USE> {
    type Err = VerifierError;

    fn from_str(text: &str) -> Result<Self, VerifierError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(VerifierError::Malformed);
        };
        let key = STANDARD.decode(key).map_err(|_| VerifierError::Malformed)?;
        let (&its_use, key) = key.split_first().ok_or(VerifierError::Malformed)?;
        if its_use != USE {
            return Err(VerifierError::UnknownAlgorithm);
        }
        let key = <[u8; 32]>::try_from(key).map_err(|_| VerifierError::Malformed)?;
        let named = Self::new(name, key)?;
        if hash == format!("{:08x}", named.key_id) {
            Ok(named)
        } else {
            Err(VerifierError::WrongHash)
        }
    }
}

impl<const USE: u8> fmt::Display for NamedKey<USE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![USE];
        key.extend_from_slice(&self.public_key);
        write!(f, "{}+{:08x}+{}", self.name, self.key_id, STANDARD.encode(key))
    }
}
