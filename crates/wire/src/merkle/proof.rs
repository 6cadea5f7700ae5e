//! Proofs over a Merkle tree: a leaf is in it (RFC 9162 §2.1.3), and it only grew (§2.1.4).
//!
//! Whoever proves reads hashes of complete subtrees through [`HashReader`]; whoever verifies
//! needs nothing but the proof and the roots.

use super::{EMPTY_ROOT, Hash, node_hash};

/// Gives hashes of complete subtrees, from tiles, memory or the network.
pub trait HashReader {
    /// Why a hash could not be read.
    type Error;

    /// The root of the complete subtree of 2^`level` leaves that starts at leaf
    /// `index` · 2^`level`. Level 0 gives leaf hashes.
    fn hash(&self, level: u8, index: u64) -> Result<Hash, Self::Error>;
}

/// Why a proof proves nothing. All of them are final: the same proof fails again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The index is not below the size, or the old size is above the new one.
    #[error("the proof is about a leaf or a tree that cannot exist")]
    OutOfRange,
    /// Too many or too few hashes for these sizes.
    #[error("the proof does not have the number of hashes that these sizes need")]
    WrongLength,
    /// The hashes lead to another root.
    #[error("the proof leads to another root")]
    WrongRoot,
}

/// The inclusion proof of leaf `index` in the tree of the first `size` leaves, nearest sibling
/// first. Out of range (`index` ≥ `size`) gives an empty proof, which verifies against nothing.
pub fn prove_inclusion<R: HashReader>(
    index: u64,
    size: u64,
    reader: &R,
) -> Result<Vec<Hash>, R::Error> {
    let (mut start, mut end) = (0, size);
    let mut path = Vec::new();
    while index < size && end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(range_root(middle, end, reader)?);
            end = middle;
        } else {
            path.push(range_root(start, middle, reader)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of the first `new` leaves begins with the tree of the first `old`
/// ones. Empty if `old` is 0, equals `new`, or is above it (which then verifies against nothing).
pub fn prove_consistency<R: HashReader>(
    old: u64,
    new: u64,
    reader: &R,
) -> Result<Vec<Hash>, R::Error> {
    let mut path = Vec::new();
    if old == 0 || old >= new {
        return Ok(path);
    }
    let (mut start, mut end) = (0, new);
    // Walk down to where the old tree ends; what hangs to either side is the proof.
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            path.push(range_root(middle, end, reader)?);
            end = middle;
        } else {
            path.push(range_root(start, middle, reader)?);
            start = middle;
        }
    }
    // If the old tree is itself one complete subtree, the verifier has its root already.
    if start != 0 {
        path.push(range_root(start, end, reader)?);
    }
    path.reverse();
    Ok(path)
}

/// Checks that the leaf hash `leaf` stands at `index` of the tree of `size` leaves with `root`.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    path: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    let mut walk = Walk::new(index, size)?;
    let mut hash = *leaf;
    for sibling in path {
        hash = match walk.step()? {
            Side::Left => node_hash(sibling, &hash),
            Side::Right => node_hash(&hash, sibling),
        };
    }
    walk.finish()?;
    if hash == *root { Ok(()) } else { Err(ProofError::WrongRoot) }
}

/// Checks that the tree of `new` leaves with `new_root` begins with the tree of `old` leaves with
/// `old_root`.
pub fn verify_consistency(
    old: u64,
    new: u64,
    path: &[Hash],
    old_root: &Hash,
    new_root: &Hash,
) -> Result<(), ProofError> {
    if old > new {
        return Err(ProofError::OutOfRange);
    }
    if old == 0 || old == new {
        let expected = if old == 0 { &EMPTY_ROOT } else { new_root };
        let roots_agree = old_root == expected && (new != 0 || *new_root == EMPTY_ROOT);
        return match (path.is_empty(), roots_agree) {
            (false, _) => Err(ProofError::WrongLength),
            (true, false) => Err(ProofError::WrongRoot),
            (true, true) => Ok(()),
        };
    }
    let mut walk = Walk::new(old - 1, new)?;
    walk.skip_complete();
    let mut path = path.iter();
    let seed = if old.is_power_of_two() { Some(old_root) } else { path.next() };
    let seed = *seed.ok_or(ProofError::WrongLength)?;
    let (mut old_hash, mut new_hash) = (seed, seed);
    for sibling in path {
        match walk.step()? {
            Side::Left => {
                old_hash = node_hash(sibling, &old_hash);
                new_hash = node_hash(sibling, &new_hash);
            }
            Side::Right => new_hash = node_hash(&new_hash, sibling),
        }
    }
    walk.finish()?;
    let roots_agree = old_hash == *old_root && new_hash == *new_root;
    if roots_agree { Ok(()) } else { Err(ProofError::WrongRoot) }
}

/// The largest power of two below `length`, which is at least 2.
fn split(length: u64) -> u64 {
    1 << (u64::BITS - 1 - (length - 1).leading_zeros())
}

/// The root over leaves `start..end`, a range that [`split`] made: its complete subtrees are read,
/// the rest is hashed here.
fn range_root<R: HashReader>(start: u64, end: u64, reader: &R) -> Result<Hash, R::Error> {
    let length = end - start;
    if length.is_power_of_two() {
        let level = length.trailing_zeros();
        // At most 63, so it fits.
        return reader.hash(u8::try_from(level).unwrap_or(u8::MAX), start >> level);
    }
    let middle = start + split(length);
    let left = range_root(start, middle, reader)?;
    Ok(node_hash(&left, &range_root(middle, end, reader)?))
}

/// On which side of the node a sibling stands.
enum Side {
    Left,
    Right,
}

/// The way from a node up to the root, as `fn` and `sn` of RFC 9162 §2.1.3.2: the number of the
/// node on its level, and of the last node there.
struct Walk {
    node: u64,
    last: u64,
}

impl Walk {
    fn new(index: u64, size: u64) -> Result<Self, ProofError> {
        let last = size.checked_sub(1).filter(|last| index <= *last);
        Ok(Self { node: index, last: last.ok_or(ProofError::OutOfRange)? })
    }

    fn up(&mut self) {
        self.node >>= 1;
        self.last >>= 1;
    }

    /// Climbs while the node is a right child: all of that is inside one complete subtree.
    fn skip_complete(&mut self) {
        while self.node & 1 == 1 {
            self.up();
        }
    }

    fn step(&mut self) -> Result<Side, ProofError> {
        if self.last == 0 {
            return Err(ProofError::WrongLength);
        }
        let side = if self.node & 1 == 1 || self.node == self.last {
            // A last node without a right sibling rises until it is a right child.
            while self.node & 1 == 0 && self.node != 0 {
                self.up();
            }
            Side::Left
        } else {
            Side::Right
        };
        self.up();
        Ok(side)
    }

    fn finish(&self) -> Result<(), ProofError> {
        if self.last == 0 { Ok(()) } else { Err(ProofError::WrongLength) }
    }
}
