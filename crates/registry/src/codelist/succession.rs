//! What became of a code: its successors, and theirs, up to a day.

use std::collections::BTreeSet;

use store::{Database, StoreError};
use wire::id::ServiceCode;

use super::entry::{Entry, Key};
use super::sql::{self, Wanted};
use crate::calendar::Day;

/// The most entries that are looked at for one answer.
const MOST: usize = 1_000;
/// Periods of one code that are looked at.
const PERIODS: i64 = 1_000;

/// What became of an entry.
#[derive(Debug, Default)]
pub(super) struct Succession {
    /// What takes its place on the day; itself, if it is valid then.
    pub(super) resolved: Vec<Entry>,
    /// Codes on the way that ended before the day and left nothing.
    pub(super) ended: Vec<String>,
}

/// All periods of a code in a version, the oldest first.
pub(super) async fn periods(
    database: &Database,
    list: &ServiceCode,
    version: u32,
    code: &str,
) -> Result<Vec<Entry>, StoreError> {
    let wanted = Wanted { version, code: Some(code.to_owned()), ..Wanted::default() };
    sql::entries(database, list, &wanted, ("", ""), PERIODS).await
}

/// Which of a code's periods is meant: the one of the day on which it was written down, if that is
/// known; else the one of `as_of`; else the last.
pub(super) fn meant(periods: &[Entry], meant_on: Option<Day>, as_of: Day) -> Option<Entry> {
    let on = |day| periods.iter().find(|entry| entry.is_valid_on(day)).cloned();
    match meant_on {
        Some(day) => on(day),
        None => on(as_of).or_else(|| periods.last().cloned()),
    }
}

/// Follows successors from `entry` until what is valid on `as_of`. Each step goes on in time, so
/// this ends.
pub(super) async fn follow(
    database: &Database,
    list: &ServiceCode,
    version: u32,
    entry: Entry,
    as_of: Day,
) -> Result<Succession, StoreError> {
    let mut succession = Succession::default();
    let mut seen: BTreeSet<Key> = BTreeSet::from([entry.key()]);
    let mut waiting = vec![entry];
    while let Some(entry) = waiting.pop() {
        let Some(end) = entry.valid_until.filter(|end| *end <= as_of) else {
            succession.resolved.push(entry);
            continue;
        };
        if entry.successors.is_empty() {
            succession.ended.push(entry.code.clone());
        }
        for code in &entry.successors {
            let periods = periods(database, list, version, code).await?;
            let next = periods.into_iter().find(|next| next.is_valid_on(end));
            waiting.extend(next.filter(|next| seen.len() < MOST && seen.insert(next.key())));
        }
    }
    succession.resolved.sort_by_key(Entry::key);
    succession.ended.sort();
    Ok(succession)
}

/// The codes whose place this entry took.
pub(super) async fn predecessors(
    database: &Database,
    list: &ServiceCode,
    version: u32,
    of: &Entry,
) -> Result<Vec<Entry>, StoreError> {
    let wanted = Wanted { version, succeeded_by: Some(of.code.clone()), ..Wanted::default() };
    let limit = i64::try_from(MOST).unwrap_or(i64::MAX);
    let mut found = sql::entries(database, list, &wanted, ("", ""), limit).await?;
    found.retain(|entry| {
        entry.successors.contains(&of.code)
            && entry.valid_until.is_some_and(|end| of.is_valid_on(end))
    });
    Ok(found)
}
