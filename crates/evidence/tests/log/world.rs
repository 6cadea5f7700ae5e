//! A log with a test clock, seeded randomness and a faulty disk.

use std::sync::Arc;
use std::time::Duration;

use evidence::{Draft, Intent, Log, LogConfig, LogKeys, Looked, OpenError, Recovered, SpentNonce};
use keys::{DetailKeys, Ed25519Key, KeyDirectory};
use tempfile::TempDir;
use testkit::{FaultyDisk, SeededRandomness, TestClock};
use wire::ambient::{Clock, Randomness};
use wire::entry::{Entry, Kind};
use wire::id::RequestId;

pub const ORIGIN: &str = "log.example/test";

pub struct World {
    pub disk: FaultyDisk,
    pub clock: Arc<TestClock>,
    pub random: Arc<SeededRandomness>,
    pub details: DetailKeys,
    pub keys: LogKeys,
    pub config: LogConfig,
    _folder: TempDir,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let random = Arc::new(SeededRandomness::new(seed));
        let key_folder = KeyDirectory::create(folder.path().join("keys")).unwrap();
        let signer = Ed25519Key::generate(&*random).unwrap();
        let mut config = LogConfig::new("/log", ORIGIN.parse().unwrap());
        config.checkpoint_every = Duration::from_millis(1);
        config.retry_after = Duration::from_millis(1);
        Self {
            disk: FaultyDisk::new(seed),
            clock: Arc::default(),
            details: DetailKeys::new(key_folder, Arc::clone(&random) as Arc<dyn Randomness>),
            keys: LogKeys { signer: signer.into(), retired: vec![] },
            config,
            random,
            _folder: folder,
        }
    }

    pub fn try_open(&self) -> Result<(Log, Recovered), OpenError> {
        Log::open(
            self.config.clone(),
            &self.keys,
            self.details.clone(),
            self.disk.process(),
            Arc::clone(&self.clock) as Arc<dyn Clock>,
            Arc::clone(&self.random) as Arc<dyn Randomness>,
        )
    }

    pub fn look(&self) -> Result<Option<Looked>, OpenError> {
        Log::look(&self.config, &self.keys, &self.disk.process())
    }

    pub fn open(&self) -> Log {
        self.try_open().unwrap().0
    }

    /// Why the log is not opened.
    pub fn refusal(&self) -> OpenError {
        self.try_open().err().expect("the log must be refused")
    }

    pub fn request_id(&self) -> RequestId {
        RequestId::new(self.clock.now(), &*self.random)
    }

    pub fn nonce(&self) -> SpentNonce {
        let mut fingerprint = [0; 16];
        self.random.fill(&mut fingerprint);
        let expires = self.clock.now().as_seconds() + 300;
        SpentNonce { keyid: "key-1".parse().unwrap(), fingerprint, expires }
    }

    pub fn intent(&self) -> Intent {
        Intent {
            request_id: self.request_id(),
            nonce: self.nonce(),
            actor: None,
            subject: [("service".to_owned(), "H24.1/a/b/v1".to_owned())].into(),
            directory: Some([1; 32]),
            commitments: [].into(),
        }
    }
}

/// The entry of a call that was answered.
pub fn completed(intent: &Intent) -> Draft {
    Draft {
        outcome: "200".to_owned(),
        subject: intent.subject.clone(),
        request_id: Some(intent.request_id),
        resolves_intent: true,
        nonce: Some(intent.nonce.clone()),
        ..Draft::new(Kind::Call, "call.completed")
    }
}

/// An entry about nothing in particular.
pub fn note(text: &str) -> Draft {
    let subject = [("text".to_owned(), text.to_owned())].into();
    Draft { subject, outcome: "ok".to_owned(), ..Draft::new(Kind::Log, "log.noted") }
}

pub async fn entry(log: &Log, index: u64) -> Entry {
    Entry::parse(&log.entry(index).await.unwrap().expect("the entry is there")).unwrap()
}

/// Appends `count` notes at once.
pub async fn append_notes(log: &Log, count: usize) {
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..count {
        let log = log.clone();
        waiting.spawn(async move { log.append(note(&number.to_string())).await.unwrap() });
    }
    waiting.join_all().await;
}
