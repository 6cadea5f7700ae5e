//! Tree hashes out of hash tiles.
//!
//! [`Tiles`] is a few tiles of one log at one size, for whoever proves from files or over the
//! network: ask for a proof; if a tile is missing, the error names it; fetch, insert, ask again.

use std::collections::BTreeMap;

use super::{HEIGHT, TileKind, TilePath};
use crate::merkle::{Hash, HashReader, node_hash};

/// Hash tiles of a log of one size.
#[derive(Debug, Clone)]
pub struct Tiles {
    size: u64,
    tiles: BTreeMap<TilePath, Vec<u8>>,
}

/// Why a hash cannot be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// This tile has to be inserted first. Not final.
    #[error("the tile {0} is needed")]
    Missing(TilePath),
    /// The log is too small to have this hash. Final.
    #[error("the log has no complete subtree {index} of level {level}")]
    BeyondTheLog {
        /// Level in the binary tree.
        level: u8,
        /// Number on that level.
        index: u64,
    },
    /// The bytes are not as many as the tile's width demands. Final for these bytes.
    #[error("the tile {0} has another length than its width demands")]
    WrongLength(TilePath),
}

impl Tiles {
    /// No tiles yet, of a log of `size` entries.
    pub const fn new(size: u64) -> Self {
        Self { size, tiles: BTreeMap::new() }
    }

    /// The size of the log to which the tiles belong.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds the bytes of one hash tile. Bytes of the full tile serve for a partial one too.
    pub fn insert(&mut self, path: TilePath, mut bytes: Vec<u8>) -> Result<(), TileError> {
        let expected = usize::from(path.width) * size_of::<Hash>();
        if bytes.len() < expected {
            return Err(TileError::WrongLength(path));
        }
        bytes.truncate(expected);
        self.tiles.insert(path, bytes);
        Ok(())
    }
}

impl HashReader for Tiles {
    type Error = TileError;

    fn hash(&self, level: u8, index: u64) -> Result<Hash, TileError> {
        let beyond = TileError::BeyondTheLog { level, index };
        let (tile_level, inside) = (level / HEIGHT, level % HEIGHT);
        let count = 1_u64 << inside;
        let first = index.checked_mul(count).ok_or(beyond)?;
        let (number, offset) = (first >> HEIGHT, first & 0xff);
        let kind = TileKind::Hashes(tile_level);
        let path = TilePath::in_log(kind, number, self.size).ok_or(beyond)?;
        if offset + count > u64::from(path.width) {
            return Err(beyond);
        }
        let bytes = self.tiles.get(&path).ok_or(TileError::Missing(path))?;
        let (hashes, _) = bytes.as_chunks::<32>();
        let (Ok(offset), Ok(count)) = (usize::try_from(offset), usize::try_from(count)) else {
            return Err(beyond);
        };
        let part = hashes.get(offset..offset + count).ok_or(TileError::WrongLength(path))?;
        Ok(complete_root(part))
    }
}

/// The root over hashes whose number is a power of two.
fn complete_root(hashes: &[Hash]) -> Hash {
    if let [hash] = hashes {
        return *hash;
    }
    let (left, right) = hashes.split_at(hashes.len() / 2);
    node_hash(&complete_root(left), &complete_root(right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::{leaf_hash, prove_inclusion, root_of, verify_inclusion};
    use proptest::prelude::*;

    /// The bytes of a tile, computed from the leaves.
    fn tile(leaves: &[Hash], path: TilePath) -> Vec<u8> {
        let TileKind::Hashes(level) = path.kind else { unreachable!() };
        let span = 256_usize.pow(u32::from(level));
        let first = usize::try_from(path.index).unwrap() * 256;
        let roots = (first..first + usize::from(path.width))
            .map(|at| root_of(leaves[at * span..(at + 1) * span].iter().copied()));
        roots.flatten().collect()
    }

    /// Proves by fetching what is missing, as a client does.
    fn prove(index: u64, leaves: &[Hash]) -> Result<Vec<Hash>, TileError> {
        let mut tiles = Tiles::new(leaves.len() as u64);
        loop {
            match prove_inclusion(index, tiles.size(), &tiles) {
                Err(TileError::Missing(path)) => tiles.insert(path, tile(leaves, path))?,
                result => return result,
            }
        }
    }

    fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|number| leaf_hash(&number.to_be_bytes())).collect()
    }

    #[test]
    fn leaves_at_the_edges_of_tiles_are_provable() {
        for size in [1, 2, 255, 256, 257, 511, 512, 513, 65_536, 65_793] {
            let leaves = leaves(size);
            let root = root_of(leaves.iter().copied());
            for index in [0, 1, 254, 255, 256, 257, 511, 512, size / 2, size - 1] {
                if index < size {
                    let path = prove(index, &leaves).unwrap();
                    let leaf = leaves[usize::try_from(index).unwrap()];
                    assert_eq!(verify_inclusion(&leaf, index, size, &path, &root), Ok(()));
                }
            }
        }
    }

    #[test]
    fn a_hash_beyond_the_log_is_not_given() {
        let tiles = Tiles::new(257);
        let missing = TilePath { kind: TileKind::Hashes(0), index: 1, width: 1 };
        assert_eq!(tiles.hash(0, 256), Err(TileError::Missing(missing)));
        for (level, index) in [(0, 257), (1, 128), (8, 1), (9, 0), (64, 0), (255, 0), (7, 1 << 60)]
        {
            let beyond = TileError::BeyondTheLog { level, index };
            assert_eq!(tiles.hash(level, index), Err(beyond), "level {level}, index {index}");
        }
    }

    #[test]
    fn a_tile_must_be_long_enough() {
        let mut tiles = Tiles::new(2);
        let path = TilePath { kind: TileKind::Hashes(0), index: 0, width: 2 };
        assert_eq!(tiles.insert(path, vec![0; 63]), Err(TileError::WrongLength(path)));
        assert_eq!(tiles.insert(path, vec![0; 256 * 32]), Ok(()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn any_leaf_is_provable_from_tiles(size in 1_u64..3_000, at in any::<u64>()) {
            let (leaves, index) = (leaves(size), at % size);
            let path = prove(index, &leaves).unwrap();
            let leaf = leaves[usize::try_from(index).unwrap()];
            let root = root_of(leaves.iter().copied());
            prop_assert_eq!(verify_inclusion(&leaf, index, size, &path, &root), Ok(()));
        }
    }
}
