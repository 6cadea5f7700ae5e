//! The log at a certain size: grown by one process that is killed amid load, opened by others.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::process::Process;

use super::crowd::{self, GoesOn};
use super::place::{self, Place};
use super::reading::Reopened;
use super::spread::per_second;

/// How many wait at a time while the log grows.
const CROWD: usize = 1_024;
/// How many calls make a round.
const ROUND: u64 = 100_000;
/// How far the clock is set on so that no nonce lives any more.
const LATER: Duration = Duration::from_mins(2);
/// What a grown log says; then it goes on taking calls until it is killed.
const GROWN: &str = "grown: ";

/// A log of a certain size.
#[derive(Debug)]
pub(super) struct Grown {
    /// Entries per second while it grew to this size.
    pub(super) rate: u64,
    /// The first opening, after `kill -9` amid load.
    pub(super) killed: Reopened,
    /// The next one, after an orderly end.
    pub(super) closed: Reopened,
    /// And once more, when no nonce lives and nothing of the log is in the system's memory.
    pub(super) later: Reopened,
    /// What stands on disk after an orderly end, by folder.
    pub(super) bytes: Vec<(&'static str, u64)>,
}

/// Grows the log to this size, kills it, and looks at what is left.
pub(super) fn measure(place: &Place, size: u64) -> Grown {
    let folder = place.path();
    let mut child = Process::start_command(errand("grow", folder).arg(size.to_string()));
    let line = child.wait_for_line(|line| line.starts_with(GROWN));
    child.kill();
    let grown: Value = serde_json::from_str(line.trim_start_matches(GROWN)).unwrap();
    let entries = grown["entries"].as_u64().unwrap();

    let reopen = |later: Duration| {
        let seconds = later.as_secs().to_string();
        Reopened::in_a_process_of_its_own(errand("reopen", folder).arg(seconds))
    };
    let killed = reopen(Duration::ZERO);
    assert!(killed.size >= entries, "acknowledged entries are there after kill -9");
    let closed = reopen(Duration::ZERO);
    assert_eq!(closed.size, killed.size, "an orderly end leaves nothing to mend");
    let bytes = ["entries", "details", "hashes", "index", "intents", "wal"]
        .map(|name| (name, bytes_in(&place::log_folder(folder).join(name))));
    forget(&place::log_folder(folder));
    let later = reopen(LATER);
    let rate = grown["rate"].as_u64().unwrap();
    Grown { rate, killed, closed, later, bytes: bytes.into() }
}

/// The errand of a process that is to be killed: grows the log, says so, and goes on amid the same
/// load until it is.
pub(super) fn grow(folder: &Path, size: u64) {
    let opened = Arc::new(place::open(folder, Duration::ZERO));
    let (begin, before) = (Instant::now(), opened.log.size());
    let has_said = Arc::new(AtomicBool::new(false));
    loop {
        // Acknowledgements are held in memory until a round is over.
        let left = AtomicU64::new(ROUND);
        let (log, has_said) = (opened.log.clone(), Arc::clone(&has_said));
        let goes_on: GoesOn = Arc::new(move || {
            let entries = log.size();
            if entries >= size && !has_said.swap(true, Ordering::Relaxed) {
                let rate = per_second(entries - before, begin.elapsed());
                println!("{GROWN}{}", serde_json::json!({ "entries": entries, "rate": rate }));
            }
            let one_less = |left: u64| left.checked_sub(1);
            left.try_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok()
        });
        crowd::rush(&opened, CROWD, &goes_on, || ());
    }
}

fn errand(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["evidence", name]).arg(folder);
    command
}

fn bytes_in(folder: &Path) -> u64 {
    files(folder).iter().map(|file| file.metadata().unwrap().len()).sum()
}

/// Lets the system forget what it holds of these files in memory.
fn forget(folder: &Path) {
    for file in files(folder) {
        file.sync_all().unwrap();
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
    }
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<fs::File> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(fs::File::open(path).unwrap());
        }
    }
    files
}
