//! A small tree in memory, to prove from: the directory, or the lines of a head.

use super::{Hash, HashReader, root_of};

/// All leaf hashes of a tree. Inner nodes are hashed when they are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leaves(Vec<Hash>);

/// The tree has no such complete subtree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the tree has no such complete subtree")]
pub struct NoSuchSubtree;

impl Leaves {
    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        // A `usize` is at most 64 bits wide.
        u64::try_from(self.0.len()).unwrap_or(u64::MAX)
    }

    /// The root over all leaves.
    pub fn root(&self) -> Hash {
        root_of(self.0.iter().copied())
    }
}

impl FromIterator<Hash> for Leaves {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Self {
        Self(leaves.into_iter().collect())
    }
}

impl HashReader for Leaves {
    type Error = NoSuchSubtree;

    fn hash(&self, level: u8, index: u64) -> Result<Hash, NoSuchSubtree> {
        let range = || {
            let length = 1_usize.checked_shl(u32::from(level))?;
            let start = usize::try_from(index).ok()?.checked_mul(length)?;
            self.0.get(start..start.checked_add(length)?)
        };
        let leaves = range().ok_or(NoSuchSubtree)?;
        Ok(root_of(leaves.iter().copied()))
    }
}
