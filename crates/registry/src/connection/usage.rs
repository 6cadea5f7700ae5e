//! Use of a connection (tình hình khai thác), counted from the evidence log when somebody asks:
//! which of its operations were called, and which never.
//!
//! What is never used is proposed for narrowing: an amendment without it, which goes the way of every
//! amendment. Nothing is counted on a call's way, and nothing is narrowed by itself.
//!
//! A node reads its own log, and at most `MOST_ENTRIES` entries for one question: a report says
//! how far it looked, and proposes only what the whole period of the only log bears out.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use evidence::{Log, RecordError};
use wire::ambient::UtcMicros;
use wire::directory::{Environment, Operation};
use wire::entry::{Entry, Kind};

use super::agreement::written;
use super::{Asked, Connection};
use crate::Registry;
use crate::node;
use crate::refused::Refused;

/// The most entries that are read for one report, so that no question takes a node for itself.
const MOST_ENTRIES: u64 = 200_000;

/// How far the log's own times may run ahead of the clock: no two entries have the same.
const CLOCK_SLACK: Duration = Duration::from_secs(1);

/// How often one operation was called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OperationUse {
    /// Calls that were answered by the provider.
    pub calls: u64,
    /// When the last of them was recorded.
    pub last_at: Option<UtcMicros>,
}

/// How a connection was used in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// By operation, in the order in which they were asked for.
    pub operations: Vec<(Operation, OperationUse)>,
    /// Up to when the log was read.
    pub until: UtcMicros,
    /// Whether that is the whole period, and this log the only one.
    pub complete: bool,
}

impl Usage {
    /// The operations that were never called.
    pub fn never_used(&self) -> impl Iterator<Item = &Operation> {
        let unused = self.operations.iter().filter(|(_, used)| used.calls == 0);
        unused.map(|(operation, _)| operation)
    }

    /// What to ask for instead: the same without what was never used. `None` if all of it was, or
    /// nothing, or if that is not certain.
    pub fn proposal(&self, asked: &Asked) -> Option<Asked> {
        let used = self.operations.iter().filter(|(_, used)| used.calls > 0);
        let operations: Vec<_> = used.map(|(operation, _)| operation.clone()).collect();
        let narrows = !operations.is_empty() && operations.len() < self.operations.len();
        (self.complete && narrows).then(|| Asked { operations, ..asked.clone() })
    }
}

/// Counts the production calls of `connection` that were recorded from `from` until `until`.
pub(crate) async fn count(
    registry: &Registry,
    connection: &Connection,
    from: UtcMicros,
    until: UtcMicros,
) -> Result<Usage, Refused> {
    let log = registry.recorder.log();
    let mut counts: BTreeMap<String, OperationUse> = BTreeMap::new();
    let id = connection.id.to_string();
    let first = first_at(log, from).await?;
    let end = log.size();
    // An open end is now.
    let until = until.min(registry.clock.now().saturating_add(CLOCK_SLACK));
    let mut read_until = until;
    let mut is_whole = true;
    for index in first..end {
        let Some(entry) = entry(log, index).await? else { break };
        if entry.time >= until {
            break;
        }
        if index - first >= MOST_ENTRIES {
            (read_until, is_whole) = (entry.time, false);
            break;
        }
        if let Some(operation) = called(&entry, &id) {
            let used = counts.entry(operation.to_owned()).or_default();
            used.calls += 1;
            used.last_at = Some(entry.time);
        }
    }
    let use_of = |operation: &Operation| {
        let used = counts.remove(&written(operation)).unwrap_or_default();
        (operation.clone(), used)
    };
    let operations = connection.asked.operations.iter().map(use_of).collect();
    let nodes = node::sql::all(&registry.database).await?;
    let only_log = nodes.iter().all(|node| node.origin == *log.origin());
    Ok(Usage { operations, until: read_until, complete: is_whole && only_log })
}

/// The operation that a production call by way of the connection was permitted by, if the entry is
/// of one that the provider answered. A long answer counts once, when it begins.
fn called<'e>(entry: &'e Entry, connection: &str) -> Option<&'e str> {
    let about = |name: &str| entry.subject.get(name).map(String::as_str);
    let is_answered = matches!(entry.action.as_str(), "call.completed" | "call.opened");
    let sandbox = Environment::Sandbox.as_str();
    let counts = entry.kind == Kind::Call
        && is_answered
        && about("connection") == Some(connection)
        && about("environment") != Some(sandbox);
    if counts { about("operation") } else { None }
}

/// The first entry that is not older than `from`; times only grow along a log.
async fn first_at(log: &Log, from: UtcMicros) -> Result<u64, Refused> {
    let (mut low, mut high) = (0, log.size());
    while low < high {
        let middle = low + (high - low) / 2;
        match entry(log, middle).await? {
            Some(entry) if entry.time < from => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

async fn entry(log: &Log, index: u64) -> Result<Option<Entry>, Refused> {
    let bytes = log.entry(index).await.map_err(RecordError::from)?;
    Ok(bytes.and_then(|bytes| Entry::parse(&bytes).ok()))
}
