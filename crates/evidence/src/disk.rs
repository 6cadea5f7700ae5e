//! The few things the log asks of storage.
//!
//! [`Disk`] is what stands between the log and the machine: [`RealDisk`] goes to the file system,
//! the faulty disk of the tests fails, tears and forgets like a real one on its worst day. Nothing
//! else of the log opens a file, so what the tests do to this trait is all that can happen.
//!
//! **Invariant**: a name that was made, moved or removed lasts through a loss of power only after
//! [`Disk::sync_dir`] of its directory; bytes last only after [`DiskFile::sync`]. What is written
//! but not synced survives the end of the process, not the end of the machine.
//! **Trust**: whoever controls the disk can lose the log, but not alter it unseen: readers check
//! every entry against the signed tree.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::Path;

/// Storage by path.
pub trait Disk: Send + Sync {
    /// Makes `dir` and the directories above it that are missing, for the owner alone.
    fn create_dirs(&self, dir: &Path) -> io::Result<()>;

    /// Opens a file that must not exist yet, for the owner alone.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Opens a file for reading and writing, and makes it first where it is missing.
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// The whole of a file; an error of kind `NotFound` if there is none.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Fills `into` from `offset` on; an error of kind `UnexpectedEof` if the file ends before.
    fn read_at(&self, path: &Path, offset: u64, into: &mut [u8]) -> io::Result<()>;

    /// The names in a directory, sorted.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;

    /// Moves a file over another in the same directory, in one step.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a directory last.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// Takes the lock that this file stands for, until the answer is dropped; an error of kind
    /// `WouldBlock` if another process or another log holds it.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>>;
}

/// An open file.
pub trait DiskFile: Send + Sync {
    /// Writes all of `bytes` from `offset` on. After an error any part of them may stand there.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes every byte written so far last. After an error nobody knows which of them do, and a
    /// second call proves nothing about them: write them again, elsewhere or anew.
    fn sync(&self) -> io::Result<()>;

    /// Cuts the file to `length` bytes.
    fn truncate(&self, length: u64) -> io::Result<()>;
}

/// Puts a whole file in the place of another, lasting when this returns. A crash or an error on the way
/// leaves the old bytes there or the new ones, never a part.
pub fn replace(disk: &dyn Disk, folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let new = folder.join(format!("{name}.new"));
    let file = disk.open(&new)?;
    file.truncate(0)?;
    file.write_at(0, bytes)?;
    file.sync()?;
    disk.rename(&new, &folder.join(name))?;
    disk.sync_dir(folder)
}

/// The file system of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn create_dirs(&self, dir: &Path) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(owner_only().create_new(true).open(path)?))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(owner_only().create(true).truncate(false).open(path)?))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn read_at(&self, path: &Path, offset: u64, into: &mut [u8]) -> io::Result<()> {
        File::open(path)?.read_exact_at(into, offset)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(dir)? {
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>> {
        let file = owner_only().create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Box::new(file)),
            Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl DiskFile for File {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}
