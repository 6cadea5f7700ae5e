//! Commitments: what an entry says about a call without saying it.
//!
//! Each entry has one secret of 32 bytes; every salt comes from it. A head (a start line and
//! header lines) commits as a Merkle root over salted lines, so that one line can be shown alone;
//! a body commits by its SHA-256, so that it can be hashed while it streams.
//!
//! ```text
//! salt(label, i) = SHA-256(secret ‖ label byte ‖ i in four bytes, big-endian)
//! head           = RFC 6962 root over the leaves salt(label, i) ‖ line i
//! body, bytes    = SHA-256(label name ‖ salt(label, 0) ‖ SHA-256(bytes))
//! ```
//! These derivations can never change for entries of version 1: see
//! `docs/decisions/0002-evidence-entry-and-commitments.md`.
//!
//! **Invariant**: without its salt a commitment tells nothing about a guessable text; with it, it
//! fits one text only.
//! **Trust**: whoever has an entry's secret can open all of it; who destroys it closes all of it.

mod opening;

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroize;

use crate::ambient::Randomness;
use crate::merkle::{Hash, LEAF, root_of, sha256, short};
use crate::text::{Malformed, serde_as_text};

pub use opening::{BodyOpening, HeadProof, open_body, prove_line};

/// The 32 random bytes from which all salts of one entry derive. Wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct EntrySecret([u8; 32]);

/// What is committed to. In the order of the names, which is the order in an entry's JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CommitmentLabel {
    /// The request's body.
    RequestBody,
    /// The request line and headers.
    RequestHead,
    /// The response's body.
    ResponseBody,
    /// The status line and headers.
    ResponseHead,
    /// The provider's signature over its answer.
    ResponseSignature,
    /// The bytes that the provider signed.
    ResponseSignatureBase,
    /// The caller's signature.
    Signature,
    /// The bytes that the caller signed (RFC 9421 §2.5).
    SignatureBase,
}

impl CommitmentLabel {
    /// Every label.
    pub const ALL: [Self; 8] = [
        Self::RequestBody,
        Self::RequestHead,
        Self::ResponseBody,
        Self::ResponseHead,
        Self::ResponseSignature,
        Self::ResponseSignatureBase,
        Self::Signature,
        Self::SignatureBase,
    ];

    /// The written form: `request_head`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RequestBody => "request_body",
            Self::RequestHead => "request_head",
            Self::ResponseBody => "response_body",
            Self::ResponseHead => "response_head",
            Self::ResponseSignature => "response_signature",
            Self::ResponseSignatureBase => "response_signature_base",
            Self::Signature => "signature",
            Self::SignatureBase => "signature_base",
        }
    }

    /// The byte that stands for the label in salts. Never renumber.
    const fn byte(self) -> u8 {
        match self {
            Self::RequestHead => 1,
            Self::RequestBody => 2,
            Self::ResponseHead => 3,
            Self::ResponseBody => 4,
            Self::SignatureBase => 5,
            Self::Signature => 6,
            Self::ResponseSignatureBase => 7,
            Self::ResponseSignature => 8,
        }
    }
}

impl fmt::Display for CommitmentLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CommitmentLabel {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::ALL
            .into_iter()
            .find(|label| label.as_str() == text)
            .ok_or(Malformed { expected: "a commitment label, like request_head" })
    }
}

serde_as_text!(CommitmentLabel);

impl EntrySecret {
    /// Draws a new one.
    pub fn new(randomness: &dyn Randomness) -> Self {
        let mut bytes = [0; 32];
        randomness.fill(&mut bytes);
        Self(bytes)
    }

    /// The secret that was kept as these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes, to be kept encrypted.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Drop for EntrySecret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for EntrySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EntrySecret(…)")
    }
}

/// The salt of line `index` of a head; index 0 is the salt of what commits as one piece.
pub fn salt(secret: &EntrySecret, label: CommitmentLabel, index: u32) -> Hash {
    short::salt(&secret.0, label.byte(), index)
}

/// Commits to the lines of a head. A head without lines commits as the root of the empty tree.
pub fn commit_head<L: AsRef<[u8]>>(
    secret: &EntrySecret,
    label: CommitmentLabel,
    lines: impl IntoIterator<Item = L>,
) -> Hash {
    root_of(leaves(secret, label, lines))
}

/// Commits to a body whose SHA-256 is `digest`.
pub fn commit_body(secret: &EntrySecret, label: CommitmentLabel, digest: &Hash) -> Hash {
    body_commitment(label, &salt(secret, label, 0), digest)
}

/// Commits to a short text or value: [`commit_body`] over its SHA-256.
pub fn commit_bytes(secret: &EntrySecret, label: CommitmentLabel, bytes: &[u8]) -> Hash {
    commit_body(secret, label, &sha256(&[bytes]))
}

fn leaves<L: AsRef<[u8]>>(
    secret: &EntrySecret,
    label: CommitmentLabel,
    lines: impl IntoIterator<Item = L>,
) -> impl Iterator<Item = Hash> {
    let line_leaf =
        move |(index, line): (u32, L)| salted_leaf(&salt(secret, label, index), line.as_ref());
    (0_u32..).zip(lines).map(line_leaf)
}

/// The salt has a fixed length, so no two pairs of salt and line make the same leaf.
fn salted_leaf(salt: &Hash, line: &[u8]) -> Hash {
    sha256(&[&[LEAF], salt, line])
}

fn body_commitment(label: CommitmentLabel, salt: &Hash, digest: &Hash) -> Hash {
    sha256(&[label.as_str().as_bytes(), salt, digest])
}
