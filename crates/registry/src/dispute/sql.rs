//! All SQL about disputes.

use evidence::{Actor, Change, Reading};
use store::{Row, StoreError};
use web::PageRequest;
use wire::ambient::UtcMicros;
use wire::id::{ConnectionId, DisputeId};

use super::life::DisputeState;
use super::{Dispute, TakenStep};
use crate::authority::Sight;
use crate::column::{corrupt, parsed_optional};
use crate::connection::lifecycle::Party;

pub(crate) const CREATE: &str = "
CREATE TABLE dispute (
    id TEXT PRIMARY KEY,
    connection TEXT NOT NULL REFERENCES connection (id),
    about TEXT NOT NULL,
    step BIGINT,
    opened_by TEXT NOT NULL,
    against TEXT NOT NULL,
    state TEXT NOT NULL,
    claim TEXT NOT NULL,
    wanted TEXT NOT NULL,
    outcome TEXT,
    effect TEXT,
    due BIGINT,
    verified BIGINT NOT NULL,
    passed_at BIGINT,
    opened_at BIGINT NOT NULL
);
CREATE INDEX dispute_connection ON dispute (connection, id);
CREATE INDEX dispute_due ON dispute (due);
CREATE TABLE dispute_step (
    dispute TEXT NOT NULL REFERENCES dispute (id),
    number BIGINT NOT NULL,
    step TEXT NOT NULL,
    state TEXT NOT NULL,
    organisation TEXT NOT NULL,
    role TEXT NOT NULL,
    credential TEXT NOT NULL,
    taken_at BIGINT NOT NULL,
    words TEXT,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (dispute, number)
);";

const COLUMNS: &str = "id, connection, about, step, opened_by, against, state, claim, wanted, \
    outcome, effect, due, verified, opened_at";
const STEP_COLUMNS: &str =
    "number, step, state, organisation, role, credential, taken_at, words, sequence";
/// How many that passed are looked at in one turn.
const IN_ONE_TURN: i64 = 200;

/// Which disputes a list is of.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) connection: Option<ConnectionId>,
    pub(crate) state: Option<DisputeState>,
    pub(crate) against: Option<Party>,
    /// Only those in which something was due before this moment.
    pub(crate) overdue_at: Option<UtcMicros>,
}

pub(crate) async fn find(
    reading: impl Reading,
    id: &DisputeId,
) -> Result<Option<Dispute>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM dispute WHERE id = $1");
    let row = reading.row(&sql, &[id.to_string().into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Disputes within `sight` in the order of their opening; one more than the page holds.
pub(crate) async fn list(
    reading: impl Reading,
    sight: &Sight,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Vec<Dispute>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM dispute
         WHERE id > $1 AND ($2 = '' OR connection = $2) AND ($3 = '' OR state = $3)
           AND ($4 = '' OR against = $4) AND ($5 = 0 OR due <= $5)
           AND ($6 = '' OR connection IN (SELECT id FROM connection
             WHERE consumer IN (SELECT id FROM system WHERE organisation = $6)
               OR service IN (SELECT id FROM service WHERE system IN
                 (SELECT id FROM system WHERE organisation = $6))))
         ORDER BY id LIMIT $7"
    );
    let values = [
        page.after.as_str().into(),
        filter.connection.map(|id| id.to_string()).unwrap_or_default().into(),
        filter.state.map_or("", DisputeState::as_str).into(),
        filter.against.map_or("", Party::as_str).into(),
        filter.overdue_at.map_or(0, UtcMicros::as_micros).into(),
        sight.filter().into(),
        page.rows().into(),
    ];
    reading.rows(&sql, &values).await?.iter().map(from_row).collect()
}

/// All of them, wherever they stand, and all their steps: whether they can be read.
pub(crate) async fn must_read(change: &mut Change) -> Result<(), StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM dispute");
    for row in Reading::rows(&mut *change, &sql, &[]).await? {
        from_row(&row)?;
    }
    let sql = format!("SELECT {STEP_COLUMNS} FROM dispute_step");
    for row in Reading::rows(&mut *change, &sql, &[]).await? {
        step_from_row(&row)?;
    }
    Ok(())
}

/// How many of a connection that one side opened are not over.
pub(crate) async fn count_open(
    reading: impl Reading,
    connection: &ConnectionId,
    opened_by: Party,
) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) AS disputes FROM dispute
        WHERE connection = $1 AND opened_by = $2 AND state IN ('open', 'answered', 'referred')";
    let values = [connection.to_string().into(), opened_by.as_str().into()];
    let row = reading.row(sql, &values).await?;
    Ok(row.map(|row| row.integer("disputes")).transpose()?.unwrap_or(0))
}

/// Those in which something was due by `now` and of which nobody has said so.
pub(crate) async fn passed_unnoted(
    reading: impl Reading,
    now: UtcMicros,
) -> Result<Vec<Dispute>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM dispute WHERE due <= $1 AND passed_at IS NULL ORDER BY due, id LIMIT $2"
    );
    reading.rows(&sql, &[now.into(), IN_ONE_TURN.into()]).await?.iter().map(from_row).collect()
}

/// False if it was said already, or is waited for no more.
pub(crate) async fn note_passed(change: &mut Change, passed: &Dispute) -> Result<bool, StoreError> {
    let sql = "UPDATE dispute SET passed_at = $3
        WHERE id = $1 AND due = $2 AND passed_at IS NULL";
    let values = [passed.id.to_string().into(), passed.due.into(), change.time().into()];
    Ok(change.execute(sql, &values).await? > 0)
}

pub(crate) async fn insert(change: &mut Change, new: &Dispute) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO dispute ({COLUMNS})
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    );
    let values = [
        new.id.to_string().into(),
        new.connection.to_string().into(),
        new.about.as_str().into(),
        new.step.map(i64::from).into(),
        new.opened_by.as_str().into(),
        new.against.as_str().into(),
        new.state.as_str().into(),
        new.claim.as_str().into(),
        new.wanted.as_str().into(),
        new.outcome.map(|outcome| outcome.as_str().to_owned()).into(),
        new.effect.map(|effect| effect.as_str().to_owned()).into(),
        new.due.into(),
        i64::from(new.verified).into(),
        new.opened_at.into(),
    ];
    change.execute(&sql, &values).await?;
    Ok(())
}

/// Writes where it stands now, with a clock of which nothing has been said.
pub(crate) async fn move_to(change: &mut Change, to: &Dispute) -> Result<(), StoreError> {
    let sql = "UPDATE dispute SET state = $2, outcome = $3, effect = $4, due = $5, verified = $6,
            passed_at = NULL
        WHERE id = $1";
    let values = [
        to.id.to_string().into(),
        to.state.as_str().into(),
        to.outcome.map(|outcome| outcome.as_str().to_owned()).into(),
        to.effect.map(|effect| effect.as_str().to_owned()).into(),
        to.due.into(),
        i64::from(to.verified).into(),
    ];
    change.execute(sql, &values).await?;
    Ok(())
}

pub(crate) async fn note(
    change: &mut Change,
    id: &DisputeId,
    taken: &TakenStep,
) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO dispute_step (dispute, {STEP_COLUMNS})
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    );
    let sequence = i64::try_from(taken.sequence);
    let values = [
        id.to_string().into(),
        taken.number.into(),
        taken.step.as_str().into(),
        taken.state.as_str().into(),
        taken.by.organisation.as_str().into(),
        taken.by.role.as_str().into(),
        taken.by.credential.as_str().into(),
        taken.at.into(),
        taken.words.clone().into(),
        sequence.map_err(|_| corrupt("sequence", "is beyond 2^63"))?.into(),
    ];
    change.execute(&sql, &values).await?;
    Ok(())
}

/// Steps after number `after`, in order; at most `rows`.
pub(crate) async fn history(
    reading: impl Reading,
    id: &DisputeId,
    after: i64,
    rows: i64,
) -> Result<Vec<TakenStep>, StoreError> {
    let sql = format!(
        "SELECT {STEP_COLUMNS} FROM dispute_step
         WHERE dispute = $1 AND number > $2 ORDER BY number LIMIT $3"
    );
    let values = [id.to_string().into(), after.into(), rows.into()];
    reading.rows(&sql, &values).await?.iter().map(step_from_row).collect()
}

fn from_row(row: &Row) -> Result<Dispute, StoreError> {
    let step = row.optional_integer("step")?.map(u32::try_from).transpose();
    Ok(Dispute {
        id: row.parsed("id")?,
        connection: row.parsed("connection")?,
        about: row.parsed("about")?,
        step: step.map_err(|_| corrupt("step", "is out of range"))?,
        opened_by: row.parsed("opened_by")?,
        against: row.parsed("against")?,
        state: row.parsed("state")?,
        claim: row.text("claim")?,
        wanted: row.text("wanted")?,
        outcome: parsed_optional(row, "outcome")?,
        effect: parsed_optional(row, "effect")?,
        due: row.optional_time("due")?,
        verified: row.integer("verified")? != 0,
        opened_at: row.time("opened_at")?,
    })
}

fn step_from_row(row: &Row) -> Result<TakenStep, StoreError> {
    let number = u32::try_from(row.integer("number")?);
    let sequence = u64::try_from(row.integer("sequence")?);
    Ok(TakenStep {
        number: number.map_err(|_| corrupt("number", "is out of range"))?,
        step: row.parsed("step")?,
        state: row.parsed("state")?,
        by: Actor {
            organisation: row.parsed("organisation")?,
            role: row.parsed("role")?,
            credential: row.text("credential")?,
        },
        at: row.time("taken_at")?,
        words: row.optional_text("words")?,
        sequence: sequence.map_err(|_| corrupt("sequence", "is negative"))?,
    })
}
