//! A disk in memory that fails like a real one on its worst day.
//!
//! It knows what a running system sees and what would be left after a loss of power: names last
//! after `sync_dir`, bytes after `sync`, and of everything else any part may last, in 512-byte
//! sectors, in any order. A sync that fails forgets what it could not write and says nothing of it
//! the next time, as Linux does. The same seed makes the same choices for the same calls.
//!
//! Read first: [`FaultyDisk`], then [`FaultyDisk::process`]: each opening of a log is a process of
//! its own, and a crashed one can do no more harm.

mod file;
mod state;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use evidence::disk::{Disk, DiskFile};
use parking_lot::Mutex;

use file::OpenFile;
use state::{NameChange, State};

/// A call that changes the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Making a file.
    Create,
    /// Writing bytes.
    Write,
    /// Making bytes last.
    Sync,
    /// Cutting a file.
    Truncate,
    /// Moving a file.
    Rename,
    /// Removing a file.
    Remove,
    /// Making names last.
    SyncDir,
}

/// What is lost at a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The process ended (`kill -9`): what was written is there.
    Process,
    /// The power failed: of what was not synced, anything may be missing.
    Power,
}

/// The disk; clones are the same disk.
#[derive(Clone)]
pub struct FaultyDisk(Arc<Mutex<State>>);

impl FaultyDisk {
    /// An empty disk without faults.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State::new(seed))))
    }

    /// The disk as the process that starts now sees it, until that process crashes.
    pub fn process(&self) -> Arc<dyn Disk> {
        let process = self.0.lock().process;
        Arc::new(Process { disk: self.clone(), process })
    }

    /// The process dies at the changing call number `calls` from now (0: the next one), which is
    /// done in part.
    pub fn crash_after(&self, calls: u64) {
        let mut state = self.0.lock();
        state.crash_at = Some(state.calls + calls);
    }

    /// The process dies now.
    pub fn crash(&self) {
        self.0.lock().crashed = true;
    }

    /// Whether the process has died.
    pub fn has_crashed(&self) -> bool {
        self.0.lock().crashed
    }

    /// A new process begins; the old one's handles are dead.
    pub fn restart(&self, loss: Loss) {
        self.0.lock().restart(loss);
    }

    /// How many bytes the disk holds, `None` for no bound.
    pub fn set_capacity(&self, bytes: Option<usize>) {
        self.0.lock().capacity = bytes;
    }

    /// How many bytes are used.
    pub fn used(&self) -> usize {
        self.0.lock().used()
    }

    /// The next `call` on a path that contains `part` fails with an input/output error.
    pub fn fail_next(&self, call: Call, part: &str) {
        self.0.lock().failing.push((call, part.to_owned()));
    }

    /// About one changing call in `calls` fails with an input/output error; 0 for none.
    pub fn fail_one_in(&self, calls: u64) {
        self.0.lock().fail_one_in = calls;
    }

    /// From now on syncing a path that contains `part` says that it is done and does nothing, as
    /// some disks do with a cache that is lost.
    pub fn lie_about_sync(&self, part: &str) {
        self.0.lock().lying.push(part.to_owned());
    }

    /// No planned fault happens any more, and there is room again.
    pub fn heal(&self) {
        let mut state = self.0.lock();
        state.failing.clear();
        state.fail_one_in = 0;
        state.capacity = None;
        state.crash_at = None;
    }

    /// How many changing calls were made.
    pub fn calls(&self) -> u64 {
        self.0.lock().calls
    }

    /// The files whose path contains `part`, sorted.
    pub fn paths(&self, part: &str) -> Vec<PathBuf> {
        let state = self.0.lock();
        let paths = state.names.keys().filter(|path| path.to_string_lossy().contains(part));
        paths.cloned().collect()
    }

    /// Changes a file behind everybody's back, lastingly.
    pub fn damage(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        self.0.lock().damage(path, change);
    }

    /// Removes a file behind everybody's back, lastingly.
    pub fn lose(&self, path: &Path) {
        let mut state = self.0.lock();
        state.names.remove(path);
        state.lasting.remove(path);
    }
}

/// The disk in the eyes of one process.
struct Process {
    disk: FaultyDisk,
    process: u64,
}

impl Process {
    fn state(&self) -> io::Result<parking_lot::MutexGuard<'_, State>> {
        State::of_process(&self.disk.0, self.process)
    }

    fn file(&self, path: &Path, node: usize) -> Box<dyn DiskFile> {
        let (disk, path) = (Arc::clone(&self.disk.0), path.to_owned());
        Box::new(OpenFile { disk, process: self.process, path, node })
    }
}

impl Disk for Process {
    fn create_dirs(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state()?;
        state.dirs.extend(dir.ancestors().map(Path::to_owned));
        Ok(())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state()?;
        if state.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let node = state.make(path)?;
        drop(state);
        Ok(self.file(path, node))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state()?;
        let node = match state.names.get(path).copied() {
            Some(node) => node,
            None => state.make(path)?,
        };
        drop(state);
        Ok(self.file(path, node))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let state = self.state()?;
        Ok(state.seen(path)?.to_vec())
    }

    fn read_at(&self, path: &Path, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let state = self.state()?;
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let bytes = state.seen(path)?.get(start..start + into.len());
        into.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let state = self.state()?;
        if !state.dirs.contains(dir) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let files = state.names.keys().filter(|path| path.parent() == Some(dir));
        Ok(files.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state()?;
        let node = *state.names.get(from).ok_or(io::ErrorKind::NotFound)?;
        let change = NameChange::Move { from: from.to_owned(), to: to.to_owned(), node };
        state.change(Call::Rename, to, change)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state()?;
        if !state.names.contains_key(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        state.change(Call::Remove, path, NameChange::Unlink(path.to_owned()))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.state()?.sync_dir(dir)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>> {
        let mut state = self.state()?;
        if !state.locks.insert(path.to_owned()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let disk = Arc::clone(&self.disk.0);
        Ok(Box::new(Lock { disk, process: self.process, path: path.to_owned() }))
    }
}

struct Lock {
    disk: Arc<Mutex<State>>,
    process: u64,
    path: PathBuf,
}

impl Drop for Lock {
    fn drop(&mut self) {
        let mut state = self.disk.lock();
        if state.process == self.process {
            state.locks.remove(&self.path);
        }
    }
}
