//! The published part of the log: hashes, entries and details in files that only grow.
//!
//! ```text
//! hashes/<tile level>/<n>   32 bytes per complete subtree of 256^level leaves
//! entries/<n>               tlog-tiles entry bundles, one after the other
//! details/<n>               sealed details, one after the other
//! index/<n>                 24 bytes per entry: where its entry and its detail end in their
//!                           files, and eight bytes of its request id
//! ```
//! Each file `<n>` holds 65,536 records (256 tiles), so a tile is one range of one file, and a
//! partial tile is a prefix of the full one for ever.
//!
//! **Invariant**: what stands below the size of the durable checkpoint is never written again;
//! what stands above it is read by nobody, and the next publication writes over it.
//! **Trust**: none: readers check entries against hashes, and hashes lead to a signed root.

mod pieces;
mod reader;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) use pieces::Pieces;
pub(super) use writer::Tree;

use crate::disk::Disk;

/// Records per file.
const PER_FILE: u64 = 65_536;

/// Tile levels that are kept: 256^8 leaves are more than there will ever be.
const LEVELS: u8 = 8;

const INDEX_BYTES: usize = 24;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stream {
    Hashes(u8),
    Entries,
    Details,
    Index,
}

/// The files of the published part.
#[derive(Clone)]
pub(super) struct Archive {
    disk: Arc<dyn Disk>,
    root: Arc<Path>,
}

impl Archive {
    pub(super) fn new(disk: Arc<dyn Disk>, root: &Path) -> Self {
        Self { disk, root: root.into() }
    }

    fn streams() -> impl Iterator<Item = Stream> {
        (0..LEVELS).map(Stream::Hashes).chain([Stream::Entries, Stream::Details, Stream::Index])
    }

    /// Makes the directories and their names last.
    pub(super) fn create_dirs(&self) -> std::io::Result<()> {
        for stream in Self::streams() {
            self.disk.create_dirs(&self.dir(stream))?;
        }
        self.disk.sync_dir(&self.root.join("hashes"))?;
        self.disk.sync_dir(&self.root)
    }

    /// Whether no entry was ever archived here.
    pub(super) fn is_empty(&self) -> std::io::Result<bool> {
        Ok(self.disk.list(&self.dir(Stream::Index))?.is_empty())
    }

    fn dir(&self, stream: Stream) -> PathBuf {
        match stream {
            Stream::Hashes(level) => self.root.join("hashes").join(level.to_string()),
            Stream::Entries => self.root.join("entries"),
            Stream::Details => self.root.join("details"),
            Stream::Index => self.root.join("index"),
        }
    }

    fn path(&self, stream: Stream, file: u64) -> PathBuf {
        self.dir(stream).join(format!("{file:08}"))
    }
}

/// Where an entry and its detail end in their files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Ends {
    entry: u64,
    detail: u64,
}

/// A record of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct IndexRecord {
    ends: Ends,
    /// The last eight bytes of the request id, which are random; 0 if there is none.
    call: u64,
}

impl IndexRecord {
    fn to_bytes(self) -> [u8; INDEX_BYTES] {
        let mut bytes = [0; INDEX_BYTES];
        let numbers = [self.ends.entry, self.ends.detail, self.call];
        for (to, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            to.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut numbers = bytes.as_chunks::<8>().0.iter().map(|chunk| u64::from_le_bytes(*chunk));
        let ends = Ends { entry: numbers.next()?, detail: numbers.next()? };
        Some(Self { ends, call: numbers.next()? })
    }
}
