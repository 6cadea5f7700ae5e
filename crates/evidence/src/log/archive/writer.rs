//! Growing the archive.

use std::io;

use wire::merkle::{EMPTY_ROOT, Hash, leaf_hash, root_of};
use wire::tile::{WIDTH, encode_entry};

use super::{Archive, Ends, INDEX_BYTES, IndexRecord, LEVELS, PER_FILE, Pieces, Stream};
use crate::log::batch::{Batch, Placed};
use crate::log::error::ReadError;

/// The growing edge of the tree: all that is needed to append, and to give the root.
#[derive(Clone)]
pub(in crate::log) struct Tree {
    size: u64,
    /// Per tile level, the hashes of the tile that is not full yet.
    partial: Vec<Vec<Hash>>,
    /// Where the last entry and detail of the current file end.
    ends: Ends,
}

impl Tree {
    pub(in crate::log) fn size(&self) -> u64 {
        self.size
    }

    /// The root (RFC 6962 §2.1). A tile's hashes are roots of complete subtrees of one size, so what
    /// stands below the tile and is not complete is one hash more, at its right.
    pub(in crate::log) fn root(&self) -> Hash {
        let above = |below: Option<Hash>, tile: &Vec<Hash>| {
            let mut hashes = tile.iter().copied().chain(below).peekable();
            hashes.peek().is_some().then(|| root_of(hashes))
        };
        self.partial.iter().fold(None, above).unwrap_or(EMPTY_ROOT)
    }

    fn push(
        &mut self,
        (batch, placed): (&Batch, &Placed),
        archive: &Archive,
        pieces: &mut Pieces,
    ) -> io::Result<()> {
        let index = self.size;
        let file = index / PER_FILE;
        if index.is_multiple_of(PER_FILE) {
            self.ends = Ends::default();
        }
        let (entry, detail) = (batch.entry(placed), batch.detail(placed));
        let Ends { entry: entry_at, detail: detail_at } = self.ends;
        let mut encoded = Ok(());
        pieces.put(archive, (Stream::Entries, file, entry_at), |bundle| {
            let before = bundle.len();
            encoded = encode_entry(bundle, entry);
            self.ends.entry += (bundle.len() - before) as u64;
        })?;
        encoded.map_err(io::Error::other)?;
        pieces.put(archive, (Stream::Details, file, detail_at), |details| {
            details.extend_from_slice(detail);
        })?;
        self.ends.detail += detail.len() as u64;

        let record = IndexRecord { ends: self.ends, call: placed.call };
        let offset = index % PER_FILE * INDEX_BYTES as u64;
        pieces.put(archive, (Stream::Index, file, offset), |index| {
            index.extend_from_slice(&record.to_bytes());
        })?;
        self.push_hash(leaf_hash(entry), archive, pieces)?;
        self.size += 1;
        Ok(())
    }

    /// Puts a hash into its tile, and each tile that became full into the one above.
    fn push_hash(&mut self, leaf: Hash, archive: &Archive, pieces: &mut Pieces) -> io::Result<()> {
        let (mut hash, mut index) = (leaf, self.size);
        for (level, partial) in (0..LEVELS).zip(&mut self.partial) {
            let place = (Stream::Hashes(level), index / PER_FILE, index % PER_FILE * 32);
            pieces.put(archive, place, |hashes| hashes.extend_from_slice(&hash))?;
            partial.push(hash);
            if partial.len() < usize::from(WIDTH) {
                break;
            }
            hash = root_of(partial.drain(..));
            index /= u64::from(WIDTH);
        }
        Ok(())
    }
}

impl Archive {
    /// The growing edge of the tree of the first `size` entries.
    pub(in crate::log) fn load_tree(&self, size: u64) -> Result<Tree, ReadError> {
        let mut partial = Vec::new();
        for level in 0..LEVELS {
            let hashes = size >> (8 * level);
            let count = hashes % u64::from(WIDTH);
            let bytes = self.hashes(level, hashes - count, count)?;
            partial.push(bytes.as_chunks::<32>().0.to_vec());
        }
        Ok(Tree { size, partial, ends: self.ends_before(size)? })
    }

    /// Appends batches after `tree` and makes them last; answers the tree with them.
    ///
    /// A crash anywhere in here leaves bytes behind the published size, which nobody reads; the
    /// entries are still in the write-ahead file, and the next publication writes these bytes
    /// again. The same goes for an error: the caller tries again from the same `tree`, so that
    /// what a failed sync may have dropped is written anew before the next one.
    pub(in crate::log) fn append(
        &self,
        tree: &Tree,
        batches: &[impl AsRef<Batch>],
        pieces: &mut Pieces,
    ) -> io::Result<Tree> {
        let mut tree = tree.clone();
        pieces.begin();
        for batch in batches.iter().map(AsRef::as_ref) {
            for placed in &batch.entries {
                tree.push((batch, placed), self, pieces)?;
            }
        }
        pieces.finish(self)?;
        Ok(tree)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_over_tiles_is_the_root_over_leaves() {
        let leaf = |number: u64| leaf_hash(&number.to_be_bytes());
        let tile = u64::from(WIDTH);
        for size in (0..=2 * tile + 3).chain([3 * tile, 300 * tile, 300 * tile + 7]) {
            let mut partial = vec![Vec::new(); usize::from(LEVELS)];
            for number in 0..size {
                let mut hash = leaf(number);
                for tile in &mut partial {
                    tile.push(hash);
                    if tile.len() < usize::from(WIDTH) {
                        break;
                    }
                    hash = root_of(tile.drain(..));
                }
            }
            let tree = Tree { size, partial, ends: Ends::default() };
            assert_eq!(tree.root(), root_of((0..size).map(leaf)), "of {size}");
        }
    }
}
