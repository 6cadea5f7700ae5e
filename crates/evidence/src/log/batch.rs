//! A run of entries that are durable in the write-ahead file: the frames as they were written,
//! and where in them entries and details stand.

use std::ops::Range;

use wire::id::RequestId;

use super::codec::EntryRecord;
use super::frame::{self, Kind};

#[derive(Debug, Default)]
pub(super) struct Batch {
    /// The index of its first entry.
    pub(super) first: u64,
    pub(super) bytes: Vec<u8>,
    pub(super) entries: Vec<Placed>,
}

/// Where one entry stands in the bytes of its batch.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) entry: Range<usize>,
    pub(super) detail: Range<usize>,
    /// What the index keeps of the request id.
    pub(super) call: u64,
}

impl Batch {
    /// Empties it, to begin at this index.
    pub(super) fn clear(&mut self, first: u64) {
        self.first = first;
        self.bytes.clear();
        self.entries.clear();
    }

    /// Adds an entry; `synced` as in [`frame::write`].
    pub(super) fn push(&mut self, synced: u64, record: &EntryRecord<'_>) {
        frame::write(&mut self.bytes, Kind::Entry, synced, |out| record.put(out));
        // The detail stands last in its frame, the entry before it.
        let end = self.bytes.len();
        let detail = end - record.detail.len()..end;
        let entry = detail.start - record.entry.len()..detail.start;
        let call = record.request_id.as_ref().map_or(0, call_mark);
        self.entries.push(Placed { entry, detail, call });
    }

    /// The index after its last entry.
    pub(super) fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    pub(super) fn entry(&self, placed: &Placed) -> &[u8] {
        self.bytes.get(placed.entry.clone()).unwrap_or_default()
    }

    pub(super) fn detail(&self, placed: &Placed) -> &[u8] {
        self.bytes.get(placed.detail.clone()).unwrap_or_default()
    }

    /// The entry with this index, if it is in the batch.
    pub(super) fn find(&self, index: u64) -> Option<&Placed> {
        let position = usize::try_from(index.checked_sub(self.first)?).ok()?;
        self.entries.get(position)
    }
}

/// The last eight bytes of a request id: random ones, so they hardly ever agree by chance.
pub(super) fn call_mark(request_id: &RequestId) -> u64 {
    let last = request_id.as_bytes().last_chunk();
    u64::from_le_bytes(*last.unwrap_or(&[0; 8])) // there are sixteen
}
