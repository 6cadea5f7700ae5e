//! Suspensions (tạm ngừng): planned ones, announced ahead with the expected recovery, and immediate
//! ones, for a violation or a danger, of which the consumer is told at once.
//!
//! A planned one takes force by the clock, at every gateway at its very moment: the directory
//! carries the moment. The registry's own state follows when its clock duty next looks.
//!
//! **Invariant**: a connection has at most one suspension that is not over; a planned one is
//! announced as many whole working days ahead as the rules of that day demand.

pub(crate) mod sql;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use evidence::{Actor, Change};
use web::field;
use wire::ambient::UtcMicros;
use wire::id::{ConnectionId, Role};
use wire::problem::Text;

use super::Connection;
use super::command::{load, move_on, subject};
use super::deadline::{self, ConnectionDeadline};
use super::lifecycle::{Party, State, Step};
use super::said::Said;
use crate::Registry;
use crate::refused::Refused;
use crate::{calendar, regulation};

/// The duty to tell the consumer of an immediate suspension.
pub(crate) const TELL_CONSUMER: &str = "tell_consumer";
/// The duty to put the connection back into force when it was promised.
const RECOVER: &str = "recover";
/// The longest a suspension may be planned for, in days.
const MAX_DAYS: u64 = 366;

/// One suspension of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspension {
    /// Of which connection.
    pub connection: ConnectionId,
    /// 0 is the first.
    pub number: u32,
    /// Whether it was announced ahead.
    pub planned: bool,
    /// When it was announced; an immediate one, when it took force.
    pub announced_at: UtcMicros,
    /// From when calls are refused.
    pub from: UtcMicros,
    /// When calls are expected to pass again.
    pub expected_recovery: Option<UtcMicros>,
    /// What was violated, or why it is planned.
    pub content: String,
    /// What is done about it.
    pub measures: Option<String>,
    /// What restores the connection.
    pub restored_when: Option<String>,
    /// When the consumer had been told.
    pub told_at: Option<UtcMicros>,
    /// When it was over.
    pub over_at: Option<UtcMicros>,
    /// Who announced it.
    pub by: Actor,
}

/// An amendment takes over what was planned for the connection whose place it takes.
pub(crate) async fn inherit(
    change: &mut Change,
    old: &ConnectionId,
    new: &ConnectionId,
) -> Result<(), Refused> {
    let open = sql::find_open(&mut *change, old).await?;
    let at = change.time();
    sql::over(change, old, at).await?;
    if let Some(planned) = open.filter(|open| open.planned && open.from > at) {
        let number = sql::next_number(&mut *change, new).await?;
        sql::insert(change, &Suspension { connection: *new, number, ..planned }).await?;
    }
    Ok(())
}

/// What a step does to the suspensions of its connection, within its change.
pub(crate) async fn follow(
    change: &mut Change,
    actor: &Actor,
    connection: &Connection,
    step: Step,
    said: &Said,
) -> Result<(), Refused> {
    let at = change.time();
    match step {
        Step::AnnounceSuspension => announce(change, actor, connection, said).await,
        Step::Suspend => suspend(change, actor, connection, said).await,
        Step::TellConsumer => is_told(change, &connection.id).await,
        Step::CallOffSuspension => {
            if sql::find_open(&mut *change, &connection.id).await?.is_none() {
                return Err(Refused::NoSuspensionPlanned(connection.id));
            }
            Ok(sql::over(change, &connection.id, at).await?)
        }
        Step::Resume | Step::End | Step::Replace => {
            Ok(sql::over(change, &connection.id, at).await?)
        }
        _ => Ok(()),
    }
}

/// The consumer knows of the suspension: it was told, or said so itself.
pub(crate) async fn is_told(change: &mut Change, connection: &ConnectionId) -> Result<(), Refused> {
    let at = change.time();
    sql::told(change, connection, at).await?;
    Ok(deadline::sql::close(change, connection, TELL_CONSUMER, at).await?)
}

async fn announce(
    change: &mut Change,
    actor: &Actor,
    connection: &Connection,
    said: &Said,
) -> Result<(), Refused> {
    if sql::find_open(&mut *change, &connection.id).await?.is_some() {
        return Err(Refused::SuspensionPlanned(connection.id));
    }
    let at = change.time();
    let from = said.from.ok_or_else(|| field::missing("from"))?;
    let recovery = said.expected_recovery.ok_or_else(|| field::missing("expected_recovery"))?;
    let notice = regulation::sql::in_force(&mut *change, at).await?.suspension.notice_working_days;
    let calendar = calendar::sql::load(&mut *change).await?;
    if calendar.working_days_between(at, from) < notice {
        let earliest = calendar.add_working_days(at, notice);
        let rule = Text::new(
            format!("một thời điểm sau ít nhất {notice} ngày làm việc, sớm nhất là {earliest}."),
            format!("an instant after at least {notice} working days, {earliest} at the earliest."),
        );
        return Err(field::invalid("from", &rule).into());
    }
    must_be_soon_after("expected_recovery", recovery, from)?;
    let planned = Suspension {
        from,
        expected_recovery: Some(recovery),
        planned: true,
        ..begun(change, actor, connection, said).await?
    };
    Ok(sql::insert(change, &planned).await?)
}

async fn suspend(
    change: &mut Change,
    actor: &Actor,
    connection: &Connection,
    said: &Said,
) -> Result<(), Refused> {
    let at = change.time();
    for (name, words) in [("measures", &said.measures), ("restored_when", &said.restored_when)] {
        if words.is_none() {
            return Err(field::missing(name).into());
        }
    }
    if let Some(recovery) = said.expected_recovery {
        must_be_soon_after("expected_recovery", recovery, at)?;
    }
    // What was planned is overtaken.
    sql::over(change, &connection.id, at).await?;
    let immediate = begun(change, actor, connection, said).await?;
    sql::insert(change, &immediate).await?;
    let days = regulation::sql::in_force(&mut *change, at).await?;
    let days = days.suspension.told_within_working_days;
    let calendar = calendar::sql::load(&mut *change).await?;
    let told = calendar.deadline(at, days);
    // The operator tells what the platform's own people decided.
    let by = match actor.role {
        Role::OrganisationAdmin => Party::Provider,
        _ => Party::Operator,
    };
    duty(change, &connection.id, TELL_CONSUMER, by, told.due, told.verified).await?;
    promise(change, &immediate).await
}

async fn begun(
    change: &mut Change,
    actor: &Actor,
    connection: &Connection,
    said: &Said,
) -> Result<Suspension, Refused> {
    Ok(Suspension {
        connection: connection.id,
        number: sql::next_number(&mut *change, &connection.id).await?,
        planned: false,
        announced_at: change.time(),
        from: change.time(),
        expected_recovery: said.expected_recovery,
        content: said.reason.clone().unwrap_or_default(),
        measures: said.measures.clone(),
        restored_when: said.restored_when.clone(),
        told_at: None,
        over_at: None,
        by: actor.clone(),
    })
}

/// Opens the duty to keep the promised recovery.
async fn promise(change: &mut Change, suspension: &Suspension) -> Result<(), Refused> {
    let Some(recovery) = suspension.expected_recovery else { return Ok(()) };
    duty(change, &suspension.connection, RECOVER, Party::Operator, recovery, true).await
}

async fn duty(
    change: &mut Change,
    connection: &ConnectionId,
    duty: &str,
    by: Party,
    due: UtcMicros,
    verified: bool,
) -> Result<(), Refused> {
    let deadline = ConnectionDeadline {
        connection: *connection,
        duty: duty.to_owned(),
        by,
        since: change.time(),
        due,
        verified,
        waiting: vec![State::Suspended],
    };
    Ok(deadline::sql::insert(change, &deadline).await?)
}

/// Brings the state of connections whose planned suspension has begun up to it: gateways refuse
/// their calls since then. The step stands under whoever announced it. Returns how many there were.
///
/// One that cannot be brought up to it, because its row cannot be read, is told by its connection and
/// tried again at the next look; the others go on.
pub async fn take_force(registry: &Registry) -> Result<usize, Refused> {
    let mut taken = 0;
    for (connection, planned) in sql::begun_by(&registry.database, registry.clock.now()).await? {
        let pausing = async {
            match planned {
                Ok(planned) => pause(registry, &planned).await,
                Err(error) => Err(error.into()),
            }
        };
        match pausing.await {
            Ok(paused) => taken += usize::from(paused),
            Err(error) => {
                tracing::warn!(connection, %error, "a planned suspension does not take force");
            }
        }
    }
    Ok(taken)
}

/// False if another node was quicker, or it was called off meanwhile.
async fn pause(registry: &Registry, planned: &Suspension) -> Result<bool, Refused> {
    let mut change = registry.recorder.change_by_platform("connection.paused").await?;
    let mut connection = load(&mut change, &planned.connection).await?;
    let open = sql::find_open(&mut change, &planned.connection).await?;
    if connection.state != State::Active || open.as_ref() != Some(planned) {
        return Ok(false);
    }
    let parties = [Party::Platform];
    move_on(&mut change, &planned.by, &parties, &mut connection, Step::Pause, &Said::default())
        .await?;
    promise(&mut change, planned).await?;
    change.record(subject(&connection)).await?;
    registry.publisher.publish(None).await?;
    Ok(true)
}

/// From when calls by way of each active connection with a planned suspension are refused.
pub(crate) async fn planned(
    change: &mut Change,
) -> Result<BTreeMap<ConnectionId, UtcMicros>, store::StoreError> {
    Ok(sql::open_planned(change).await?.into_iter().collect())
}

fn must_be_soon_after(name: &str, recovery: UtcMicros, from: UtcMicros) -> Result<(), Refused> {
    let latest = from.saturating_add(std::time::Duration::from_secs(MAX_DAYS * 86_400));
    if recovery > from && recovery <= latest {
        return Ok(());
    }
    let rule = Text::new(
        format!("một thời điểm sau khi tạm ngừng và không quá {MAX_DAYS} ngày sau đó."),
        format!("an instant after the suspension begins, at most {MAX_DAYS} days after."),
    );
    Err(field::invalid(name, &rule).into())
}
