//! What the faulty disk holds, sees and will have held after a loss of power.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use parking_lot::{Mutex, MutexGuard};

use super::{Call, Loss};
use crate::SeededRandomness;

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

pub(super) struct State {
    /// Files as the running system sees them.
    pub(super) names: BTreeMap<PathBuf, usize>,
    /// Names that would be there after a loss of power.
    pub(super) lasting: BTreeMap<PathBuf, usize>,
    unsynced_names: Vec<NameChange>,
    pub(super) dirs: BTreeSet<PathBuf>,
    nodes: Vec<Node>,
    pub(super) locks: BTreeSet<PathBuf>,
    pub(super) process: u64,
    pub(super) crashed: bool,
    pub(super) crash_at: Option<u64>,
    pub(super) calls: u64,
    pub(super) capacity: Option<usize>,
    pub(super) failing: Vec<(Call, String)>,
    pub(super) fail_one_in: u64,
    /// Parts of paths that are said to be synced and are not.
    pub(super) lying: Vec<String>,
    random: SeededRandomness,
}

/// What a file holds.
#[derive(Default)]
struct Node {
    seen: Vec<u8>,
    lasting: Vec<u8>,
    unsynced: Vec<Change>,
}

/// A change of a file's bytes.
#[derive(Clone)]
pub(super) enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

/// A change of a directory.
pub(super) enum NameChange {
    Link(PathBuf, usize),
    Unlink(PathBuf),
    Move { from: PathBuf, to: PathBuf, node: usize },
}

/// What becomes of a call.
pub(super) enum Fate {
    Done,
    Failed(io::Error),
}

fn dead() -> io::Error {
    io::Error::other("the process is dead")
}

impl State {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            names: BTreeMap::new(),
            lasting: BTreeMap::new(),
            unsynced_names: Vec::new(),
            dirs: BTreeSet::new(),
            nodes: Vec::new(),
            locks: BTreeSet::new(),
            process: 0,
            crashed: false,
            crash_at: None,
            calls: 0,
            capacity: None,
            failing: Vec::new(),
            fail_one_in: 0,
            lying: Vec::new(),
            random: SeededRandomness::new(seed),
        }
    }

    pub(super) fn of_process(disk: &Mutex<Self>, process: u64) -> io::Result<MutexGuard<'_, Self>> {
        let state = disk.lock();
        if state.crashed || state.process != process { Err(dead()) } else { Ok(state) }
    }

    pub(super) fn below(&self, bound: usize) -> usize {
        usize::try_from(self.random.below(bound as u64)).expect("below a usize")
    }

    fn coin(&self) -> bool {
        self.random.below(2) == 0
    }

    /// Decides what becomes of the call that is being made.
    pub(super) fn fate(&mut self, call: Call, path: &Path) -> Fate {
        let number = self.calls;
        self.calls += 1;
        if self.crash_at.is_some_and(|at| number >= at) {
            self.crashed = true;
            return Fate::Failed(dead());
        }
        let text = path.to_string_lossy();
        let named = self
            .failing
            .iter()
            .position(|(failing, part)| *failing == call && text.contains(part.as_str()));
        if let Some(position) = named {
            self.failing.remove(position);
            return Fate::Failed(io::Error::other("input/output error"));
        }
        if self.fail_one_in > 0 && self.random.below(self.fail_one_in) == 0 {
            return Fate::Failed(io::Error::other("input/output error"));
        }
        Fate::Done
    }

    /// Whether a sync of this path only pretends.
    pub(super) fn lies_about(&self, path: &Path) -> bool {
        let text = path.to_string_lossy();
        self.lying.iter().any(|part| text.contains(part.as_str()))
    }

    pub(super) fn used(&self) -> usize {
        self.names.values().map(|node| self.nodes[*node].seen.len()).sum()
    }

    /// How much of a write fits, and what is answered.
    pub(super) fn room_for(
        &self,
        node: usize,
        offset: usize,
        length: usize,
    ) -> (usize, io::Result<()>) {
        let grows = (offset + length).saturating_sub(self.nodes[node].seen.len());
        let free =
            self.capacity.map_or(usize::MAX, |capacity| capacity.saturating_sub(self.used()));
        if grows <= free {
            (length, Ok(()))
        } else {
            (length - grows + free, Err(io::ErrorKind::StorageFull.into()))
        }
    }

    pub(super) fn make(&mut self, path: &Path) -> io::Result<usize> {
        let node = self.nodes.len();
        self.nodes.push(Node::default());
        self.change(Call::Create, path, NameChange::Link(path.to_owned(), node))?;
        Ok(node)
    }

    pub(super) fn change(&mut self, call: Call, path: &Path, change: NameChange) -> io::Result<()> {
        let fate = self.fate(call, path);
        if matches!(fate, Fate::Done) || self.coin() {
            change.apply(&mut self.names);
            self.unsynced_names.push(change);
        }
        match fate {
            Fate::Done => Ok(()),
            Fate::Failed(error) => Err(error),
        }
    }

    pub(super) fn seen(&self, path: &Path) -> io::Result<&[u8]> {
        let node = self.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(&self.nodes[*node].seen)
    }

    pub(super) fn apply(&mut self, node: usize, change: Change) {
        let node = &mut self.nodes[node];
        change.apply(&mut node.seen);
        node.unsynced.push(change);
    }

    pub(super) fn make_last(&mut self, node: usize) {
        let node = &mut self.nodes[node];
        for change in node.unsynced.drain(..) {
            change.apply(&mut node.lasting);
        }
    }

    /// Some unsynced changes last, the others never will, whatever a later sync says.
    pub(super) fn forget_some(&mut self, node: usize) {
        for change in std::mem::take(&mut self.nodes[node].unsynced) {
            self.apply_some(node, &change);
        }
    }

    fn apply_some(&mut self, node: usize, change: &Change) {
        match change {
            Change::Truncate(_) if self.coin() => {}
            Change::Truncate(_) => change.apply(&mut self.nodes[node].lasting),
            Change::Write(offset, bytes) => {
                for (number, sector) in bytes.chunks(SECTOR).enumerate() {
                    if self.coin() {
                        let part = Change::Write(offset + number * SECTOR, sector.to_vec());
                        part.apply(&mut self.nodes[node].lasting);
                    }
                }
            }
        }
    }

    pub(super) fn sync_dir(&mut self, dir: &Path) -> io::Result<()> {
        match self.fate(Call::SyncDir, dir) {
            Fate::Failed(error) => Err(error),
            Fate::Done if self.lies_about(dir) => Ok(()),
            Fate::Done => {
                let changes = std::mem::take(&mut self.unsynced_names);
                let (here, elsewhere) =
                    changes.into_iter().partition(|change| change.path().parent() == Some(dir));
                let here: Vec<NameChange> = here;
                for change in here {
                    change.apply(&mut self.lasting);
                }
                self.unsynced_names = elsewhere;
                Ok(())
            }
        }
    }

    pub(super) fn restart(&mut self, loss: Loss) {
        if loss == Loss::Power {
            for change in std::mem::take(&mut self.unsynced_names) {
                if self.coin() {
                    change.apply(&mut self.lasting);
                }
            }
            self.names.clone_from(&self.lasting);
            for node in 0..self.nodes.len() {
                self.forget_some(node);
                let node = &mut self.nodes[node];
                node.seen.clone_from(&node.lasting);
            }
        }
        self.locks.clear();
        self.process += 1;
        self.crashed = false;
        self.crash_at = None;
    }

    pub(super) fn damage(&mut self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        let node = *self.names.get(path).expect("the file to damage is there");
        let node = &mut self.nodes[node];
        change(&mut node.seen);
        node.lasting.clone_from(&node.seen);
        node.unsynced.clear();
    }
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Truncate(length) => bytes.truncate(*length),
            Self::Write(offset, written) => {
                let end = offset + written.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*offset..end].copy_from_slice(written);
            }
        }
    }
}

impl NameChange {
    fn path(&self) -> &Path {
        match self {
            Self::Link(path, _) | Self::Unlink(path) | Self::Move { to: path, .. } => path,
        }
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Link(path, node) => drop(names.insert(path.clone(), *node)),
            Self::Unlink(path) => drop(names.remove(path)),
            Self::Move { from, to, node } => {
                names.remove(from);
                names.insert(to.clone(), *node);
            }
        }
    }
}
