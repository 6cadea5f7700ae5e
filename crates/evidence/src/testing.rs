//! A database and a log in a directory of their own, to be opened, dropped and opened again.

use std::collections::BTreeMap;
use std::sync::Arc;

use keys::{DetailKeys, Ed25519Key, KeyDirectory};
use store::{Database, DatabaseConfig, Migrations};
use tempfile::TempDir;
use testkit::{SeededRandomness, TestClock, TestDatabase};
use wire::ambient::{Clock, Randomness};
use wire::checkpoint::Origin;
use wire::entry::Entry;
use wire::id::Role;
use wire::note::NoteVerifier;

use crate::{Actor, Log, LogConfig, LogKeys, MIGRATIONS, RealDisk, Recorder};

/// A table for changes to change.
const THINGS: Migrations = Migrations {
    name: "things",
    steps: &[("thing", "CREATE TABLE thing (name TEXT PRIMARY KEY);")],
};

/// Where a test keeps its database and log.
pub(crate) struct Place {
    folder: TempDir,
    database: TestDatabase,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) randomness: Arc<SeededRandomness>,
    pub(crate) signer: Ed25519Key,
}

/// What is open of a place; closed in order, it can be opened again.
pub(crate) struct Opened {
    pub(crate) database: Database,
    pub(crate) log: Log,
    clock: Arc<TestClock>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let randomness = Arc::new(SeededRandomness::new(2));
        let folder = tempfile::tempdir().unwrap();
        Self {
            database: TestDatabase::new(folder.path().join("lgsp.db")),
            folder,
            clock: Arc::default(),
            signer: Ed25519Key::generate(&*randomness).unwrap(),
            randomness,
        }
    }

    pub(crate) async fn open(&self) -> Opened {
        let database = self.open_database().await;
        database.migrate(&[MIGRATIONS, THINGS]).await.unwrap();
        Opened { database, log: self.open_log(), clock: Arc::clone(&self.clock) }
    }

    pub(crate) async fn open_database(&self) -> Database {
        Database::open(&DatabaseConfig::new(self.database.url())).await.unwrap()
    }

    fn open_log(&self) -> Log {
        let keys = LogKeys { signer: self.signer.clone().into(), retired: Vec::new() };
        let folder = KeyDirectory::create(self.folder.path().join("keys")).unwrap();
        let randomness = Arc::clone(&self.randomness) as Arc<dyn Randomness>;
        let (log, _) = Log::open(
            LogConfig::new(self.folder.path().join("log"), origin()),
            &keys,
            DetailKeys::new(folder, Arc::clone(&randomness)),
            Arc::new(RealDisk),
            Arc::clone(&self.clock) as Arc<dyn Clock>,
            randomness,
        )
        .unwrap();
        log
    }

    pub(crate) fn verifier(&self) -> NoteVerifier {
        NoteVerifier::new(origin().as_ref(), self.signer.public_key()).unwrap()
    }
}

impl Opened {
    pub(crate) async fn recorder(&self) -> Recorder {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        Recorder::open(self.database.clone(), self.log.clone(), clock).await.unwrap()
    }

    pub(crate) async fn close(self) {
        self.log.close().await;
        self.database.close().await;
    }

    /// All entries of the log.
    pub(crate) async fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        for index in 0..self.log.size() {
            let bytes = self.log.entry(index).await.unwrap().unwrap();
            entries.push(Entry::parse(&bytes).unwrap());
        }
        entries
    }

    /// The sequences that stand in the log, in its order.
    pub(crate) async fn sequences(&self) -> Vec<u64> {
        self.entries().await.iter().filter_map(|entry| entry.sequence).collect()
    }

    /// What one column holds, as numbers.
    pub(crate) async fn numbers(&self, sql: &str) -> Vec<Option<i64>> {
        let rows = self.database.fetch_all(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.optional_integer("n").unwrap()).collect()
    }
}

pub(crate) fn origin() -> Origin {
    "evidence.test/log".parse().unwrap()
}

pub(crate) fn actor() -> Actor {
    Actor {
        organisation: "H24.12".parse().unwrap(),
        role: Role::OrganisationAdmin,
        credential: "token-1".to_owned(),
    }
}

pub(crate) fn subject(name: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("thing".to_owned(), name.to_owned())])
}

pub(crate) const INSERT_THING: &str = "INSERT INTO thing (name) VALUES ($1)";
