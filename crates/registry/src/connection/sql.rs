//! All SQL about connections and their history.

use evidence::{Change, Reading};
use store::{Row, StoreError};
use wire::ambient::UtcMicros;
use wire::id::{ConnectionId, ServiceId, SystemId};

use super::lifecycle::{Past, State, Step};
use super::{Connection, TakenStep};
use crate::authority::Sight;
use crate::column::{corrupt, parsed_optional};
use web::PageRequest;

const COLUMNS: &str = "id, consumer, service, state, amends, asked, requested_at";
const STEP_COLUMNS: &str =
    "number, step, state, organisation, role, credential, taken_at, reason, sequence, ground";

/// Which connections a list is of.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) state: Option<State>,
    pub(crate) consumer: Option<SystemId>,
    pub(crate) service: Option<ServiceId>,
    /// Only those with an open deadline that was over at this moment.
    pub(crate) overdue_at: Option<UtcMicros>,
}

pub(crate) async fn find(
    reading: impl Reading,
    id: &ConnectionId,
) -> Result<Option<Connection>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM connection WHERE id = $1");
    let row = reading.row(&sql, &[id.to_string().into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Connections within `sight` in the order of their requests; one more than the page holds.
pub(crate) async fn list(
    reading: impl Reading,
    sight: &Sight,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Vec<Connection>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM connection
         WHERE id > $1 AND ($2 = '' OR state = $2) AND ($3 = '' OR consumer = $3)
           AND ($4 = '' OR service = $4)
           AND ($5 = '' OR consumer IN (SELECT id FROM system WHERE organisation = $5)
             OR service IN (SELECT id FROM service WHERE system IN
               (SELECT id FROM system WHERE organisation = $5)))
           AND ($6 = 0 OR id IN (SELECT connection FROM connection_deadline
             WHERE closed_at IS NULL AND due <= $6))
         ORDER BY id LIMIT $7"
    );
    let values = [
        page.after.as_str().into(),
        filter.state.map_or("", State::as_str).into(),
        filter.consumer.as_ref().map(ToString::to_string).unwrap_or_default().into(),
        filter.service.as_ref().map(ToString::to_string).unwrap_or_default().into(),
        sight.filter().into(),
        filter.overdue_at.map_or(0, UtcMicros::as_micros).into(),
        page.rows().into(),
    ];
    reading.rows(&sql, &values).await?.iter().map(from_row).collect()
}

/// The amendment of this connection that is under way, if there is one.
pub(crate) async fn find_amendment(
    reading: impl Reading,
    id: &ConnectionId,
) -> Result<Option<ConnectionId>, StoreError> {
    let sql = "SELECT id FROM connection
         WHERE amends = $1 AND state NOT IN ('ended', 'withdrawn', 'refused')";
    let row = reading.row(sql, &[id.to_string().into()]).await?;
    row.map(|row| row.parsed("id")).transpose()
}

/// Those between these two that are approved and not ended.
pub(crate) async fn in_force_between(
    reading: impl Reading,
    consumer: &SystemId,
    service: &ServiceId,
) -> Result<Vec<Connection>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM connection WHERE consumer = $1 AND service = $2
           AND state IN ('approved', 'active', 'suspended') ORDER BY id"
    );
    let values = [consumer.to_string().into(), service.to_string().into()];
    reading.rows(&sql, &values).await?.iter().map(from_row).collect()
}

/// Those by which `consumer` calls.
pub(crate) async fn active_of(
    reading: impl Reading,
    consumer: &SystemId,
) -> Result<Vec<Connection>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM connection WHERE consumer = $1 AND state = 'active' ORDER BY id"
    );
    reading.rows(&sql, &[consumer.to_string().into()]).await?.iter().map(from_row).collect()
}

/// Those that an agreement holds: approved and not ended.
pub(crate) async fn agreed(reading: impl Reading) -> Result<Vec<Connection>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM connection WHERE state IN ('approved', 'active', 'suspended')
           AND id IN (SELECT connection FROM agreement) ORDER BY id"
    );
    reading.rows(&sql, &[]).await?.iter().map(from_row).collect()
}

/// Those that gateways hear of, for the directory.
pub(crate) async fn published(reading: impl Reading) -> Result<Vec<Connection>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM connection
         WHERE state IN ('testing', 'approved', 'active', 'suspended', 'ended') ORDER BY id"
    );
    reading.rows(&sql, &[]).await?.iter().map(from_row).collect()
}

/// All of them, wherever they stand.
pub(crate) async fn all(reading: impl Reading) -> Result<Vec<Connection>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM connection ORDER BY id");
    reading.rows(&sql, &[]).await?.iter().map(from_row).collect()
}

pub(crate) async fn insert(change: &mut Change, new: &Connection) -> Result<(), StoreError> {
    let sql = format!("INSERT INTO connection ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)");
    let values = [
        new.id.to_string().into(),
        new.consumer.to_string().into(),
        new.service.to_string().into(),
        new.state.as_str().into(),
        new.amends.as_ref().map(ToString::to_string).into(),
        written(new)?.into(),
        new.requested_at.into(),
    ];
    change.execute(&sql, &values).await?;
    Ok(())
}

pub(crate) async fn rewrite(change: &mut Change, to: &Connection) -> Result<(), StoreError> {
    let sql = "UPDATE connection SET asked = $2 WHERE id = $1";
    change.execute(sql, &[to.id.to_string().into(), written(to)?.into()]).await?;
    Ok(())
}

pub(crate) async fn move_to(
    change: &mut Change,
    id: &ConnectionId,
    state: State,
) -> Result<(), StoreError> {
    let sql = "UPDATE connection SET state = $2 WHERE id = $1";
    change.execute(sql, &[id.to_string().into(), state.as_str().into()]).await?;
    Ok(())
}

/// Who took which steps so far.
pub(crate) async fn past(
    reading: impl Reading,
    id: &ConnectionId,
) -> Result<Vec<Past>, StoreError> {
    let sql = "SELECT step, credential FROM connection_step WHERE connection = $1 ORDER BY number";
    let rows = reading.rows(sql, &[id.to_string().into()]).await?;
    let read =
        |row: &Row| Ok(Past { step: row.parsed("step")?, credential: row.text("credential")? });
    rows.iter().map(read).collect()
}

/// When `step` was taken last.
pub(crate) async fn last_taken(
    reading: impl Reading,
    id: &ConnectionId,
    step: Step,
) -> Result<Option<UtcMicros>, StoreError> {
    let sql = "SELECT taken_at FROM connection_step WHERE connection = $1 AND step = $2
        ORDER BY number DESC LIMIT 1";
    let row = reading.row(sql, &[id.to_string().into(), step.as_str().into()]).await?;
    row.map(|row| row.time("taken_at")).transpose()
}

/// The number of the step that comes next.
pub(crate) async fn next_number(
    reading: impl Reading,
    id: &ConnectionId,
) -> Result<u32, StoreError> {
    let sql = "SELECT COUNT(*) AS steps FROM connection_step WHERE connection = $1";
    let row = reading.row(sql, &[id.to_string().into()]).await?;
    let steps = row.map(|row| row.integer("steps")).transpose()?.unwrap_or(0);
    u32::try_from(steps).map_err(|_| corrupt("connection_step", "has too many steps"))
}

pub(crate) async fn note(
    change: &mut Change,
    id: &ConnectionId,
    taken: &TakenStep,
) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO connection_step (connection, {STEP_COLUMNS})
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    );
    let sequence = i64::try_from(taken.sequence);
    let values = [
        id.to_string().into(),
        taken.number.into(),
        taken.step.as_str().into(),
        taken.state.as_str().into(),
        taken.organisation.as_str().into(),
        taken.role.as_str().into(),
        taken.credential.as_str().into(),
        taken.at.into(),
        taken.reason.clone().into(),
        sequence.map_err(|_| corrupt("sequence", "is beyond 2^63"))?.into(),
        taken.ground.clone().into(),
    ];
    change.execute(&sql, &values).await?;
    Ok(())
}

/// Steps after number `after`, in order; one more than `page` holds.
pub(crate) async fn history(
    reading: impl Reading,
    id: &ConnectionId,
    after: i64,
    page: &PageRequest,
) -> Result<Vec<TakenStep>, StoreError> {
    let sql = format!(
        "SELECT {STEP_COLUMNS} FROM connection_step
         WHERE connection = $1 AND number > $2 ORDER BY number LIMIT $3"
    );
    let values = [id.to_string().into(), after.into(), page.rows().into()];
    reading.rows(&sql, &values).await?.iter().map(step_from_row).collect()
}

/// The step of this number.
pub(crate) async fn find_step(
    reading: impl Reading,
    id: &ConnectionId,
    number: u32,
) -> Result<Option<TakenStep>, StoreError> {
    let sql =
        format!("SELECT {STEP_COLUMNS} FROM connection_step WHERE connection = $1 AND number = $2");
    let row = reading.row(&sql, &[id.to_string().into(), number.into()]).await?;
    row.as_ref().map(step_from_row).transpose()
}

/// The number of the step that suspended the connection last.
pub(crate) async fn last_suspension(
    reading: impl Reading,
    id: &ConnectionId,
) -> Result<Option<u32>, StoreError> {
    let sql = "SELECT MAX(number) AS number FROM connection_step
        WHERE connection = $1 AND step IN ('suspend', 'pause')";
    let row = reading.row(sql, &[id.to_string().into()]).await?;
    let number = row.map(|row| row.optional_integer("number")).transpose()?.flatten();
    Ok(number.and_then(|number| u32::try_from(number).ok()))
}

fn written(connection: &Connection) -> Result<String, StoreError> {
    serde_json::to_string(&connection.asked).map_err(|error| corrupt("asked", error))
}

fn from_row(row: &Row) -> Result<Connection, StoreError> {
    let asked = serde_json::from_str(&row.text("asked")?);
    Ok(Connection {
        id: row.parsed("id")?,
        consumer: row.parsed("consumer")?,
        service: row.parsed("service")?,
        state: row.parsed("state")?,
        amends: parsed_optional(row, "amends")?,
        asked: asked.map_err(|error| corrupt("asked", error))?,
        requested_at: row.time("requested_at")?,
    })
}

fn step_from_row(row: &Row) -> Result<TakenStep, StoreError> {
    let number = u32::try_from(row.integer("number")?);
    let sequence = u64::try_from(row.integer("sequence")?);
    Ok(TakenStep {
        number: number.map_err(|_| corrupt("number", "is out of range"))?,
        step: row.parsed("step")?,
        state: row.parsed("state")?,
        organisation: row.parsed("organisation")?,
        role: row.parsed("role")?,
        credential: row.text("credential")?,
        at: row.time("taken_at")?,
        reason: row.optional_text("reason")?,
        ground: row.optional_text("ground")?,
        sequence: sequence.map_err(|_| corrupt("sequence", "is negative"))?,
    })
}
