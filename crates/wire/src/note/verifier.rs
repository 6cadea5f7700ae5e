//! A note's public key in its written form, `name+hash+key` (C2SP signed-note, "verifier key").

use std::fmt;
use std::str::FromStr;

use super::NoteSignature;
use super::named_key::{ED25519, NamedKey};

pub use super::named_key::VerifierError;

/// A named Ed25519 key that can check signatures under notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteVerifier(NamedKey<ED25519>);

impl NoteVerifier {
    /// The verifier called `name` with an Ed25519 public key. [`VerifierError::Malformed`] if the
    /// name is empty or has white space, a control character or `+`.
    pub fn new(name: &str, public_key: [u8; 32]) -> Result<Self, VerifierError> {
        NamedKey::new(name, public_key).map(Self)
    }

    /// The key's name: the origin, for a log's key.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// The short id that stands in signature lines.
    pub fn key_id(&self) -> u32 {
        self.0.key_id()
    }

    /// The raw Ed25519 public key.
    pub fn public_key(&self) -> &[u8; 32] {
        self.0.public_key()
    }

    /// Whether the signature claims to be by this key.
    pub fn is_for(&self, signature: &NoteSignature) -> bool {
        self.0.is_for(signature)
    }

    /// Whether `signature` is this key's over `text`.
    pub fn verify(&self, text: &str, signature: &NoteSignature) -> bool {
        self.is_for(signature) && self.0.signed(text.as_bytes(), &signature.signature)
    }
}

impl FromStr for NoteVerifier {
    type Err = VerifierError;

    fn from_str(text: &str) -> Result<Self, VerifierError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for NoteVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The line, with its newline, that puts an Ed25519 signature over a note's text under the note.
/// The name must be one that [`NoteVerifier::new`] takes.
pub fn note_signature_line(name: &str, public_key: &[u8; 32], signature: &[u8; 64]) -> String {
    NamedKey::<ED25519>::line(name, public_key, signature.to_vec())
}
