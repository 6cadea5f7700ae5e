//! All SQL about deadlines.

use evidence::{Change, Reading};
use store::{Row, StoreError};
use wire::ambient::UtcMicros;
use wire::id::ConnectionId;

use super::ConnectionDeadline;
use crate::column::corrupt;

const COLUMNS: &str = "connection, duty, by_party, since, due, verified, waiting";
/// How many that passed are looked at in one turn.
const IN_ONE_TURN: i64 = 200;

/// The open deadlines of these connections, the next one due first.
pub(crate) async fn open(
    reading: impl Reading,
    connections: &[ConnectionId],
) -> Result<Vec<ConnectionDeadline>, StoreError> {
    if connections.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<_> = (1..=connections.len()).map(|place| format!("${place}")).collect();
    let sql = format!(
        "SELECT {COLUMNS} FROM connection_deadline
         WHERE closed_at IS NULL AND connection IN ({}) ORDER BY due, duty",
        places.join(", ")
    );
    let values: Vec<_> = connections.iter().map(|id| id.to_string().into()).collect();
    reading.rows(&sql, &values).await?.iter().map(from_row).collect()
}

/// Open ones that have passed and of which nobody has said so.
pub(crate) async fn passed_unnoted(
    reading: impl Reading,
    now: UtcMicros,
) -> Result<Vec<ConnectionDeadline>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM connection_deadline
         WHERE closed_at IS NULL AND passed_at IS NULL AND due <= $1
         ORDER BY due, connection, duty LIMIT $2"
    );
    let values = [now.into(), IN_ONE_TURN.into()];
    reading.rows(&sql, &values).await?.iter().map(from_row).collect()
}

pub(crate) async fn insert(
    change: &mut Change,
    new: &ConnectionDeadline,
) -> Result<(), StoreError> {
    let sql =
        format!("INSERT INTO connection_deadline ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)");
    let waiting: Vec<_> = new.waiting.iter().map(|state| state.as_str()).collect();
    let values = [
        new.connection.to_string().into(),
        new.duty.as_str().into(),
        new.by.as_str().into(),
        new.since.into(),
        new.due.into(),
        i64::from(new.verified).into(),
        waiting.join(" ").into(),
    ];
    change.execute(&sql, &values).await?;
    Ok(())
}

pub(crate) async fn close(
    change: &mut Change,
    connection: &ConnectionId,
    duty: &str,
    at: UtcMicros,
) -> Result<(), StoreError> {
    let sql = "UPDATE connection_deadline SET closed_at = $3
        WHERE connection = $1 AND duty = $2 AND closed_at IS NULL";
    change.execute(sql, &[connection.to_string().into(), duty.into(), at.into()]).await?;
    Ok(())
}

/// False if it was said already, or the duty is done by now.
pub(crate) async fn note_passed(
    change: &mut Change,
    passed: &ConnectionDeadline,
) -> Result<bool, StoreError> {
    let sql = "UPDATE connection_deadline SET passed_at = $4
        WHERE connection = $1 AND duty = $2 AND since = $3
          AND closed_at IS NULL AND passed_at IS NULL";
    let values = [
        passed.connection.to_string().into(),
        passed.duty.as_str().into(),
        passed.since.into(),
        change.time().into(),
    ];
    Ok(change.execute(sql, &values).await? > 0)
}

fn from_row(row: &Row) -> Result<ConnectionDeadline, StoreError> {
    let waiting = row.text("waiting")?;
    let waiting = waiting.split_whitespace().map(str::parse).collect::<Result<_, _>>();
    Ok(ConnectionDeadline {
        connection: row.parsed("connection")?,
        duty: row.text("duty")?,
        by: row.parsed("by_party")?,
        since: row.time("since")?,
        due: row.time("due")?,
        verified: row.integer("verified")? != 0,
        waiting: waiting.map_err(|error| corrupt("waiting", error))?,
    })
}
