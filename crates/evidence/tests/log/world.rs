//! A log with a test clock, seeded randomness and a faulty disk, and entries about nothing.

use evidence::{Draft, Log};
pub use testkit::crash::{ORIGIN, World, completed};
use wire::entry::{Entry, Kind};

/// An entry about nothing in particular.
pub fn note(text: &str) -> Draft {
    let subject = [("text", text)].into();
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
