//! A directory as a city has it after years. To register twenty thousand connections through the API
//! would take five people's steps for each, so their rows are written into the database of a node that
//! is down; what it then publishes, signs and keeps in memory is its own work.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs a script of SQL by hand.
const RUN: &str = "\
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.executescript(sys.stdin.read())
print(*(database.execute('SELECT count(*) FROM ' + table).fetchone()[0]
        for table in ('organisation', 'system', 'credential', 'service', 'connection')))
";

/// What the registry holds then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Crowd {
    /// Rows that the directory has a record of.
    pub(super) records: u64,
    pub(super) connections: u64,
}

/// Fills the database of a node that is down up to so many connections.
pub(super) fn gather(database: &Path, connections: usize) -> Crowd {
    let sql = include_str!("crowd.sql").replace(":connections", &connections.to_string());
    let mut python = Command::new("python3");
    python.arg("-c").arg(RUN).arg(database).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut python = python.spawn().expect("python3 reads and writes SQLite");
    python.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "the rows were not taken");
    let counts = String::from_utf8(output.stdout).unwrap();
    let counts: Vec<u64> = counts.split_whitespace().map(|count| count.parse().unwrap()).collect();
    Crowd { records: counts.iter().sum(), connections: counts[4] }
}
