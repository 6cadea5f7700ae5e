//! The real disk, with what is asked of it counted.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use evidence::{Disk, DiskFile, RealDisk};

/// What was asked of a disk so far.
#[derive(Debug, Default)]
pub(super) struct Asked {
    wal_syncs: AtomicU64,
    all_syncs: AtomicU64,
    written: AtomicU64,
}

/// [`Asked`] at one moment, or between two.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tally {
    /// Syncs of the write-ahead file: one per batch.
    pub(super) wal_syncs: u64,
    /// Every sync, of files and directories.
    pub(super) all_syncs: u64,
    /// Bytes written, to every file.
    pub(super) written: u64,
}

impl Asked {
    pub(super) fn now(&self) -> Tally {
        Tally {
            wal_syncs: self.wal_syncs.load(Ordering::Relaxed),
            all_syncs: self.all_syncs.load(Ordering::Relaxed),
            written: self.written.load(Ordering::Relaxed),
        }
    }
}

impl Tally {
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            wal_syncs: self.wal_syncs - before.wal_syncs,
            all_syncs: self.all_syncs - before.all_syncs,
            written: self.written - before.written,
        }
    }
}

/// [`RealDisk`], counted.
#[derive(Debug, Default)]
pub(super) struct CountingDisk(pub(super) Arc<Asked>);

struct CountedFile {
    file: Box<dyn DiskFile>,
    asked: Arc<Asked>,
    is_wal: bool,
}

impl CountingDisk {
    fn count(&self, path: &Path, file: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        let is_wal = path.parent().is_some_and(|folder| folder.ends_with("wal"));
        Box::new(CountedFile { file, asked: Arc::clone(&self.0), is_wal })
    }
}

impl Disk for CountingDisk {
    fn create_dirs(&self, dir: &Path) -> io::Result<()> {
        RealDisk.create_dirs(dir)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        RealDisk.create(path).map(|file| self.count(path, file))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        RealDisk.open(path).map(|file| self.count(path, file))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        RealDisk.read(path)
    }

    fn read_at(&self, path: &Path, offset: u64, into: &mut [u8]) -> io::Result<()> {
        RealDisk.read_at(path, offset, into)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        RealDisk.list(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.0.all_syncs.fetch_add(1, Ordering::Relaxed);
        RealDisk.sync_dir(dir)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>> {
        RealDisk.lock(path)
    }
}

impl DiskFile for CountedFile {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.asked.written.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.file.write_at(offset, bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.asked.all_syncs.fetch_add(1, Ordering::Relaxed);
        self.asked.wal_syncs.fetch_add(u64::from(self.is_wal), Ordering::Relaxed);
        self.file.sync()
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.file.truncate(length)
    }
}
