//! The key of a note.

use super::NoteSignature;
use super::named_key::{ED25519, NamedKey};

/// A named Ed25519 key that can check signatures under notes.
pub type NoteVerifier = NamedKey<ED25519>;

impl NoteVerifier {
    /// Whether `signature` is this key's over `text`.
    pub fn verify(&self, text: &str, signature: &NoteSignature) -> bool {
        self.is_for(signature) && self.signed(text.as_bytes(), &signature.signature)
    }
}

/// The line, with its newline, that puts an Ed25519 signature over a note's text under the note.
/// The name must be one that [`NoteVerifier::new`] takes.
pub fn note_signature_line(name: &str, public_key: &[u8; 32], signature: &[u8; 64]) -> String {
    NoteVerifier::line(name, public_key, signature.to_vec())
}
