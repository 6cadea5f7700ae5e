//! Merkle trees of RFC 6962 §2.1 (RFC 9162 §2.1): the shape of the log, the directory and a head.
//!
//! A tree of n leaves is split at the largest power of two below n. Leaves are hashed with the
//! prefix 0x00, inner nodes with 0x01, so no leaf can pass for a node. [`Frontier`] grows a root
//! with one hash per set bit of the size; [`proof`] proves that a leaf is in a tree and that a
//! tree only grew.
//!
//! **Invariant**: the root of a list is the same whichever way it was computed.
//! **Trust**: nothing secret passes here; a flaw here would let a log show two histories.

pub mod base64_text;
mod leaves;
pub mod proof;
pub(crate) mod short;
#[cfg(test)]
mod tests;

use aws_lc_rs::digest::{Context, SHA256};

pub use leaves::{Leaves, NoSuchSubtree};
pub use proof::{
    HashReader, ProofError, prove_consistency, prove_inclusion, verify_consistency,
    verify_inclusion,
};

/// A SHA-256 value.
pub type Hash = [u8; 32];

/// The root of the tree without leaves: SHA-256 of nothing (RFC 6962 §2.1).
pub const EMPTY_ROOT: Hash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// SHA-256 over the concatenation of `parts`.
pub fn sha256(parts: &[&[u8]]) -> Hash {
    if let Some(hash) = short::sha256(parts) {
        return hash;
    }
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// What a leaf's bytes are hashed behind.
pub(crate) const LEAF: u8 = 0x00;

/// The hash of a leaf: SHA-256(0x00 ‖ data).
pub fn leaf_hash(data: &[u8]) -> Hash {
    sha256(&[&[LEAF], data])
}

/// The hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    short::node(left, right)
}

/// The root of the tree over `leaves`, which are leaf hashes.
pub fn root_of(leaves: impl IntoIterator<Item = Hash>) -> Hash {
    let mut frontier = Frontier::default();
    for leaf in leaves {
        frontier.push(leaf);
    }
    frontier.root()
}

/// The right edge of a growing tree: enough to append and to give the root, 64 hashes at most.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// Roots of the complete subtrees, largest first: one per set bit of `size`.
    subtrees: Vec<Hash>,
}

/// A list of subtrees that does not fit its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tree of {size} leaves has {expected} complete subtrees, {found} were given")]
pub struct WrongSubtrees {
    size: u64,
    expected: usize,
    found: usize,
}

impl Frontier {
    /// The frontier of a tree of `size` leaves from the roots of its complete subtrees, largest
    /// first (one per set bit of `size`).
    pub fn from_subtrees(size: u64, subtrees: Vec<Hash>) -> Result<Self, WrongSubtrees> {
        let (expected, found) = (size.count_ones() as usize, subtrees.len());
        if expected == found {
            Ok(Self { size, subtrees })
        } else {
            Err(WrongSubtrees { size, expected, found })
        }
    }

    /// Appends one leaf hash.
    pub fn push(&mut self, leaf: Hash) {
        // Each trailing one bit of the size is a complete subtree as large as what stands to its
        // right by now: the two become one.
        let merges = self.size.trailing_ones();
        let mut hash = leaf;
        for _ in 0..merges {
            let Some(left) = self.subtrees.pop() else {
                break;
            };
            hash = node_hash(&left, &hash);
        }
        self.subtrees.push(hash);
        self.size += 1;
    }

    /// How many leaves were pushed.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the complete subtrees, largest first.
    pub fn subtrees(&self) -> &[Hash] {
        &self.subtrees
    }

    /// The root of the tree so far.
    pub fn root(&self) -> Hash {
        let from_the_right = self.subtrees.iter().rev().copied();
        from_the_right.reduce(|right, left| node_hash(&left, &right)).unwrap_or(EMPTY_ROOT)
    }
}
