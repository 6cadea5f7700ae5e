//! The write-ahead file: entries stand here, durable, before anybody is answered.
//!
//! It consists of segments `wal/<serial>`. Each begins with a head that names the segment before
//! and how many bytes of that one count. So after an error the appender never touches the old
//! segment again (nobody knows what a failed sync left behind): it begins a new one whose head
//! says where the truth ends.
//!
//! **Invariant**: the entries of the chain of segments have consecutive indexes; every byte below
//! a segment's length is durable.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use wire::ambient::UtcMicros;
use wire::id::RequestId;

use super::batch::Batch;
use super::codec::{EntryRecord, KeyNames, SegmentHead, SettledRecord};
use super::draft::SpentNonce;
use super::error::OpenError;
use super::frame::{self, Kind};
use crate::disk::{Disk, DiskFile};

/// The segment that is being written.
pub(super) struct Segment {
    pub(super) serial: u64,
    /// Bytes that are durable.
    pub(super) length: u64,
    file: Box<dyn DiskFile>,
}

pub(super) fn path(dir: &Path, serial: u64) -> PathBuf {
    dir.join(format!("{serial:020}"))
}

impl Segment {
    /// Begins a segment that holds `frames` from the start.
    ///
    /// It gets its name only when all of it is durable: a crash in here leaves it whole, or not
    /// there at all.
    pub(super) fn begin(
        disk: &dyn Disk,
        dir: &Path,
        head: &SegmentHead,
        frames: &[u8],
    ) -> io::Result<Self> {
        let mut bytes = Vec::with_capacity(frames.len() + 256);
        frame::write(&mut bytes, Kind::Segment, 0, |out| head.put(out));
        bytes.extend_from_slice(frames);
        let (new, path) = (dir.join("new"), path(dir, head.serial));
        let file = disk.open(&new)?;
        file.truncate(0)?;
        file.write_at(0, &bytes)?;
        file.sync()?;
        disk.rename(&new, &path)?;
        // If this fails, the segment stays behind without entries of its own; its serial is not
        // used again, and no later segment builds on it.
        disk.sync_dir(dir)?;
        Ok(Self { serial: head.serial, length: bytes.len() as u64, file })
    }

    /// Appends frames and returns when they are durable.
    ///
    /// A crash before the sync leaves some of the frames, whole or torn: the next opening keeps
    /// the whole ones up to the first torn one. None of them was acknowledged, so keeping and
    /// cutting are both right. After an error the caller must abandon the segment.
    pub(super) fn append(&mut self, frames: &[u8]) -> io::Result<()> {
        self.file.write_at(self.length, frames)?;
        self.file.sync()?;
        self.length += frames.len() as u64;
        Ok(())
    }

    /// Cuts off what an error left behind the durable bytes, to give back space and so that a
    /// crash before the next segment's head finds no entry whose caller heard a refusal. If this
    /// fails too, such an entry may stay; it says what the platform was about to answer.
    pub(super) fn cut(&self) {
        drop(self.file.truncate(self.length));
    }
}

/// What the segments hold.
#[derive(Default)]
pub(super) struct Replay {
    /// Entries from the asked-for index on, in frames of their own.
    pub(super) batch: Batch,
    /// The index after the last entry, if any segment counts.
    pub(super) end: Option<u64>,
    pub(super) last_time: Option<UtcMicros>,
    /// Calls whose outcome stands in an entry.
    pub(super) settled: HashSet<RequestId>,
    /// Those that must still be remembered.
    pub(super) nonces: HashSet<SpentNonce>,
    /// All segments there are.
    pub(super) serials: Vec<u64>,
}

/// Reads all segments; entries from index `from` on are kept, and nonces that live at `now`.
pub(super) fn replay(
    disk: &dyn Disk,
    dir: &Path,
    origin: &str,
    from: u64,
    now: UtcMicros,
) -> Result<Replay, OpenError> {
    let mut replay =
        Replay { batch: Batch { first: from, ..Batch::default() }, ..Replay::default() };
    let mut segments = BTreeMap::new();
    for name in disk.list(dir).map_err(OpenError::disk(dir))? {
        let Ok(serial) = name.parse() else { continue };
        replay.serials.push(serial);
        let path = path(dir, serial);
        let bytes = disk.read(&path).map_err(OpenError::disk(&path))?;
        let head = head_of(&bytes).filter(|head| head.serial == serial && head.origin == origin);
        // It got its name when it was whole: whatever is wrong with its head is damage.
        let head = head.ok_or(OpenError::Damaged { path, at: 0 })?;
        segments.insert(serial, (head, bytes));
    }
    let chain = chain(segments);
    if let Some(first) = chain.first().filter(|first| first.head.start > from) {
        let dir = dir.parent().unwrap_or(dir).to_owned();
        return Err(OpenError::Missing { dir, from, to: first.head.start - 1 });
    }
    let mut names = KeyNames::default();
    for link in chain {
        replay.take(dir, &link, now, &mut names)?;
    }
    Ok(replay)
}

fn head_of(bytes: &[u8]) -> Option<SegmentHead> {
    let scan = frame::scan(bytes);
    let first = scan.whole.first().filter(|frame| frame.kind == Kind::Segment)?;
    SegmentHead::read(first.payload)
}

struct Link {
    head: SegmentHead,
    bytes: Vec<u8>,
    /// How much of it counts, if a later segment says so.
    limit: Option<u64>,
}

/// The newest segment and those it builds on, oldest first. Segments beside the chain were
/// abandoned before they held anything, or are older than an opening that copied what counted.
fn chain(mut segments: BTreeMap<u64, (SegmentHead, Vec<u8>)>) -> Vec<Link> {
    let mut links = Vec::new();
    let mut next = segments.keys().next_back().map(|newest| (*newest, None));
    while let Some((serial, limit)) = next {
        let Some((head, bytes)) = segments.remove(&serial) else {
            break;
        };
        next = head.predecessor.map(|(serial, length)| (serial, Some(length)));
        links.push(Link { head, bytes, limit });
    }
    links.reverse();
    links
}

impl Replay {
    fn take(
        &mut self,
        dir: &Path,
        link: &Link,
        now: UtcMicros,
        names: &mut KeyNames,
    ) -> Result<(), OpenError> {
        let path = path(dir, link.head.serial);
        let damaged = |at: usize| OpenError::Damaged { path: path.clone(), at: at as u64 };
        let whole = link.bytes.len();
        let length = link.limit.map_or(whole, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let counted = link.bytes.get(..length).ok_or_else(|| damaged(whole))?;
        let scan = frame::scan(counted);
        if scan.is_damaged() || (link.limit.is_some() && scan.valid < length) {
            return Err(damaged(scan.valid));
        }
        let mut index = link.head.start;
        if self.end.is_some_and(|end| end != index) {
            return Err(damaged(0));
        }
        for frame in &scan.whole {
            let taken = match frame.kind {
                Kind::Segment | Kind::Intent => Some(()),
                Kind::Settled => self.take_settled(frame.payload, now, names),
                Kind::Entry => self.take_entry(&mut index, frame.payload, now, names),
            };
            taken.ok_or_else(|| damaged(frame.at))?;
        }
        self.end = Some(index);
        Ok(())
    }

    fn take_settled(&mut self, payload: &[u8], now: UtcMicros, names: &mut KeyNames) -> Option<()> {
        let settled = SettledRecord::read(payload, names)?;
        self.settled.extend(settled.calls);
        self.nonces.extend(settled.nonces.into_iter().filter(|nonce| nonce.is_live(now)));
        Some(())
    }

    fn take_entry(
        &mut self,
        index: &mut u64,
        payload: &[u8],
        now: UtcMicros,
        names: &mut KeyNames,
    ) -> Option<()> {
        let record = EntryRecord::read(payload, names).filter(|record| record.index == *index)?;
        if *index == self.batch.end() {
            self.batch.push(0, &record);
        }
        *index += 1;
        self.last_time = self.last_time.max(Some(record.time));
        self.settled.extend(record.request_id.filter(|_| record.resolves_intent));
        self.nonces.extend(record.nonce.filter(|nonce| nonce.is_live(now)));
        Some(())
    }
}
