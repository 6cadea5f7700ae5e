//! Intents: what the platform was about to do, and the nonces it has spent.
//!
//! Segments `intents/<serial>` of their own, so that an intent never waits behind the sync of the
//! write-ahead file: one `write(2)`, which survives the end of the process. Beside the intents
//! stand marks of what became durable ([`SettledRecord`]), so that a segment of the write-ahead
//! file can go once it is published and the marks are synced.
//!
//! **Invariant**: an intent without an entry that settles it, in marks or write-ahead file, is a
//! call whose outcome nobody knows; a nonce stands in some segment until it is of no more use.
//! Segments go oldest first, so a mark never goes before its intent.

pub(super) mod load;
mod upkeep;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use wire::id::RequestId;

use super::codec::{IntentRecord, SettledRecord};
use super::draft::SpentNonce;
use super::frame::{self, Kind};
use crate::disk::{Disk, DiskFile};

pub(super) struct Intents {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    /// Bytes after which a new segment is begun.
    segment_bytes: u64,
    state: Mutex<State>,
    /// Held while syncing, so that those who wait meanwhile share one sync.
    syncing: Mutex<()>,
}

struct State {
    current: Segment,
    /// Full ones, oldest first.
    older: VecDeque<Segment>,
    next_serial: u64,
    /// Calls without outcome so far, and the number of the segment their intent stands in.
    open: HashMap<RequestId, u64>,
    /// What is durable in the write-ahead file but could not be marked here yet.
    unmarked: SettledRecord,
    /// A sync failed: what is not synced must be written anew before anything else.
    failed: bool,
    /// Files that were replaced, or begun in vain: they go before any other is removed.
    doomed: Vec<u64>,
    staged: Staged,
    scratch: Vec<u8>,
}

/// Intents that leave with one write. None of their calls has been forwarded yet.
#[derive(Default)]
struct Staged {
    frames: Vec<u8>,
    /// Which calls, and when their nonces expire.
    calls: Vec<(RequestId, i64)>,
    ticket: Ticket,
}

/// Of intents that leave together: where they ended up, once that is known; nowhere if they could
/// not be written.
#[derive(Debug, Clone, Default)]
pub(super) struct Ticket(Arc<OnceLock<Option<Place>>>);

struct Segment {
    /// Its number in order of age; stays when its file is replaced.
    number: u64,
    serial: u64,
    file: Arc<dyn DiskFile>,
    length: u64,
    /// Bytes known to be durable.
    synced: u64,
    /// When the last of its nonces expires, in seconds since 1970.
    latest: i64,
    /// How many of its intents have no outcome yet.
    open: usize,
}

/// What a durable entry means for the intents.
pub(super) struct Settled {
    /// The call whose intent it settles.
    pub(super) call: Option<RequestId>,
    /// The nonce the call has spent.
    pub(super) nonce: Option<SpentNonce>,
}

/// A place in the intents: everything before it can be asked to be durable.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    number: u64,
    length: u64,
}

impl Intents {
    /// Begins with one new, durable segment that holds `carried`.
    ///
    /// A crash in here leaves the older segments, which are removed only afterwards: the next
    /// opening reads them and this one, and finds each thing once or twice, never less.
    pub(super) fn begin(
        disk: Arc<dyn Disk>,
        dir: &Path,
        serial: u64,
        segment_bytes: u64,
        carried: &SettledRecord,
    ) -> io::Result<Self> {
        let mut current = create(&*disk, dir, serial, serial, carried)?;
        current.file.sync()?;
        current.synced = current.length;
        disk.sync_dir(dir)?;
        let state = State {
            current,
            older: VecDeque::new(),
            next_serial: serial + 1,
            open: HashMap::new(),
            unmarked: SettledRecord::default(),
            failed: false,
            doomed: Vec::new(),
            staged: Staged::default(),
            scratch: Vec::new(),
        };
        let (state, syncing) = (Mutex::new(state), Mutex::new(()));
        Ok(Self { disk, dir: dir.to_owned(), segment_bytes, state, syncing })
    }

    /// Takes in an intent that is to be written with others: by [`Self::written`], or with whatever
    /// comes first. A crash before that leaves nothing, and nothing was forwarded.
    pub(super) fn stage(&self, record: &IntentRecord<'_>) -> Ticket {
        let mut state = self.state.lock();
        let State { staged, current, .. } = &mut *state;
        frame::write(&mut staged.frames, Kind::Intent, current.synced, |out| record.put(out));
        staged.calls.push((record.request_id, record.nonce.expires));
        staged.ticket.clone()
    }

    /// Sees that the intents of this ticket are written. A crash right after it leaves them (they
    /// are in the system's memory); a loss of power may not, and then no call was answered either.
    /// `None`: they could not be written.
    pub(super) fn written(&self, ticket: &Ticket) -> Option<Place> {
        if let Some(place) = ticket.0.get() {
            return *place;
        }
        self.state.lock().write_staged();
        ticket.0.get().copied().flatten()
    }

    /// Writes nonces that calls of another node have spent: one write, as for an intent. A crash
    /// right after it leaves them; a loss of power may not. True: the segment is full, and somebody
    /// has to [`Self::tend`], for no entry need follow.
    pub(super) fn spent(&self, nonces: &[SpentNonce]) -> io::Result<bool> {
        let mut state = self.state.lock();
        let record = SettledRecord { nonces: nonces.to_vec(), ..SettledRecord::default() };
        state.write(Kind::Settled, |out| record.put(out))?;
        state.current.remember(nonces);
        Ok(state.current.length >= self.segment_bytes)
    }

    /// Marks what has become durable in the write-ahead file. If the mark cannot be written, the
    /// write-ahead file keeps the truth until it can: see [`Self::sync`].
    pub(super) fn settle(&self, size: u64, settled: impl Iterator<Item = Settled>) {
        let mut state = self.state.lock();
        // A call can end while its intent is staged; the mark must not come before the intent.
        state.write_staged();
        state.unmarked.size = size;
        for Settled { call, nonce } in settled {
            if let Some((call, number)) = call.and_then(|call| state.open.remove_entry(&call)) {
                state.segment(number, |segment| {
                    segment.open = segment.open.saturating_sub(1);
                });
                state.unmarked.calls.push(call);
            } else {
                // With an intent, the nonce stands there.
                state.unmarked.nonces.extend(nonce);
            }
        }
        if let Err(error) = state.mark() {
            tracing::warn!(%error, "intents cannot be marked as settled; the mark is kept");
        }
    }

    /// Makes everything written before `place` last (everything written so far without one), marks
    /// included. An error means that nobody knows what did: [`Self::repair`] must come next.
    pub(super) fn sync(&self, place: Option<Place>) -> io::Result<()> {
        let _one_at_a_time = self.syncing.lock();
        let files = {
            let mut state = self.state.lock();
            if state.failed {
                return Err(io::Error::other("the intents wait to be written anew"));
            }
            if place.is_some_and(|place| state.is_synced(place)) {
                return Ok(());
            }
            state.write_staged();
            state.mark()?;
            state.unsynced()
        };
        let synced = self
            .disk
            .sync_dir(&self.dir)
            .and_then(|()| files.iter().try_for_each(|(_, _, file)| file.sync()));
        let mut state = self.state.lock();
        state.failed = synced.is_err();
        if synced.is_ok() {
            for (number, length, _) in files {
                state.segment(number, |segment| {
                    segment.synced = segment.synced.max(length);
                });
            }
        }
        synced
    }

    /// Whether a sync failed and was not mended yet.
    pub(super) fn has_failed(&self) -> bool {
        self.state.lock().failed
    }
}

impl State {
    fn write(&mut self, kind: Kind, payload: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        if self.failed {
            return Err(io::Error::other("the intents wait to be written anew"));
        }
        self.scratch.clear();
        frame::write(&mut self.scratch, kind, self.current.synced, payload);
        let written = self.current.append(&self.scratch);
        self.cut_after(&written);
        written
    }

    /// Cuts off what a failed write left behind the length: a whole intent among it would be taken
    /// for a forwarded call at the next opening. If it cannot be cut, all is written anew.
    fn cut_after(&mut self, written: &io::Result<()>) {
        if written.is_err() {
            self.failed |= self.current.file.truncate(self.current.length).is_err();
        }
    }

    /// One write for all intents that wait for it.
    fn write_staged(&mut self) {
        if self.staged.calls.is_empty() {
            return;
        }
        let ticket = std::mem::take(&mut self.staged.ticket);
        let written = if self.failed {
            Err(io::Error::other("the intents wait to be written anew"))
        } else {
            self.current.append(&self.staged.frames)
        };
        self.cut_after(&written);
        let current = &mut self.current;
        let place = Place { number: current.number, length: current.length };
        match &written {
            Ok(()) => {
                for (call, expires) in &self.staged.calls {
                    current.latest = current.latest.max(*expires);
                    current.open += 1;
                    self.open.insert(*call, place.number);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "intents cannot be written; their calls are refused");
            }
        }
        self.staged.frames.clear();
        self.staged.calls.clear();
        // Each ticket is settled once, here.
        let _ = ticket.0.set(written.is_ok().then_some(place));
    }

    fn mark(&mut self) -> io::Result<()> {
        if self.unmarked.is_empty() {
            return Ok(());
        }
        let unmarked = std::mem::take(&mut self.unmarked);
        let written = self.write(Kind::Settled, |out| unmarked.put(out));
        if written.is_ok() {
            self.current.remember(&unmarked.nonces);
        } else {
            self.unmarked = unmarked;
        }
        written
    }

    fn segment(&mut self, number: u64, change: impl FnOnce(&mut Segment)) {
        let all = self.older.iter_mut().chain([&mut self.current]);
        if let Some(segment) = all.into_iter().find(|segment| segment.number == number) {
            change(segment);
        }
    }

    fn is_synced(&self, place: Place) -> bool {
        let mut all = self.older.iter().chain([&self.current]);
        all.find(|segment| segment.number == place.number)
            .is_none_or(|segment| segment.synced >= place.length)
    }

    fn unsynced(&self) -> Vec<(u64, u64, Arc<dyn DiskFile>)> {
        let all = self.older.iter().chain([&self.current]);
        all.filter(|segment| segment.synced < segment.length)
            .map(|segment| (segment.number, segment.length, Arc::clone(&segment.file)))
            .collect()
    }
}

impl Segment {
    /// After an error the bytes behind the length are anything: see [`State::cut_after`].
    fn append(&mut self, frames: &[u8]) -> io::Result<()> {
        self.file.write_at(self.length, frames)?;
        self.length += frames.len() as u64;
        Ok(())
    }

    fn remember(&mut self, nonces: &[SpentNonce]) {
        let latest = nonces.iter().map(|nonce| nonce.expires).max();
        self.latest = self.latest.max(latest.unwrap_or(i64::MIN));
    }
}

fn path(dir: &Path, serial: u64) -> PathBuf {
    dir.join(format!("{serial:020}"))
}

/// Makes a segment that begins with `carried`; nothing of it is synced.
fn create(
    disk: &dyn Disk,
    dir: &Path,
    number: u64,
    serial: u64,
    carried: &SettledRecord,
) -> io::Result<Segment> {
    let mut bytes = Vec::new();
    frame::write(&mut bytes, Kind::Settled, 0, |out| carried.put(out));
    let file: Arc<dyn DiskFile> = Arc::from(disk.create(&path(dir, serial))?);
    file.write_at(0, &bytes)?;
    let mut segment = Segment {
        number,
        serial,
        file,
        length: bytes.len() as u64,
        synced: 0,
        latest: i64::MIN,
        open: 0,
    };
    segment.remember(&carried.nonces);
    Ok(segment)
}
