//! Reading the archive. Every function here may wait for the disk, and none looks at the
//! published size: the caller does.

use std::io;

use wire::merkle::{Hash, HashReader, root_of};

use super::{Archive, Ends, INDEX_BYTES, IndexRecord, PER_FILE, Stream};

/// Index records read at a time when looking for a call.
const SCAN: u64 = 4_096;

impl Archive {
    /// `count` hashes of a tile level; they must stand in one file.
    pub(in crate::log) fn hashes(&self, level: u8, from: u64, count: u64) -> io::Result<Vec<u8>> {
        self.range(Stream::Hashes(level), from / PER_FILE, from % PER_FILE * 32, count * 32)
    }

    /// The entry bundle of the entries `from..to`, which must stand in one file.
    pub(in crate::log) fn bundle(&self, from: u64, to: u64) -> io::Result<Vec<u8>> {
        let start = self.ends_before(from)?.entry;
        let end = self.ends_after(to)?.entry;
        self.range(Stream::Entries, from / PER_FILE, start, end.saturating_sub(start))
    }

    /// The bytes of one entry.
    pub(in crate::log) fn entry(&self, index: u64) -> io::Result<Vec<u8>> {
        let mut bundle = self.bundle(index, index + 1)?;
        // The length stands before it.
        Ok(bundle.split_off(bundle.len().min(2)))
    }

    /// The sealed detail of one entry; empty if it has none.
    pub(in crate::log) fn detail(&self, index: u64) -> io::Result<Vec<u8>> {
        let start = self.ends_before(index)?.detail;
        let end = self.ends_after(index + 1)?.detail;
        self.range(Stream::Details, index / PER_FILE, start, end.saturating_sub(start))
    }

    /// The first entry of `from..to` that may belong to the call with this mark.
    pub(in crate::log) fn find_call(
        &self,
        call: u64,
        from: u64,
        to: u64,
    ) -> io::Result<Option<u64>> {
        let mut at = from;
        while at < to {
            let in_file = PER_FILE - at % PER_FILE;
            let count = (to - at).min(SCAN).min(in_file);
            let (offset, length) = (at % PER_FILE * RECORD, count * RECORD);
            let bytes = self.range(Stream::Index, at / PER_FILE, offset, length)?;
            let mut records = bytes.chunks_exact(INDEX_BYTES).map(IndexRecord::read);
            let found = records.position(|record| record.is_some_and(|record| record.call == call));
            if let Some(position) = found {
                return Ok(Some(at + position as u64));
            }
            at += count;
        }
        Ok(None)
    }

    /// Where the entry before `index` ends in the file of `index`.
    pub(super) fn ends_before(&self, index: u64) -> io::Result<Ends> {
        if index.is_multiple_of(PER_FILE) { Ok(Ends::default()) } else { self.ends_after(index) }
    }

    /// Where the entry before `index` ends in its own file.
    fn ends_after(&self, index: u64) -> io::Result<Ends> {
        let last = index.checked_sub(1).ok_or(io::ErrorKind::InvalidInput)?;
        let offset = last % PER_FILE * RECORD;
        let bytes = self.range(Stream::Index, last / PER_FILE, offset, RECORD)?;
        let record = IndexRecord::read(&bytes).ok_or(io::ErrorKind::InvalidData)?;
        Ok(record.ends)
    }

    fn range(&self, stream: Stream, file: u64, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        if length > MAX_RANGE {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the index of the log is damaged",
            ));
        }
        let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        if !bytes.is_empty() {
            self.disk.read_at(&self.path(stream, file), offset, &mut bytes)?;
        }
        Ok(bytes)
    }
}

const RECORD: u64 = INDEX_BYTES as u64;

/// No range is longer: 256 entries of 65,535 bytes and their lengths.
const MAX_RANGE: u64 = 256 * 65_537;

impl HashReader for Archive {
    type Error = io::Error;

    fn hash(&self, level: u8, index: u64) -> io::Result<Hash> {
        let (tile_level, within) = (level / 8, level % 8);
        let bytes = self.hashes(tile_level, index << within, 1 << within)?;
        Ok(root_of(bytes.as_chunks::<32>().0.iter().copied()))
    }
}
