//! All SQL about suspensions.

use evidence::{Actor, Change, Reading};
use store::{Row, StoreError};
use web::PageRequest;
use wire::ambient::UtcMicros;
use wire::id::ConnectionId;

use super::Suspension;
use crate::column::corrupt;

const COLUMNS: &str = "connection, number, planned, announced_at, takes_force_at, \
    expected_recovery, content, measures, restored_when, told_at, over_at, organisation, role, \
    credential";
/// How many that begin are looked at in one turn.
const IN_ONE_TURN: i64 = 200;

/// The one that is not over.
pub(crate) async fn find_open(
    reading: impl Reading,
    connection: &ConnectionId,
) -> Result<Option<Suspension>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM suspension WHERE connection = $1 AND over_at IS NULL");
    let row = reading.row(&sql, &[connection.to_string().into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Those of these connections that are not over.
pub(crate) async fn open(
    reading: impl Reading,
    connections: &[ConnectionId],
) -> Result<Vec<Suspension>, StoreError> {
    if connections.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<_> = (1..=connections.len()).map(|place| format!("${place}")).collect();
    let sql = format!(
        "SELECT {COLUMNS} FROM suspension WHERE over_at IS NULL AND connection IN ({})",
        places.join(", ")
    );
    let values: Vec<_> = connections.iter().map(|id| id.to_string().into()).collect();
    reading.rows(&sql, &values).await?.iter().map(from_row).collect()
}

/// From when each planned one that is not over takes force, of connections that are active: no more of
/// it than gateways need, so that what else a row says keeps no directory from being made.
pub(crate) async fn open_planned(
    reading: impl Reading,
) -> Result<Vec<(ConnectionId, UtcMicros)>, StoreError> {
    let sql =
        "SELECT connection, takes_force_at FROM suspension WHERE over_at IS NULL AND planned = 1
           AND connection IN (SELECT id FROM connection WHERE state = 'active')
         ORDER BY connection";
    let rows = reading.rows(sql, &[]).await?;
    rows.iter().map(|row| Ok((row.parsed("connection")?, row.time("takes_force_at")?))).collect()
}

/// Planned ones of active connections whose time has come; each by the name of its connection, so that one that cannot
/// be read keeps none of the others.
pub(crate) async fn begun_by(
    reading: impl Reading,
    now: UtcMicros,
) -> Result<Vec<(String, Result<Suspension, StoreError>)>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM suspension
         WHERE over_at IS NULL AND planned = 1 AND takes_force_at <= $1
           AND connection IN (SELECT id FROM connection WHERE state = 'active')
         ORDER BY takes_force_at, connection LIMIT $2"
    );
    let rows = reading.rows(&sql, &[now.into(), IN_ONE_TURN.into()]).await?;
    rows.iter().map(|row| Ok((row.text("connection")?, from_row(row)))).collect()
}

/// Those of a connection after number `after`, in order; one more than the page holds.
pub(crate) async fn list(
    reading: impl Reading,
    connection: &ConnectionId,
    after: i64,
    page: &PageRequest,
) -> Result<Vec<Suspension>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM suspension
         WHERE connection = $1 AND number > $2 ORDER BY number LIMIT $3"
    );
    let values = [connection.to_string().into(), after.into(), page.rows().into()];
    reading.rows(&sql, &values).await?.iter().map(from_row).collect()
}

pub(crate) async fn next_number(
    reading: impl Reading,
    connection: &ConnectionId,
) -> Result<u32, StoreError> {
    let sql = "SELECT COUNT(*) AS suspensions FROM suspension WHERE connection = $1";
    let row = reading.row(sql, &[connection.to_string().into()]).await?;
    let count = row.map(|row| row.integer("suspensions")).transpose()?.unwrap_or(0);
    u32::try_from(count).map_err(|_| corrupt("suspension", "has too many rows"))
}

pub(crate) async fn insert(change: &mut Change, new: &Suspension) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO suspension ({COLUMNS})
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    );
    let values = [
        new.connection.to_string().into(),
        new.number.into(),
        i64::from(new.planned).into(),
        new.announced_at.into(),
        new.from.into(),
        new.expected_recovery.into(),
        new.content.as_str().into(),
        new.measures.clone().into(),
        new.restored_when.clone().into(),
        new.told_at.into(),
        new.over_at.into(),
        new.by.organisation.as_str().into(),
        new.by.role.as_str().into(),
        new.by.credential.as_str().into(),
    ];
    change.execute(&sql, &values).await?;
    Ok(())
}

pub(crate) async fn told(
    change: &mut Change,
    connection: &ConnectionId,
    at: UtcMicros,
) -> Result<(), StoreError> {
    let sql = "UPDATE suspension SET told_at = $2
        WHERE connection = $1 AND over_at IS NULL AND told_at IS NULL";
    change.execute(sql, &[connection.to_string().into(), at.into()]).await?;
    Ok(())
}

pub(crate) async fn over(
    change: &mut Change,
    connection: &ConnectionId,
    at: UtcMicros,
) -> Result<(), StoreError> {
    let sql = "UPDATE suspension SET over_at = $2 WHERE connection = $1 AND over_at IS NULL";
    change.execute(sql, &[connection.to_string().into(), at.into()]).await?;
    Ok(())
}

fn from_row(row: &Row) -> Result<Suspension, StoreError> {
    let number = u32::try_from(row.integer("number")?);
    Ok(Suspension {
        connection: row.parsed("connection")?,
        number: number.map_err(|_| corrupt("suspension", "has a number out of range"))?,
        planned: row.integer("planned")? != 0,
        announced_at: row.time("announced_at")?,
        from: row.time("takes_force_at")?,
        expected_recovery: row.optional_time("expected_recovery")?,
        content: row.text("content")?,
        measures: row.optional_text("measures")?,
        restored_when: row.optional_text("restored_when")?,
        told_at: row.optional_time("told_at")?,
        over_at: row.optional_time("over_at")?,
        by: Actor {
            organisation: row.parsed("organisation")?,
            role: row.parsed("role")?,
            credential: row.text("credential")?,
        },
    })
}
