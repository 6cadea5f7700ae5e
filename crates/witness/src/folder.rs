//! The folder of a witness: its name, its key, the logs it was told to trust, its memory.
//!
//! ```text
//! name          witness.haiphong.gov.vn/thanh-tra
//! witness.key   PKCS#8
//! logs          a verifier key per line, named as its log's origin
//! memory/       what was cosigned last, and what was refused
//! ```
//! **Invariant**: a log stands in the list only after its memory was begun; a log of the list whose
//! memory is gone is never begun anew.
//! **Trust**: whoever may write here can make the witness cosign anything.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use evidence::{Disk, RealDisk};
use keys::{Ed25519Key, KeyDirectory, KeyError};
use wire::ambient::{Clock, Randomness};
use wire::checkpoint::{NotAnOrigin, Origin};
use wire::note::{CosignatureVerifier, NoteVerifier, VerifierError};

use crate::{KnownLog, Witness, WitnessError, WitnessParts, remember, remembers};

const NAME: &str = "name";
const KEY: &str = "witness.key";
const LOGS: &str = "logs";
const MEMORY: &str = "memory";
const LOCK: &str = "lock";

/// A witness's folder, kept from other processes while this lives.
pub struct Folder {
    keys: KeyDirectory,
    name: String,
    key: Ed25519Key,
    _lock: Box<dyn Send + Sync>,
}

/// What a key that was added is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// Of a log that was not witnessed before.
    Log,
    /// Another key of a log that is.
    Key,
    /// Known already.
    Nothing,
}

/// Why a folder cannot be used. Its operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// There is a witness already; it is not made anew.
    #[error("there is a witness in {0}")]
    Taken(PathBuf),
    /// There is none.
    #[error("there is no witness in {0}")]
    Missing(PathBuf),
    /// Another process works with it.
    #[error("another process works with {0}")]
    Busy(PathBuf),
    /// A file that holds something else.
    #[error("the file {0} is damaged")]
    Damaged(PathBuf),
    /// The key file, or who may enter the folder.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A name that no key can have.
    #[error("the witness's name: {0}")]
    Name(#[from] VerifierError),
    /// The name of the log's key is no origin.
    #[error("the log's name: {0}")]
    Origin(#[from] NotAnOrigin),
    /// Its memory.
    #[error(transparent)]
    Witness(#[from] WitnessError),
    /// The disk.
    #[error("cannot read or write {path}: {error}")]
    Disk {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl Folder {
    /// Makes a witness called `name` with a new key.
    pub fn create(
        path: &Path,
        name: &str,
        randomness: &dyn Randomness,
    ) -> Result<Self, FolderError> {
        let key = Ed25519Key::generate(randomness)?;
        CosignatureVerifier::new(name, key.public_key())?;
        let keys = KeyDirectory::create(path)?;
        let lock = lock(path)?;
        if keys.find(NAME)?.is_some() {
            return Err(FolderError::Taken(path.to_owned()));
        }
        // The name last: without it there is no witness. A key that was left without one is of nobody.
        keys.replace(KEY, key.to_pkcs8_pem()?.as_bytes())?;
        keys.create_new(NAME, format!("{name}\n").as_bytes())?;
        Ok(Self { keys, name: name.to_owned(), key, _lock: lock })
    }

    /// Opens the folder of a witness.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let keys = match KeyDirectory::open(path) {
            Err(KeyError::Missing { path }) => return Err(FolderError::Missing(path)),
            opened => opened?,
        };
        let lock = lock(path)?;
        keys.clear_left_overs()?;
        let name = keys.find(NAME)?.ok_or_else(|| FolderError::Missing(path.to_owned()))?;
        let damaged = |file: &str| FolderError::Damaged(path.join(file));
        let name = str::from_utf8(&name).map_err(|_| damaged(NAME))?.trim_end().to_owned();
        let key = keys.load(KEY)?;
        let key = str::from_utf8(&key).map_err(|_| damaged(KEY))?;
        let key = Ed25519Key::from_pkcs8_pem(key)?;
        CosignatureVerifier::new(&name, key.public_key())?;
        Ok(Self { keys, name, key, _lock: lock })
    }

    /// The key by which its cosignatures are checked.
    pub fn verifier(&self) -> Result<CosignatureVerifier, FolderError> {
        Ok(CosignatureVerifier::new(&self.name, self.key.public_key())?)
    }

    /// The logs that are witnessed, each with all its keys.
    pub fn logs(&self) -> Result<Vec<KnownLog>, FolderError> {
        let damaged = || FolderError::Damaged(self.keys.path().join(LOGS));
        let text = self.keys.find(LOGS)?;
        let text = str::from_utf8(text.as_deref().map_or(&[], Vec::as_slice));
        let mut logs = BTreeMap::<Origin, Vec<NoteVerifier>>::new();
        for line in text.map_err(|_| damaged())?.lines() {
            let key: NoteVerifier = line.parse().map_err(|_| damaged())?;
            let origin: Origin = key.name().parse().map_err(|_| damaged())?;
            logs.entry(origin).or_default().push(key);
        }
        Ok(logs.into_iter().map(|(origin, keys)| KnownLog { origin, keys }).collect())
    }

    /// Witnesses the log of `key` too, or takes `key` as another one of a log that is witnessed.
    pub fn add(&self, key: NoteVerifier) -> Result<Added, FolderError> {
        let origin: Origin = key.name().parse()?;
        let mut keys: Vec<_> = self.logs()?.into_iter().flat_map(|log| log.keys).collect();
        if keys.contains(&key) {
            return Ok(Added::Nothing);
        }
        let is_known = keys.iter().any(|known| known.name() == key.name());
        if !is_known {
            self.begin(&origin)?;
        }
        keys.push(key);
        let lines: Vec<_> = keys.iter().map(NoteVerifier::to_string).collect();
        self.keys.replace(LOGS, (lines.join("\n") + "\n").as_bytes())?;
        Ok(if is_known { Added::Key } else { Added::Log })
    }

    /// Believes `key` no longer, as when it was stolen; whether it was believed. What is remembered of
    /// its log stays, and counts when another key of the log is added.
    pub fn remove(&self, key: &NoteVerifier) -> Result<bool, FolderError> {
        let keys: Vec<_> = self.logs()?.into_iter().flat_map(|log| log.keys).collect();
        let lines = keys.iter().filter(|known| *known != key).map(|known| format!("{known}\n"));
        self.keys.replace(LOGS, lines.collect::<Vec<_>>().concat().as_bytes())?;
        Ok(keys.contains(key))
    }

    /// Opens its memory and goes to work.
    pub fn witness(&self, clock: Arc<dyn Clock>) -> Result<Witness, FolderError> {
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let parts = WitnessParts { name: self.name.clone(), key: self.key.clone(), disk, clock };
        Ok(Witness::open(parts, &self.memory(), self.logs()?)?)
    }

    /// What is remembered of a log that left the list once is kept.
    fn begin(&self, origin: &Origin) -> Result<(), FolderError> {
        let memory = self.memory();
        let on_disk = |error| FolderError::Disk { path: memory.clone(), error };
        if remembers(&RealDisk, &memory, origin).map_err(on_disk)? {
            return Ok(());
        }
        remember(&RealDisk, &memory, origin).map_err(on_disk)?;
        RealDisk.sync_dir(self.keys.path()).map_err(on_disk)
    }

    fn memory(&self) -> PathBuf {
        self.keys.path().join(MEMORY)
    }
}

fn lock(folder: &Path) -> Result<Box<dyn Send + Sync>, FolderError> {
    let path = folder.join(LOCK);
    RealDisk.lock(&path).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => FolderError::Busy(folder.to_owned()),
        _ => FolderError::Disk { path, error },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::{SeededRandomness, TestClock};

    const NAME: &str = "witness.example/1";

    fn log_key(name: &str, seed: u64) -> NoteVerifier {
        let key = Ed25519Key::generate(&SeededRandomness::new(seed)).unwrap();
        NoteVerifier::new(name, key.public_key()).unwrap()
    }

    #[test]
    fn a_witness_keeps_its_key_and_its_logs() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("witness");
        assert!(matches!(Folder::open(&path), Err(FolderError::Missing(_))));
        let folder = Folder::create(&path, NAME, &SeededRandomness::new(5)).unwrap();
        assert!(matches!(Folder::open(&path), Err(FolderError::Busy(_))));
        let verifier = folder.verifier().unwrap();
        assert_eq!(folder.add(log_key("log.example/a", 1)).unwrap(), Added::Log);
        assert_eq!(folder.add(log_key("log.example/a", 1)).unwrap(), Added::Nothing);
        assert_eq!(folder.add(log_key("log.example/a", 2)).unwrap(), Added::Key);
        assert_eq!(folder.add(log_key("log.example/b", 1)).unwrap(), Added::Log);
        assert!(folder.remove(&log_key("log.example/a", 2)).unwrap());
        assert!(!folder.remove(&log_key("log.example/a", 2)).unwrap());
        drop(folder);
        let again = Folder::create(&path, NAME, &SeededRandomness::new(6));
        assert!(matches!(again, Err(FolderError::Taken(_))));

        let folder = Folder::open(&path).unwrap();
        assert_eq!(folder.verifier().unwrap(), verifier);
        let logs = folder.logs().unwrap();
        assert_eq!(logs.iter().map(|log| log.keys.len()).collect::<Vec<_>>(), [1, 1]);
        let witness = folder.witness(Arc::new(TestClock::default())).unwrap();
        assert_eq!(witness.seen().len(), 2);
    }

    #[test]
    fn a_memory_that_is_gone_is_not_begun_anew() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("witness");
        let folder = Folder::create(&path, NAME, &SeededRandomness::new(5)).unwrap();
        folder.add(log_key("log.example/a", 1)).unwrap();
        std::fs::remove_dir_all(path.join(MEMORY)).unwrap();
        folder.add(log_key("log.example/a", 2)).unwrap();
        let opened = folder.witness(Arc::new(TestClock::default()));
        let Err(FolderError::Witness(WitnessError::Forgotten(origin))) = opened else {
            panic!("it began anew");
        };
        assert_eq!(origin.as_ref(), "log.example/a");
    }

    #[test]
    fn a_name_that_no_key_can_have_leaves_nothing_behind() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("witness");
        let made = Folder::create(&path, "my witness", &SeededRandomness::new(5));
        assert!(matches!(made, Err(FolderError::Name(_))));
        assert!(!path.exists());
    }
}
