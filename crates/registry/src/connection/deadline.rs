//! Deadlines (thời hạn): by when whoever a connection waits for has to act.
//!
//! A step opens the deadlines that count from it and closes those of states that are left; each
//! keeps the day that the calendar and the rules of its own time gave. When one passes, the
//! platform says so in the log, once: nothing is ever decided by a clock.

pub(crate) mod sql;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use evidence::Change;
use wire::ambient::UtcMicros;
use wire::id::ConnectionId;

use super::lifecycle::{Party, State, Step};
use crate::Registry;
use crate::calendar::{Deadline, WorkingCalendar};
use crate::refused::Refused;
use crate::regulation::ConnectionRules;
use crate::{calendar, regulation};

/// A deadline of one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionDeadline {
    /// Of which connection.
    pub connection: ConnectionId,
    /// What is to be done, as a code of the rules.
    pub duty: String,
    /// Who has to.
    pub by: Party,
    /// From when the days count.
    pub since: UtcMicros,
    /// The end of the last day.
    pub due: UtcMicros,
    /// Whether the calendar was sure of it.
    pub verified: bool,
    /// In which states it is waited for.
    pub waiting: Vec<State>,
}

/// The deadlines that `step` opens when it leads to `to`. Pure.
pub(crate) fn opened(
    rules: &ConnectionRules,
    calendar: &WorkingCalendar,
    connection: &ConnectionId,
    (step, to): (Step, State),
    at: UtcMicros,
) -> Vec<ConnectionDeadline> {
    let begins =
        |rule: &&crate::regulation::DeadlineRule| rule.since == step && rule.waiting.contains(&to);
    let open = |rule: &crate::regulation::DeadlineRule| {
        let Deadline { due, verified } = calendar.deadline(at, rule.working_days);
        ConnectionDeadline {
            connection: *connection,
            duty: rule.duty.clone(),
            by: rule.by,
            since: at,
            due,
            verified,
            waiting: rule.waiting.clone(),
        }
    };
    rules.deadlines.iter().filter(begins).map(open).collect()
}

/// Closes what `step` ends and opens what it begins, within the change that takes it.
pub(crate) async fn follow(
    change: &mut Change,
    connection: &ConnectionId,
    (step, to): (Step, State),
) -> Result<(), Refused> {
    let at = change.time();
    let rules = regulation::sql::in_force(&mut *change, at).await?;
    let begun = rules.deadlines.iter().any(|rule| rule.since == step);
    for open in sql::open(&mut *change, std::slice::from_ref(connection)).await? {
        let begins_anew =
            rules.deadlines.iter().any(|rule| rule.since == step && rule.duty == open.duty);
        if begins_anew || !open.waiting.contains(&to) {
            sql::close(change, connection, &open.duty, at).await?;
        }
    }
    if begun {
        let calendar = calendar::sql::load(&mut *change).await?;
        for deadline in opened(&rules, &calendar, connection, (step, to), at) {
            sql::insert(change, &deadline).await?;
        }
    }
    Ok(())
}

/// Says of every deadline that has passed that it has, each in a change and an entry of its own.
/// Returns how many there were. Whichever node comes first says it.
pub async fn note_passed(registry: &Registry) -> Result<usize, Refused> {
    let mut noted = 0;
    for passed in sql::passed_unnoted(&registry.database, registry.clock.now()).await? {
        let mut change = registry.recorder.change_by_platform("connection.deadline_passed").await?;
        if !sql::note_passed(&mut change, &passed).await? {
            continue;
        }
        let subject = BTreeMap::from([
            ("connection".to_owned(), passed.connection.to_string()),
            ("duty".to_owned(), passed.duty),
            ("by".to_owned(), passed.by.to_string()),
            ("due".to_owned(), passed.due.to_string()),
        ]);
        change.record(subject).await?;
        noted += 1;
    }
    Ok(noted)
}
