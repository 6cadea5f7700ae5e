//! Changes and their records while the log's disk misbehaves and the process dies; the database
//! is a real one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use evidence::{Actor, DirectoryHistory, EntryRef, Log, LogConfig, LogKeys, RecordError, Recorder};
use keys::{DetailKeys, Ed25519Key, KeyDirectory};
use store::{Database, DatabaseConfig, Migrations};
use tempfile::TempDir;
use testkit::faulty_disk::{Call, Loss};
use testkit::{FaultyDisk, SeededRandomness, TestClock, TestDatabase};
use wire::ambient::{Clock, Randomness, UtcMicros};
use wire::entry::Entry;
use wire::error_code::ErrorCode;
use wire::id::Role;

const THINGS: Migrations = Migrations {
    name: "things",
    steps: &[("thing", "CREATE TABLE thing (name TEXT PRIMARY KEY);")],
};

struct World {
    folder: TempDir,
    database: TestDatabase,
    /// The database file as it was seized, where it was.
    seized: Option<PathBuf>,
    disk: FaultyDisk,
    clock: Arc<TestClock>,
    randomness: Arc<SeededRandomness>,
    signer: Ed25519Key,
}

struct Opened {
    database: Database,
    log: Log,
    recorder: Recorder,
}

impl World {
    fn new(seed: u64) -> Self {
        let randomness = Arc::new(SeededRandomness::new(seed));
        let folder = tempfile::tempdir().unwrap();
        Self {
            database: TestDatabase::new(folder.path().join("lgsp.db")),
            seized: None,
            folder,
            disk: FaultyDisk::new(seed),
            clock: Arc::default(),
            signer: Ed25519Key::generate(&*randomness).unwrap(),
            randomness,
        }
    }

    async fn open(&self) -> Opened {
        let url = match &self.seized {
            Some(file) => format!("sqlite:{}", file.display()),
            None => self.database.url().to_owned(),
        };
        let database = Database::open(&DatabaseConfig::new(&url)).await.unwrap();
        database.migrate(&[evidence::MIGRATIONS, THINGS]).await.unwrap();
        let log = self.open_log();
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let recorder = Recorder::open(database.clone(), log.clone(), clock).await.unwrap();
        Opened { database, log, recorder }
    }

    /// From now on the database is what lies on the disk at this moment, while it is in use: its
    /// file and its write-ahead log as `kill -9` leaves them, without a proper end. A database on a
    /// server is not in the hands of the process that ends, and stays.
    fn seize_database(&mut self) {
        if self.database.is_shared() {
            return;
        }
        let file = self.database.url().strip_prefix("sqlite:").unwrap();
        let before = self.seized.take().unwrap_or_else(|| PathBuf::from(file));
        let seized = PathBuf::from(format!("{}-again", before.display()));
        for part in ["", "-wal"] {
            let file = |of: &PathBuf| PathBuf::from(format!("{}{part}", of.display()));
            if file(&before).exists() {
                std::fs::copy(file(&before), file(&seized)).unwrap();
            }
        }
        self.seized = Some(seized);
    }

    fn open_log(&self) -> Log {
        let folder = KeyDirectory::create(self.folder.path().join("keys")).unwrap();
        let randomness = Arc::clone(&self.randomness) as Arc<dyn Randomness>;
        let (log, _) = Log::open(
            LogConfig::new(PathBuf::from("/log"), "evidence.test/log".parse().unwrap()),
            &LogKeys { signer: self.signer.clone().into(), retired: Vec::new() },
            DetailKeys::new(folder, Arc::clone(&randomness)),
            self.disk.process(),
            Arc::clone(&self.clock) as Arc<dyn Clock>,
            randomness,
        )
        .unwrap();
        log
    }
}

impl Opened {
    async fn make(&self, name: &str) -> Result<EntryRef, RecordError> {
        let actor = Actor {
            organisation: "H24.12".parse().unwrap(),
            role: Role::Operator,
            credential: "token-1".to_owned(),
        };
        let mut change = self.recorder.change(&actor, "thing.made").await?;
        change.execute("INSERT INTO thing (name) VALUES ($1)", &[name.into()]).await?;
        change.record(BTreeMap::from([("thing".to_owned(), name.to_owned())])).await
    }

    async fn things(&self) -> Vec<String> {
        let rows = self.database.fetch_all("SELECT name FROM thing ORDER BY name", &[]).await;
        rows.unwrap().iter().map(|row| row.text("name").unwrap()).collect()
    }

    /// The sequence and thing of every change in the log.
    async fn recorded(&self) -> Vec<(u64, String)> {
        let mut recorded = Vec::new();
        for index in 0..self.log.size() {
            let bytes = self.log.entry(index).await.unwrap().unwrap();
            let entry = Entry::parse(&bytes).unwrap();
            recorded.extend(entry.sequence.map(|number| (number, entry.subject["thing"].clone())));
        }
        recorded
    }

    /// Waits until every committed change is in the log.
    async fn settled(&self) {
        let sql = "SELECT sequence FROM evidence_outbox WHERE entry_index IS NULL";
        while !self.database.fetch_all(sql, &[]).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    }

    async fn close(self) {
        self.log.close().await;
        self.database.close().await;
    }
}

/// Tries until the log takes changes again.
async fn make_when_healthy(open: &Opened, name: &str) -> EntryRef {
    loop {
        match open.make(name).await {
            Ok(entry_ref) => return entry_ref,
            Err(RecordError::LogUnavailable(_)) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_full_disk_refuses_changes_and_room_lets_them_through_again() {
    let world = World::new(1);
    let open = world.open().await;
    open.make("before").await.unwrap();
    world.disk.set_capacity(Some(world.disk.used()));
    // The first to find the disk full has committed already; its record follows.
    let first = open.make("first").await.unwrap();
    assert_eq!(first, EntryRef { sequence: 2, location: None });
    let refused = open.make("refused").await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::LogUnavailable);
    assert_eq!(open.things().await, ["before", "first"]);

    world.disk.set_capacity(None);
    make_when_healthy(&open, "after").await;
    open.settled().await;
    let recorded = [(1, "before".to_owned()), (2, "first".to_owned()), (3, "after".to_owned())];
    assert_eq!(open.recorded().await, recorded);
}

#[tokio::test]
async fn an_append_that_failed_is_searched_for_before_it_is_tried_again() {
    let world = World::new(2);
    let open = world.open().await;
    world.disk.fail_next(Call::Sync, "wal");
    let pending = open.make("a").await.unwrap();
    assert_eq!(pending, EntryRef { sequence: 1, location: None });
    open.settled().await;
    assert_eq!(open.recorded().await, [(1, "a".to_owned())]);
}

/// Lives that end at any call to the disk, by the end of the process or of the power.
#[tokio::test]
async fn wherever_a_life_ends_every_committed_change_is_recorded_once_and_in_order() {
    let (mut made, mut uncertain) = (0, 0);
    for seed in 0..12 {
        let dice = SeededRandomness::new(seed);
        let world = World::new(seed);
        for life in 0..4 {
            let open = world.open().await;
            world.disk.crash_after(dice.below(40));
            for number in 0..dice.below(8) {
                let name = format!("{life}-{number}");
                // A dead disk answers nothing any more; the caller's connection is gone as well.
                let answer = tokio::time::timeout(Duration::from_secs(5), open.make(&name)).await;
                match answer {
                    Ok(Ok(EntryRef { location: Some(_), .. })) => made += 1,
                    _ => uncertain += 1,
                }
            }
            world.disk.crash();
            drop(open.recorder.clone());
            open.close().await;
            world.disk.restart(if dice.below(2) == 0 { Loss::Power } else { Loss::Process });
        }
        let open = world.open().await;
        let recorded = open.recorded().await;
        let sequences: Vec<u64> = recorded.iter().map(|(sequence, _)| *sequence).collect();
        assert_eq!(sequences, (1..=recorded.len() as u64).collect::<Vec<_>>(), "seed {seed}");
        let mut things: Vec<String> = recorded.into_iter().map(|(_, thing)| thing).collect();
        things.sort();
        assert_eq!(things, open.things().await, "seed {seed}");
        open.close().await;
    }
    assert!(made > 20 && uncertain > 5, "{made} made, {uncertain} uncertain: the dice are loaded");
}

/// One short story, ended at every call to the log's disk in turn, by each loss, with the database
/// as it lies at that moment.
#[tokio::test]
async fn a_change_may_end_at_any_call_to_the_disk() {
    let mut ends = 0;
    for loss in [Loss::Process, Loss::Power] {
        for call in 0.. {
            let mut world = World::new(call);
            let open = world.open().await;
            world.disk.crash_after(call);
            let mut acknowledged = Vec::new();
            for name in ["a", "b", "c"] {
                // Nobody waits for a dead process.
                let answer = tokio::time::timeout(Duration::from_secs(5), open.make(name)).await;
                if let Ok(Ok(EntryRef { sequence, location: Some(_) })) = answer {
                    acknowledged.push((sequence, name.to_owned()));
                }
            }
            let has_crashed = world.disk.has_crashed();
            world.seize_database();
            world.disk.crash();
            open.close().await;
            world.disk.restart(loss);
            world.disk.heal();

            let open = world.open().await;
            let (recorded, made) = (open.recorded().await, open.things().await);
            let when = format!("crash at call {call}, loss of {loss:?}");
            let sequences: Vec<u64> = recorded.iter().map(|(sequence, _)| *sequence).collect();
            assert_eq!(sequences, (1..=made.len() as u64).collect::<Vec<_>>(), "{when}");
            let things: Vec<_> = recorded.iter().map(|(_, thing)| thing.clone()).collect();
            assert_eq!(things, made, "{when}");
            assert!(recorded.starts_with(&acknowledged), "{when}: {acknowledged:?}");
            open.close().await;
            if !has_crashed {
                break;
            }
            ends += 1;
        }
    }
    assert!(ends > 10, "only {ends} ends were played");
}

#[tokio::test]
async fn a_version_of_the_directory_is_not_there_if_its_change_was_not_recorded() {
    let world = World::new(3);
    let open = world.open().await;
    let directory = wire::directory::Directory::new(Vec::new()).unwrap();
    let root = directory.root();
    let version = wire::directory::SignedDirectory { head: String::new(), directory };
    let mut change = open.recorder.change_by_platform("directory.published").await.unwrap();
    DirectoryHistory::store(&mut change, &version).await.unwrap();
    drop(change);
    let history = DirectoryHistory::new(open.database.clone());
    assert_eq!(history.find_at(&root, UtcMicros::MAX).await.unwrap(), None);
    assert_eq!(history.last().await.unwrap(), None);
}
