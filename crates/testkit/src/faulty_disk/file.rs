//! An open file of the faulty disk.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use evidence::disk::DiskFile;
use parking_lot::Mutex;

use super::Call;
use super::state::{Change, Fate, State};

pub(super) struct OpenFile {
    pub(super) disk: Arc<Mutex<State>>,
    pub(super) process: u64,
    pub(super) path: PathBuf,
    pub(super) node: usize,
}

impl DiskFile for OpenFile {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = State::of_process(&self.disk, self.process)?;
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        let fate = state.fate(Call::Write, &self.path);
        let (length, answer) = match fate {
            Fate::Done => state.room_for(self.node, offset, bytes.len()),
            Fate::Failed(error) => (state.below(bytes.len() + 1), Err(error)),
        };
        if length > 0 {
            state.apply(self.node, Change::Write(offset, bytes[..length].to_vec()));
        }
        answer
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = State::of_process(&self.disk, self.process)?;
        match state.fate(Call::Sync, &self.path) {
            Fate::Done if state.lies_about(&self.path) => Ok(()),
            Fate::Done => {
                state.make_last(self.node);
                Ok(())
            }
            Fate::Failed(error) => {
                state.forget_some(self.node);
                Err(error)
            }
        }
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        let mut state = State::of_process(&self.disk, self.process)?;
        let length = usize::try_from(length).map_err(io::Error::other)?;
        match state.fate(Call::Truncate, &self.path) {
            Fate::Done => {
                state.apply(self.node, Change::Truncate(length));
                Ok(())
            }
            Fate::Failed(error) => Err(error),
        }
    }
}
