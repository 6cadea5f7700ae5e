//! A few records of a directory with the proofs that they stand in it.

use serde::{Deserialize, Serialize};

use super::{Directory, Record, leaf_of};
use crate::canonical::NotCanonical;
use crate::merkle::{Hash, ProofError, base64_text, prove_inclusion, verify_inclusion};

/// Records out of one version of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectoryExtract {
    /// How many records that version has.
    pub size: u64,
    /// Some of them, in their order.
    pub records: Vec<ProvenRecord>,
}

/// One record with its inclusion proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenRecord {
    /// Its place among the records.
    pub index: u64,
    /// The siblings on the way to the root.
    #[serde(with = "base64_text::list")]
    pub path: Vec<Hash>,
    /// The record.
    pub record: Record,
}

/// Why an extract is not of the version it should be of. Final for the same extract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// A record does not stand where the extract says.
    #[error("{key} does not stand in this version of the directory: {error}")]
    NotThere {
        /// The record's key.
        key: String,
        /// What is wrong with its proof.
        error: ProofError,
    },
    /// Records out of order, or one twice.
    #[error("the records of the extract are not in their order")]
    Order,
    /// A record that cannot be written.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
}

impl Directory {
    /// The records with these keys, with proofs. Keys that the directory does not have are left
    /// out; an extract proves presence, never absence.
    pub fn extract<'a>(&self, keys: impl IntoIterator<Item = &'a str>) -> DirectoryExtract {
        let mut positions: Vec<usize> =
            keys.into_iter().filter_map(|key| self.position(key)).collect();
        positions.sort_unstable();
        positions.dedup();
        let proven = |position: usize| {
            let index = u64::try_from(position).ok()?;
            let path = prove_inclusion(index, self.size(), &self.leaves).ok()?;
            Some(ProvenRecord { index, path, record: self.records.get(position)?.clone() })
        };
        let records = positions.into_iter().filter_map(proven).collect();
        DirectoryExtract { size: self.size(), records }
    }
}

impl DirectoryExtract {
    /// Checks that all records stand in the version with this root.
    pub fn verify(&self, root: &Hash) -> Result<(), ExtractError> {
        let indices: Vec<u64> = self.records.iter().map(|proven| proven.index).collect();
        if !indices.iter().zip(indices.iter().skip(1)).all(|(a, b)| a < b) {
            return Err(ExtractError::Order);
        }
        for ProvenRecord { index, path, record } in &self.records {
            let not_there = |error| ExtractError::NotThere { key: record.key(), error };
            let leaf = leaf_of(record)?;
            verify_inclusion(&leaf, *index, self.size, path, root).map_err(not_there)?;
        }
        Ok(())
    }

    /// The record with this key.
    pub fn find(&self, key: &str) -> Option<&Record> {
        self.records.iter().map(|proven| &proven.record).find(|record| record.key() == key)
    }
}
