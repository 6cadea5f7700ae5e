//! Beginning, mending and removing intent segments.

use std::io;
use std::sync::Arc;

use wire::ambient::UtcMicros;

use super::{Intents, Segment, State, create, path};
use crate::disk::Disk;
use crate::log::codec::{IntentRecord, KeyNames, SettledRecord};
use crate::log::frame::{self, Kind};

impl Intents {
    /// Begins a new segment if the current one is full, and removes those of no more use. An error
    /// changes nothing that matters: the next time tries again.
    pub(in crate::log) fn tend(&self, now: UtcMicros) -> io::Result<()> {
        self.rotate()?;
        while self.state.lock().oldest_is_past(now) {
            self.state.lock().carry_open_calls(&*self.disk, &self.dir)?;
            // What was carried may have been promised to be durable where it stood, and marks
            // that follow the oldest segment must not be less durable than its removal.
            self.sync(None)?;
            self.remove_oldest()?;
        }
        Ok(())
    }

    fn rotate(&self) -> io::Result<()> {
        let mut state = self.state.lock();
        // What is staged was staged for the current segment.
        state.write_staged();
        if state.current.length < self.segment_bytes || state.failed {
            return Ok(());
        }
        let (number, serial) = (state.current.number + 1, state.next_serial);
        state.next_serial += 1;
        let size = state.unmarked.size;
        let head = SettledRecord { size, ..SettledRecord::default() };
        let next = create(&*self.disk, &self.dir, number, serial, &head)?;
        let full = std::mem::replace(&mut state.current, next);
        state.older.push_back(full);
        Ok(())
    }

    /// Removes the oldest segment: its nonces are past and its calls have an outcome or stand
    /// elsewhere. Each removal is made to last before the next one, so that after a loss of power
    /// no intent comes back whose mark is gone.
    fn remove_oldest(&self) -> io::Result<()> {
        let mut state = self.state.lock();
        let oldest = state.older.front().map(|oldest| oldest.serial);
        for serial in state.doomed.iter().copied().chain(oldest) {
            match self.disk.remove(&path(&self.dir, serial)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => self.disk.sync_dir(&self.dir)?,
            }
        }
        state.doomed.clear();
        state.older.pop_front();
        Ok(())
    }

    /// After a failed sync: copies every segment that may not be durable into a new file, and only
    /// when that one is durable lets go of the old.
    pub(in crate::log) fn repair(&self) -> io::Result<()> {
        let _one_at_a_time = self.syncing.lock();
        let mut state = self.state.lock();
        state.write_staged();
        let State { older, current, next_serial, doomed, failed, .. } = &mut *state;
        if !*failed {
            return Ok(());
        }
        for segment in older.iter_mut().chain([current]) {
            if segment.synced < segment.length {
                let serial = *next_serial;
                *next_serial += 1;
                // Until it is whole and durable, the copy is what has to go.
                doomed.push(serial);
                let old = self.replace(segment, serial)?;
                doomed.pop();
                doomed.push(old);
            }
        }
        *failed = false;
        Ok(())
    }

    /// Moves a segment to a new file and answers the serial of the old one. A crash between the two
    /// leaves both, which say the same.
    fn replace(&self, segment: &mut Segment, serial: u64) -> io::Result<u64> {
        let bytes = self.disk.read(&path(&self.dir, segment.serial))?;
        let mut copy = Vec::with_capacity(bytes.len());
        let scan = frame::scan(&bytes);
        for frame in scan.whole.iter().chain(&scan.stranded) {
            frame::write(&mut copy, frame.kind, 0, |out| {
                out.extend_from_slice(frame.payload);
            });
        }
        let file = self.disk.create(&path(&self.dir, serial))?;
        file.write_at(0, &copy)?;
        file.sync()?;
        self.disk.sync_dir(&self.dir)?;
        segment.file = Arc::from(file);
        segment.length = copy.len() as u64;
        segment.synced = segment.length;
        Ok(std::mem::replace(&mut segment.serial, serial))
    }
}

impl State {
    fn oldest_is_past(&self, now: UtcMicros) -> bool {
        let oldest = self.older.front();
        oldest.is_some_and(|oldest| oldest.latest.saturating_add(30) < now.as_seconds())
    }

    /// Writes the intents of the oldest segment that have no outcome yet into the current one, so
    /// that one call that lasts for hours does not hold back the removal of everything since.
    fn carry_open_calls(&mut self, disk: &dyn Disk, dir: &std::path::Path) -> io::Result<()> {
        let Some(oldest) = self.older.front() else {
            return Ok(());
        };
        let (number, bytes) = (oldest.number, disk.read(&path(dir, oldest.serial))?);
        let mut names = KeyNames::default();
        for frame in frame::scan(&bytes).whole.iter().filter(|frame| frame.kind == Kind::Intent) {
            let Some(intent) = IntentRecord::read(frame.payload, &mut names) else {
                continue;
            };
            if self.open.get(&intent.request_id) == Some(&number) {
                self.write(Kind::Intent, |out| intent.put(out))?;
                self.open.insert(intent.request_id, self.current.number);
                self.current.open += 1;
                self.segment(number, |oldest| oldest.open = oldest.open.saturating_sub(1));
            }
        }
        Ok(())
    }
}
