//! A log that a fresh process opens, and what it costs to prove from it.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use evidence::bundle::{self, Disclosure, Wanted};
use evidence::{DirectoryHistory, Log, MIGRATIONS, Published};
use keys::SystemRandomness;
use serde::{Deserialize, Serialize};
use store::{Database, DatabaseConfig};
use testkit::process::Process;
use tokio::runtime::Builder;
use wire::ambient::Randomness;
use wire::entry::Entry;
use wire::id::RequestId;
use wire::merkle::{Hash, leaf_hash, verify_consistency, verify_inclusion};

use super::crowd;
use super::place::{self, Opened};
use super::spread::Spread;

/// How many proofs of each kind are made.
const PROOFS: usize = 1_000;
/// What a process says that has opened and read a log.
const REOPENED: &str = "reopened: ";

/// What a fresh process saw.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Reopened {
    pub(super) size: u64,
    /// Entries that were found in the write-ahead file and had to be published.
    pub(super) replayed: usize,
    pub(super) unknown_calls: usize,
    pub(super) spent_nonces: usize,
    /// From the call of `open` to the log that takes entries.
    pub(super) opening: Duration,
    /// Resident memory right after, and the most there was on the way, in bytes.
    pub(super) resident: u64,
    pub(super) resident_peak: u64,
    /// Of an entry that is drawn by lot: its inclusion proof.
    pub(super) inclusion: Spread,
    /// From an older size that is drawn by lot to the present one.
    pub(super) consistency: Spread,
    /// The entries of a call by its id.
    pub(super) find: Spread,
    /// A whole bundle of a call that was found, opened as far as it may be.
    pub(super) bundle: Spread,
}

impl Reopened {
    /// Lets a process open and read the log.
    pub(super) fn in_a_process_of_its_own(command: &mut Command) -> Self {
        let mut child = Process::start_command(command);
        let line = child.wait_for_line(|line| line.starts_with(REOPENED));
        let (status, said) = child.wait();
        assert!(status.success(), "{said}");
        serde_json::from_str(line.trim_start_matches(REOPENED)).unwrap()
    }
}

/// The errand of that process, by a clock that is so much ahead.
pub(super) fn reopen(folder: &Path, ahead: Duration) {
    let begin = Instant::now();
    let opened = place::open(folder, ahead);
    let opening = begin.elapsed();
    let [resident, resident_peak] = ["VmRSS:", "VmHWM:"].map(memory);
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let [inclusion, consistency, find, bundle] = runtime.block_on(prove(&opened, folder));
    crowd::close(&opened.log);
    let reopened = Reopened {
        size: opened.recovered.size,
        replayed: opened.recovered.replayed,
        unknown_calls: opened.recovered.unknown_calls,
        spent_nonces: opened.recovered.spent_nonces.len(),
        opening,
        resident,
        resident_peak,
        inclusion,
        consistency,
        find,
        bundle,
    };
    println!("{REOPENED}{}", serde_json::to_string(&reopened).unwrap());
}

/// Makes proofs, and checks each: what is timed is right.
async fn prove(opened: &Opened, folder: &Path) -> [Spread; 4] {
    let url = format!("sqlite:{}", folder.join("lgsp.db").display());
    let database = Database::open(&DatabaseConfig::new(url)).await.unwrap();
    database.migrate(&[MIGRATIONS]).await.unwrap();
    let history = DirectoryHistory::new(database.clone());

    let log = &opened.log;
    let checkpoint = log.checkpoint();
    let (size, root) = (checkpoint.size, checkpoint.root);
    is_grown_from_what_was_seen(log, &checkpoint, folder).await;
    let mut took: [Vec<Duration>; 4] = Default::default();
    for _ in 0..PROOFS {
        let (index, old) = (below(size), below(size) + 1);
        let begin = Instant::now();
        let path = log.prove(index, size).await.unwrap();
        took[0].push(begin.elapsed());
        let bytes = log.entry(index).await.unwrap().unwrap();
        verify_inclusion(&leaf_hash(&bytes), index, size, &path, &root).unwrap();

        let begin = Instant::now();
        log.prove_consistency(old, size).await.unwrap();
        took[1].push(begin.elapsed());

        let entry = Entry::parse(&bytes).unwrap();
        let Some(request_id) = entry.subject.get(evidence::log::REQUEST_ID) else { continue };
        let request_id: RequestId = request_id.parse().unwrap();
        let begin = Instant::now();
        let found = bundle::find(log, Wanted::Call(request_id)).await.unwrap();
        took[2].push(begin.elapsed());
        assert!(found.iter().any(|found| found.index == index), "the call is found");

        let begin = Instant::now();
        let bundle = bundle::make(log, &history, &found, Disclosure::Open).await.unwrap();
        took[3].push(begin.elapsed());
        assert!(bundle.len() > bytes.len());
    }
    database.close().await;
    took.map(Spread::of)
}

/// The tree that another process saw before is the beginning of this one.
async fn is_grown_from_what_was_seen(log: &Log, now: &Published, folder: &Path) {
    let file = folder.join("seen");
    if let Ok(seen) = std::fs::read_to_string(&file) {
        let (size, root): (u64, Hash) = serde_json::from_str(&seen).unwrap();
        let path = log.prove_consistency(size, now.size).await.unwrap();
        verify_consistency(size, now.size, &path, &root, &now.root).unwrap();
    }
    std::fs::write(file, serde_json::to_string(&(now.size, now.root)).unwrap()).unwrap();
}

fn below(bound: u64) -> u64 {
    let mut bytes = [0; 8];
    SystemRandomness.fill(&mut bytes);
    u64::from_le_bytes(bytes) % bound
}

/// A line of this process's status, in bytes (proc(5)).
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib << 10
}
