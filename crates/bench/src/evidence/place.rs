//! A log in a folder of its own, to be opened again by whichever process.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use evidence::{Log, LogConfig, LogKeys, Recovered};
use keys::{DetailKeys, Ed25519Key, KeyDirectory, SystemRandomness};
use tempfile::TempDir;
use wire::ambient::{Clock, Randomness, UtcMicros};

use super::call::Call;
use super::counting_disk::{Asked, CountingDisk};

/// The machine's clock, or one that is so much ahead of it: a benchmark is a process of its own, like the binary.
#[derive(Debug, Clone, Copy)]
pub(super) struct MachineClock {
    ahead: Duration,
}

impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "nothing below reads the clock by itself")]
    fn now(&self) -> UtcMicros {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        UtcMicros::from_micros(i64::try_from(since.as_micros()).unwrap()).saturating_add(self.ahead)
    }
}

/// A folder that goes with its owner.
pub(super) struct Place(TempDir);

impl Place {
    /// A new one on the disk of `folder`.
    pub(super) fn new(folder: &Path) -> Self {
        let place = tempfile::Builder::new().prefix("bench-evidence-").tempdir_in(folder).unwrap();
        Self(place)
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// An open log and all that a call's record needs.
pub(super) struct Opened {
    pub(super) log: Log,
    pub(super) recovered: Recovered,
    pub(super) call: Call,
    pub(super) clock: MachineClock,
    pub(super) asked: Arc<Asked>,
}

/// The log's own folder in a place.
pub(super) fn log_folder(place: &Path) -> PathBuf {
    place.join("log")
}

/// Opens the log in this place, or begins it, by a clock that is so much ahead.
pub(super) fn open(place: &Path, ahead: Duration) -> Opened {
    let clock = MachineClock { ahead };
    let randomness: Arc<dyn Randomness> = Arc::new(SystemRandomness);
    let keys = KeyDirectory::create(place.join("keys")).unwrap();
    let signer = signer(&keys);
    let disk = CountingDisk::default();
    let asked = Arc::clone(&disk.0);
    let (log, recovered) = Log::open(
        LogConfig::new(log_folder(place), "lgsp.bench".parse().unwrap()),
        &LogKeys { signer: signer.into(), retired: Vec::new() },
        DetailKeys::new(keys.folder("detail").unwrap(), Arc::clone(&randomness)),
        Arc::new(disk),
        Arc::new(clock),
        randomness,
    )
    .unwrap();
    Opened { log, recovered, call: Call::new(&SystemRandomness), clock, asked }
}

/// The key that signs this place's checkpoints.
fn signer(keys: &KeyDirectory) -> Ed25519Key {
    const FILE: &str = "log.pem";
    if let Some(pem) = keys.find(FILE).unwrap() {
        return Ed25519Key::from_pkcs8_pem(std::str::from_utf8(&pem).unwrap()).unwrap();
    }
    let key = Ed25519Key::generate(&SystemRandomness).unwrap();
    keys.create_new(FILE, key.to_pkcs8_pem().unwrap().as_bytes()).unwrap();
    key
}
