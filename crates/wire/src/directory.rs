//! The directory: everything by which a call is decided, as records under one Merkle root.
//!
//! The policy plane publishes it whole; gateways decide from it alone. Records are sorted by their
//! key; the leaf of a record is its canonical JSON (RFC 8785); the root is the version. A *head*
//! is the signed note over origin, number of records and root. An *extract* is a few records with
//! the proofs that they stand in a version, for bundles and for whoever checks one connection.
//!
//! **Invariant**: equal policies have equal roots, whatever order they were built in.
//! **Trust**: whoever can sign a head can allow any call; every head is also an entry of the log.
//! Secrets never stand here.

mod alias;
mod environment;
mod extract;
mod operation;
mod profile;
mod record;
#[cfg(test)]
mod tests;

use crate::canonical::{NotCanonical, canonical_of};
use crate::checkpoint::{Checkpoint, CheckpointError, Origin};
use crate::merkle::{Hash, Leaves, leaf_hash};
use crate::note::{NoteError, NoteVerifier, open};

pub use alias::{AliasName, AliasRecord, Aliases, MAX_STEPS};
pub use environment::Environment;
pub use extract::{DirectoryExtract, ExtractError, ProvenRecord};
pub use operation::{NotAnOperation, Operation};
pub use profile::{
    Demands, Method, ProfileAssignmentRecord, ProfileDemand, ProfileRecord, ProfileRule, Profiles,
    Scope, Signer,
};
pub use record::{
    ConnectionRecord, CredentialRecord, OrganisationRecord, Quota, Record, RecordMode,
    ServiceRecord, Signing, SystemRecord,
};

/// One version of the directory. Cheap to read, made once per change.
#[derive(Debug, Clone, PartialEq)]
pub struct Directory {
    /// In the order of their keys.
    records: Vec<Record>,
    leaves: Leaves,
    root: Hash,
}

/// A version with its signed head.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedDirectory {
    /// The signed note over [`Directory::head`].
    pub head: String,
    /// The records themselves.
    pub directory: Directory,
}

/// Why records are no directory. Final for the same records.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// Two records have this key.
    #[error("two records of the directory have the key {0}")]
    Duplicate(String),
    /// A credential with a public key for a secret algorithm, or without one for a public one.
    #[error("the algorithm of {0} does not go with its public key")]
    PublicKey(String),
    /// A record that cannot be written, for example with a number of 2^53 or more.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
}

/// Why a signed head does not stand for a directory. Final for the same head and keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// No trusted signature, or a wrong one.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The signed text is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The head is of another directory.
    #[error("the head is of another directory")]
    Other,
}

impl Directory {
    /// The directory of these records, in any order.
    pub fn new(mut records: Vec<Record>) -> Result<Self, DirectoryError> {
        records.sort_by_cached_key(Record::key);
        let keys: Vec<String> = records.iter().map(Record::key).collect();
        let twice = keys.iter().zip(keys.iter().skip(1)).find(|(a, b)| a == b);
        if let Some((key, _)) = twice {
            return Err(DirectoryError::Duplicate(key.clone()));
        }
        if let Some(record) = records.iter().find(|record| !record.has_the_right_key()) {
            return Err(DirectoryError::PublicKey(record.key()));
        }
        let leaves = records.iter().map(leaf_of).collect::<Result<Leaves, _>>()?;
        let root = leaves.root();
        Ok(Self { records, leaves, root })
    }

    /// All records, sorted by [`Record::key`].
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The version of this directory.
    pub const fn root(&self) -> Hash {
        self.root
    }

    /// How many records it has.
    pub fn size(&self) -> u64 {
        self.leaves.size()
    }

    /// The record with this key.
    pub fn find(&self, key: &str) -> Option<&Record> {
        self.records.get(self.position(key)?)
    }

    /// The text that is signed as a note to publish this version. `origin` is that of the
    /// directory, see [`Origin::directory`].
    pub fn head(&self, origin: &Origin) -> String {
        Checkpoint { origin: origin.clone(), size: self.size(), root: self.root }.to_string()
    }

    fn position(&self, key: &str) -> Option<usize> {
        self.records.binary_search_by(|record| record.key().as_str().cmp(key)).ok()
    }
}

impl SignedDirectory {
    /// Checks that one of `verifiers` signed this version, under its own name.
    pub fn verify(&self, verifiers: &[NoteVerifier]) -> Result<(), HeadError> {
        let head: Checkpoint = open(&self.head, verifiers)?.parse()?;
        let is_ours = verifiers.iter().any(|verifier| verifier.name() == head.origin.as_ref());
        if is_ours && head.size == self.directory.size() && head.root == self.directory.root() {
            Ok(())
        } else {
            Err(HeadError::Other)
        }
    }
}

/// The leaf hash of a record.
fn leaf_of(record: &Record) -> Result<Hash, NotCanonical> {
    Ok(leaf_hash(&canonical_of(record)?))
}
