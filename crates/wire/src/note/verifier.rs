//! A note's public key in its written form, `name+hash+key` (C2SP signed-note, "verifier key").

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{NoteSignature, is_key_name};
use crate::merkle::sha256;

/// The algorithm byte of Ed25519 in key ids and verifier keys.
const ED25519_KEY: u8 = 0x01;

/// A named Ed25519 key that can check signatures under notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteVerifier {
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
    /// A kind of key other than Ed25519.
    #[error("a verifier key that is not Ed25519")]
    UnknownAlgorithm,
    /// The hash in the middle is not that of this name and key.
    #[error("the hash in the verifier key does not fit its name and key")]
    WrongHash,
}

impl NoteVerifier {
    /// The verifier called `name` with an Ed25519 public key. [`VerifierError::Malformed`] if the
    /// name is empty or has white space, a control character or `+`.
    pub fn new(name: &str, public_key: [u8; 32]) -> Result<Self, VerifierError> {
        if !is_key_name(name) {
            return Err(VerifierError::Malformed);
        }
        Ok(Self { name: name.to_owned(), key_id: key_id(name, &public_key), public_key })
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

    /// Whether `signature` is this key's over `text`.
    pub fn verify(&self, text: &str, signature: &NoteSignature) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, &self.public_key);
        self.is_for(signature) && key.verify(text.as_bytes(), &signature.signature).is_ok()
    }
}

impl FromStr for NoteVerifier {
    type Err = VerifierError;

    fn from_str(text: &str) -> Result<Self, VerifierError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(VerifierError::Malformed);
        };
        let key = STANDARD.decode(key).map_err(|_| VerifierError::Malformed)?;
        let (&algorithm, key) = key.split_first().ok_or(VerifierError::Malformed)?;
        if algorithm != ED25519_KEY {
            return Err(VerifierError::UnknownAlgorithm);
        }
        let key = <[u8; 32]>::try_from(key).map_err(|_| VerifierError::Malformed)?;
        let verifier = Self::new(name, key)?;
        if hash == format!("{:08x}", verifier.key_id) {
            Ok(verifier)
        } else {
            Err(VerifierError::WrongHash)
        }
    }
}

impl fmt::Display for NoteVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![ED25519_KEY];
        key.extend_from_slice(&self.public_key);
        write!(f, "{}+{:08x}+{}", self.name, self.key_id, STANDARD.encode(key))
    }
}

/// The line, with its newline, that puts an Ed25519 signature over a note's text under the note.
/// The name must be one that [`NoteVerifier::new`] takes.
pub fn note_signature_line(name: &str, public_key: &[u8; 32], signature: &[u8; 64]) -> String {
    let signature = NoteSignature {
        name: name.to_owned(),
        key_id: key_id(name, public_key),
        signature: signature.to_vec(),
    };
    signature.to_string()
}

fn key_id(name: &str, public_key: &[u8; 32]) -> u32 {
    let [a, b, c, d, ..] = sha256(&[name.as_bytes(), b"\n", &[ED25519_KEY], public_key]);
    u32::from_be_bytes([a, b, c, d])
}
