//! A log with a test clock, seeded randomness and a faulty disk.

use std::sync::Arc;
use std::time::Duration;

use evidence::{
    BodyDigest, Detail, Draft, Intent, Log, LogConfig, LogKeys, Looked, OpenError, Recovered,
    SpentNonce, name_call,
};
use keys::{DetailKeys, Ed25519Key, KeyDirectory};
use tempfile::TempDir;
use wire::ambient::{Clock, Randomness};
use wire::commitment::EntrySecret;
use wire::entry::{Kind, Members};
use wire::id::RequestId;

use crate::{FaultyDisk, SeededRandomness, TestClock};

/// The name of the log.
pub const ORIGIN: &str = "log.example/test";

/// Everything a log needs, and the means to take it away.
pub struct World {
    /// Holds the log.
    pub disk: FaultyDisk,
    /// Stands still unless it is moved.
    pub clock: Arc<TestClock>,
    /// The same for the same seed.
    pub random: Arc<SeededRandomness>,
    /// Seal the details.
    pub details: DetailKeys,
    /// Sign the checkpoints.
    pub keys: LogKeys,
    /// May be changed before the log is opened.
    pub config: LogConfig,
    _folder: TempDir,
}

impl World {
    /// An empty world.
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

    /// With segments so small that every kind of file begins, fills and goes within a story.
    #[must_use]
    pub fn with_small_segments(mut self) -> Self {
        self.config.segment_bytes = 4 << 10;
        self.config.intent_segment_bytes = 2 << 10;
        self
    }

    /// Opens the log, if it can be opened.
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

    /// What an opening would find.
    pub fn look(&self) -> Result<Option<Looked>, OpenError> {
        Log::look(&self.config, &self.keys, &self.disk.process())
    }

    /// Opens the log.
    pub fn open(&self) -> Log {
        self.try_open().unwrap().0
    }

    /// Why the log is not opened.
    pub fn refusal(&self) -> OpenError {
        self.try_open().expect_err("the log must be refused")
    }

    /// A call.
    pub fn request_id(&self) -> RequestId {
        RequestId::new(self.clock.now(), &*self.random)
    }

    /// A nonce that is live for five minutes.
    pub fn nonce(&self) -> SpentNonce {
        let mut fingerprint = [0; 16];
        self.random.fill(&mut fingerprint);
        let expires = self.clock.now().as_seconds() + 300;
        SpentNonce { keyid: "key-1".parse().unwrap(), fingerprint, expires }
    }

    /// A call about to be forwarded.
    pub fn intent(&self) -> Intent {
        let request_id = self.request_id();
        let mut subject = Members::from([("service", "H24.1/a/b/v1")]);
        name_call(&mut subject, request_id);
        Intent {
            request_id,
            nonce: self.nonce(),
            actor: None,
            subject,
            directory: Some([1; 32]),
            commitments: Members::default(),
        }
    }

    /// What an entry commits to.
    pub fn detail(&self) -> Detail {
        Detail {
            secret: EntrySecret::new(&*self.random),
            request_head: ["GET /units"].into_iter().collect(),
            request_body: None,
            response_head: ["200"].into_iter().collect(),
            response_body: Some(BodyDigest { sha256: [7; 32], length: 12 }),
            signature_base: "\"@method\": GET".to_owned(),
            signature: vec![1, 2, 3],
            response_signature_base: String::new(),
            response_signature: Vec::new(),
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
