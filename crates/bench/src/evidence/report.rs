//! What was measured, as tables in Markdown.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use super::crowd::Done;
use super::delay::Delay;
use super::growth::Grown;
use super::reading::Reopened;
use super::spread::{Spread, per_second, shown, tenths};
use crate::machine::machine;

const CROWDS: &str = "\
| calls waiting | entries/s | batches/s | append p50 | p99 | worst | CPU per entry: caller | appender \
| publisher | written per entry |
|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
";

const DELAYS: &str = "\
| entries/s | p50 | p99 | worst |
|--:|--:|--:|--:|
";

const SIZES: &str = "\
| entries | entries/s while growing | entry | detail | hashes | index | intents | write-ahead file |
|--:|--:|--:|--:|--:|--:|--:|--:|
";

const OPENINGS: &str = "\
| entries | opened after | ready in | replayed | unknown calls | live nonces | memory | peak |
|--:|---|--:|--:|--:|--:|--:|--:|
";

const PROOFS: &str = "\
| entries | files | inclusion p50 | p99 | consistency p50 | p99 | call found p50 | p99 | bundle p50 \
| p99 |
|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|
";

/// The tables as they fill; each line is shown on standard error too as it comes.
pub(super) struct Report {
    machine: String,
    floor: String,
    crowds: String,
    delays: String,
    sizes: String,
    openings: String,
    proofs: String,
}

impl Report {
    /// For the disk that holds `folder`.
    pub(super) fn begin(folder: &Path) -> Self {
        let report = Self {
            machine: machine(folder),
            floor: String::new(),
            crowds: CROWDS.to_owned(),
            delays: DELAYS.to_owned(),
            sizes: SIZES.to_owned(),
            openings: OPENINGS.to_owned(),
            proofs: PROOFS.to_owned(),
        };
        eprintln!("{}", report.machine);
        report
    }

    pub(super) fn floor(&mut self, floor: &Spread, during: Duration) {
        let rate = grouped(per_second(floor.count as u64, during));
        self.floor = format!(
            "The same disk without a log, 3 KiB appended and synced one after the other: {rate} per \
             second (p50 {}, p99 {}, worst {}).",
            shown(floor.p50),
            shown(floor.p99),
            shown(floor.max),
        );
        eprintln!("{}", self.floor);
    }

    pub(super) fn crowd(&mut self, done: &Done) {
        let each = |used: Duration| {
            let nanos = u64::try_from(used.as_nanos()).unwrap_or(u64::MAX) / done.entries;
            format!("{} µs", tenths(nanos / 100))
        };
        line(
            &mut self.crowds,
            &[
                grouped(done.waiting as u64),
                grouped(per_second(done.entries, done.took)),
                grouped(per_second(done.disk.wal_syncs, done.took)),
                done.waited.to_string(),
                each(done.cpu.callers),
                each(done.cpu.appender),
                each(done.cpu.publisher),
                format!("{} B", grouped(done.disk.written / done.entries)),
            ],
        );
    }

    pub(super) fn delay(&mut self, delay: &Delay) {
        line(&mut self.delays, &[grouped(delay.rate), delay.delay.to_string()]);
    }

    pub(super) fn growth(&mut self, grown: &Grown) {
        let mut cells = vec![grouped(grown.closed.size), grouped(grown.rate)];
        for (name, bytes) in &grown.bytes {
            cells.push(match *name {
                "intents" | "wal" => megabytes(*bytes),
                _ => format!("{} B each", grouped(bytes / grown.closed.size)),
            });
        }
        line(&mut self.sizes, &cells);
        for (after, reopened) in [
            ("`kill -9` amid load", &grown.killed),
            ("an orderly end, at once", &grown.closed),
            ("an orderly end, minutes later, nothing cached", &grown.later),
        ] {
            self.opening(after, reopened);
        }
        self.proof("cached", &grown.closed);
        self.proof("not cached", &grown.later);
    }

    fn opening(&mut self, after: &str, reopened: &Reopened) {
        line(
            &mut self.openings,
            &[
                grouped(reopened.size),
                after.to_owned(),
                shown(reopened.opening),
                grouped(reopened.replayed as u64),
                grouped(reopened.unknown_calls as u64),
                grouped(reopened.spent_nonces as u64),
                megabytes(reopened.resident),
                megabytes(reopened.resident_peak),
            ],
        );
    }

    fn proof(&mut self, files: &str, reopened: &Reopened) {
        let mut cells = vec![grouped(reopened.size), files.to_owned()];
        for spread in [&reopened.inclusion, &reopened.consistency, &reopened.find, &reopened.bundle]
        {
            cells.extend([shown(spread.p50), shown(spread.p99)]);
        }
        line(&mut self.proofs, &cells);
    }

    pub(super) fn print(&self) {
        println!("{}\n\n{}\n", self.machine, self.floor);
        for (title, table) in [
            ("Durable entries", &self.crowds),
            ("From acknowledgement to checkpoint, when nobody asks for one", &self.delays),
            ("On disk", &self.sizes),
            ("Opening", &self.openings),
            ("Proofs", &self.proofs),
        ] {
            // A part that was not asked for has a head only.
            if table.lines().count() > 2 {
                println!("**{title}**\n\n{table}");
            }
        }
    }
}

fn line(table: &mut String, cells: &[String]) {
    let cells = cells.join(" | ");
    eprintln!("| {cells} |");
    let _ = writeln!(table, "| {cells} |");
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", tenths(bytes / 100_000))
}

/// `1,000,000`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}
