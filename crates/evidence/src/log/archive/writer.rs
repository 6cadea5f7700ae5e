//! Growing the archive.

use std::collections::BTreeMap;
use std::io;

use wire::merkle::{Frontier, Hash, HashReader, leaf_hash, root_of};
use wire::tile::{WIDTH, encode_entry};

use super::{Archive, Ends, IndexRecord, LEVELS, PER_FILE, Stream};
use crate::log::batch::{Batch, Placed};
use crate::log::error::ReadError;

/// The growing edge of the tree: all that is needed to append.
#[derive(Clone)]
pub(in crate::log) struct Tree {
    frontier: Frontier,
    /// Per tile level, the hashes of the tile that is not full yet.
    partial: Vec<Vec<Hash>>,
    /// Where the last entry and detail of the current file end.
    ends: Ends,
}

/// Bytes to be written: per stream and file, from which offset on.
type Pieces = BTreeMap<(Stream, u64), (u64, Vec<u8>)>;

impl Tree {
    pub(in crate::log) fn size(&self) -> u64 {
        self.frontier.size()
    }

    pub(in crate::log) fn root(&self) -> Hash {
        self.frontier.root()
    }

    fn push(&mut self, batch: &Batch, placed: &Placed, pieces: &mut Pieces) -> io::Result<()> {
        let index = self.size();
        let file = index / PER_FILE;
        if index.is_multiple_of(PER_FILE) {
            self.ends = Ends::default();
        }
        let entry = batch.entry(placed);
        let bundle = piece(pieces, Stream::Entries, file, self.ends.entry);
        let before = bundle.len();
        encode_entry(bundle, entry).map_err(io::Error::other)?;
        self.ends.entry += (bundle.len() - before) as u64;

        let detail = batch.detail(placed);
        piece(pieces, Stream::Details, file, self.ends.detail).extend_from_slice(detail);
        self.ends.detail += detail.len() as u64;

        let record = IndexRecord { ends: self.ends, call: placed.call };
        let offset = index % PER_FILE * super::INDEX_BYTES as u64;
        piece(pieces, Stream::Index, file, offset).extend_from_slice(&record.to_bytes());

        let leaf = leaf_hash(entry);
        self.frontier.push(leaf);
        self.push_hash(leaf, index, pieces);
        Ok(())
    }

    /// Puts a hash into its tile, and each tile that became full into the one above.
    fn push_hash(&mut self, leaf: Hash, leaf_index: u64, pieces: &mut Pieces) {
        let (mut hash, mut index) = (leaf, leaf_index);
        for (level, partial) in (0..LEVELS).zip(&mut self.partial) {
            let offset = index % PER_FILE * 32;
            piece(pieces, Stream::Hashes(level), index / PER_FILE, offset).extend_from_slice(&hash);
            partial.push(hash);
            if partial.len() < usize::from(WIDTH) {
                return;
            }
            hash = root_of(partial.drain(..));
            index /= u64::from(WIDTH);
        }
    }
}

fn piece(pieces: &mut Pieces, stream: Stream, file: u64, offset: u64) -> &mut Vec<u8> {
    &mut pieces.entry((stream, file)).or_insert_with(|| (offset, Vec::new())).1
}

impl Archive {
    /// The growing edge of the tree of the first `size` entries.
    pub(in crate::log) fn load_tree(&self, size: u64) -> Result<Tree, ReadError> {
        let mut subtrees = Vec::new();
        for level in (0..64_u8).rev().filter(|level| size >> level & 1 == 1) {
            subtrees.push(self.hash(level, (size >> level) - 1)?);
        }
        let frontier = Frontier::from_subtrees(size, subtrees).map_err(io::Error::other)?;
        let mut partial = Vec::new();
        for level in 0..LEVELS {
            let hashes = size >> (8 * level);
            let count = hashes % u64::from(WIDTH);
            let bytes = self.hashes(level, hashes - count, count)?;
            partial.push(bytes.as_chunks::<32>().0.to_vec());
        }
        Ok(Tree { frontier, partial, ends: self.ends_before(size)? })
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
    ) -> io::Result<Tree> {
        let mut tree = tree.clone();
        let mut pieces = Pieces::new();
        for batch in batches.iter().map(AsRef::as_ref) {
            for placed in &batch.entries {
                tree.push(batch, placed, &mut pieces)?;
            }
        }
        let mut named = Vec::new();
        for ((stream, file), (offset, bytes)) in &pieces {
            let handle = self.disk.open(&self.path(*stream, *file))?;
            handle.write_at(*offset, bytes)?;
            handle.sync()?;
            if *offset == 0 {
                named.push(*stream);
            }
        }
        for stream in named {
            self.disk.sync_dir(&self.dir(stream))?;
        }
        Ok(tree)
    }
}
