//! Signed notes (C2SP signed-note): a text and under it the signatures of named keys.
//!
//! ```text
//! demo.lgsp.example/log
//! 42
//! q2Qf…=
//!
//! — demo.lgsp.example/log Bf3k…=
//! ```
//! A checkpoint of the log and the head of the directory are such notes. Signatures by keys that
//! the reader does not know are ignored, so witnesses can add theirs later.
//!
//! **Invariant**: [`open`] gives a text only if a given key signed exactly that text, and no given
//! key stands under it with a wrong signature.
//! **Trust**: whoever holds a note's key speaks in its name; this module holds public keys only.

mod cosignature;
mod named_key;
#[cfg(test)]
mod tests;
mod verifier;

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub use cosignature::{CosignatureVerifier, cosignature_line, cosigned};
pub use named_key::{NamedKey, VerifierError};
pub use verifier::{NoteVerifier, note_signature_line};

/// How many signatures a note may carry. More is an attempt to keep the reader busy.
pub const MAX_SIGNATURES: usize = 100;

/// What every signature line starts with: an em dash and a space.
const SIGNATURE_PREFIX: &str = "\u{2014} ";

/// A text with its signatures, parsed but not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    /// The signed text, with its final newline.
    pub text: String,
    /// One or more signatures, in the order of their lines.
    pub signatures: Vec<NoteSignature>,
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// The key's name: not empty, without white space or `+`.
    pub name: String,
    /// The first four bytes of SHA-256(name ‖ `\n` ‖ algorithm ‖ public key), big-endian.
    pub key_id: u32,
    /// The signature, not empty; 64 bytes for Ed25519.
    pub signature: Vec<u8>,
}

/// Why a note was not opened. All are final for the same note and the same keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not the form of a signed note.
    #[error("not a signed note: {0}")]
    Malformed(&'static str),
    /// None of the given keys signed it.
    #[error("no trusted key signed this note")]
    NoKnownSignature,
    /// A signature under the name and id of a given key does not verify.
    #[error("the signature of {0} does not fit the text")]
    WrongSignature(String),
}

/// The text of `note`, if at least one of `verifiers` signed it and none of them has a wrong
/// signature there.
pub fn open<'a>(note: &'a str, verifiers: &[NoteVerifier]) -> Result<&'a str, NoteError> {
    let parsed: SignedNote = note.parse()?;
    let mut known = false;
    for signature in &parsed.signatures {
        for verifier in verifiers.iter().filter(|verifier| verifier.is_for(signature)) {
            if !verifier.verify(&parsed.text, signature) {
                return Err(NoteError::WrongSignature(signature.name.clone()));
            }
            known = true;
        }
    }
    let text = note.get(..parsed.text.len());
    text.filter(|_| known).ok_or(NoteError::NoKnownSignature)
}

impl SignedNote {
    /// The note of `text` (with its final newline) with `signature_lines` under it, each as
    /// [`note_signature_line`] makes it.
    pub fn assemble(text: &str, signature_lines: &[String]) -> String {
        let mut note = format!("{text}\n");
        for line in signature_lines {
            note.push_str(line);
        }
        note
    }
}

impl FromStr for SignedNote {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<Self, NoteError> {
        if note.chars().any(|c| c != '\n' && c.is_ascii_control()) {
            return Err(NoteError::Malformed("control characters"));
        }
        // The last blank line: the text itself may have blank lines.
        let Some((text, lines)) = note.rsplit_once("\n\n") else {
            return Err(NoteError::Malformed("no blank line before the signatures"));
        };
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Malformed("no final newline"))?;
        let signatures = lines.split('\n').take(MAX_SIGNATURES + 1).map(str::parse);
        let signatures = signatures.collect::<Result<Vec<NoteSignature>, _>>()?;
        if signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::Malformed("too many signatures"));
        }
        Ok(Self { text: format!("{text}\n"), signatures })
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| write!(f, "{signature}"))
    }
}

impl FromStr for NoteSignature {
    type Err = NoteError;

    /// Reads one line without its newline.
    fn from_str(line: &str) -> Result<Self, NoteError> {
        let malformed = NoteError::Malformed("a line that is no signature");
        let rest = line.strip_prefix(SIGNATURE_PREFIX).ok_or_else(|| malformed.clone())?;
        let (name, encoded) = rest.split_once(' ').ok_or_else(|| malformed.clone())?;
        let bytes = STANDARD.decode(encoded).map_err(|_| malformed.clone())?;
        let (key_id, signature) = bytes.split_first_chunk().ok_or_else(|| malformed.clone())?;
        if signature.is_empty() || !is_key_name(name) {
            return Err(malformed);
        }
        Ok(Self {
            name: name.to_owned(),
            key_id: u32::from_be_bytes(*key_id),
            signature: signature.to_vec(),
        })
    }
}

impl fmt::Display for NoteSignature {
    /// The line with its newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.key_id.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.signature);
        writeln!(f, "{SIGNATURE_PREFIX}{} {}", self.name, STANDARD.encode(bytes))
    }
}

/// A key name of the signed-note format: not empty, no white space, no `+`.
pub(crate) fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}
