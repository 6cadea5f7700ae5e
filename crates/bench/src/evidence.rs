//! The evidence log: how much it takes, how soon it proves, how it grows old.
//!
//! The log is measured as the library that the gateway calls, not over the network: ten million
//! entries cannot be had otherwise, and callers, appender and publisher can be told apart. The disk
//! is real and every sync is on; the floor is what the same disk does without a log.
//!
//! Read first: [`run`]; `call` for what an entry is, `crowd` for who appends.
//!
//! **Invariant**: only acknowledged entries are counted, and after each growth the log is killed
//! amid load and must come back with every one of them.
//! **Trust**: times are this machine's, this minute's; shapes (what grows with what) are not.

mod call;
mod counting_disk;
mod cpu;
mod crowd;
mod delay;
mod floor;
mod growth;
mod place;
mod reading;
mod report;
mod spread;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use self::report::Report;

const USAGE: &str = "bench evidence [--entries N] [--folder F] [--only crowd|delay|growth]";

const CROWD_PART: &str = "crowd";
const DELAY_PART: &str = "delay";
const GROWTH_PART: &str = "growth";
const PARTS: [&str; 3] = [CROWD_PART, DELAY_PART, GROWTH_PART];

/// How many tasks wait for the log at a time.
const WAITING: [usize; 4] = [1, 16, 256, 4_096];
/// How long each of these is measured.
const CROWD: Duration = Duration::from_secs(5);
/// Calls per second at which the way to the checkpoint is measured; `None`: as many as can.
const RATES: [Option<u32>; 4] = [Some(20), Some(1_000), Some(5_000), None];
/// How long each of these is measured.
const RATE: Duration = Duration::from_secs(8);
/// The sizes at which the log is measured, up to the one that is asked for.
const SIZES: [u64; 4] = [10_000, 100_000, 1_000_000, 10_000_000];
/// The largest size unless the command line says more: minutes, and a few GB of disk.
const ENTRIES: u64 = 1_000_000;

/// Measures and prints the report, in Markdown, to standard output. `words` are those of the usage;
/// the folder decides which disk is measured.
pub fn run(words: &[String]) -> ExitCode {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match *words {
        // The two errands that need a process of their own: one to be killed, one to begin fresh.
        ["grow", folder, size] => number(size).map(|size| growth::grow(Path::new(folder), size)),
        ["reopen", folder, ahead] => number(ahead)
            .map(|ahead| reading::reopen(Path::new(folder), Duration::from_secs(ahead))),
        _ => Wish::of(&words).map(|wish| measure(&wish)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}; {USAGE}");
            ExitCode::from(2)
        }
    }
}

/// What the command line asks for.
struct Wish {
    entries: u64,
    folder: PathBuf,
    only: Option<String>,
}

impl Wish {
    fn of(words: &[&str]) -> Result<Self, String> {
        let mut wish = Self { entries: ENTRIES, folder: PathBuf::from("target"), only: None };
        let (pairs, rest) = words.as_chunks::<2>();
        for pair in pairs {
            match *pair {
                ["--entries", count] => wish.entries = number(count)?,
                ["--folder", folder] => wish.folder = folder.into(),
                ["--only", part] if PARTS.contains(&part) => wish.only = Some(part.to_owned()),
                [word, _] => return Err(format!("{word} is not known")),
            }
        }
        if rest.is_empty() { Ok(wish) } else { Err(format!("{rest:?} lacks its value")) }
    }
}

impl Wish {
    fn includes(&self, part: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == part)
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text} is not a number"))
}

fn measure(wish: &Wish) {
    let mut report = Report::begin(&wish.folder);
    report.floor(&floor::measure(&wish.folder, CROWD), CROWD);
    for waiting in WAITING.into_iter().filter(|_| wish.includes(CROWD_PART)) {
        report.crowd(&crowd::measure(&wish.folder, waiting, CROWD));
    }
    for rate in RATES.into_iter().filter(|_| wish.includes(DELAY_PART)) {
        report.delay(&delay::measure(&wish.folder, rate, RATE));
    }
    let place = place::Place::new(&wish.folder);
    let sizes = SIZES.into_iter().filter(|size| *size <= wish.entries);
    for size in sizes.filter(|_| wish.includes(GROWTH_PART)) {
        report.growth(&growth::measure(&place, size));
    }
    report.print();
}
