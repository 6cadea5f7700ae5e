//! All SQL about systems.

use evidence::{Change, Reading};
use store::{Row, StoreError, Value};
use wire::ambient::UtcMicros;
use wire::id::SystemId;
use wire::organisation_code::OrganisationCode;

use super::System;
use crate::column::corrupt;
use web::PageRequest;

const COLUMNS: &str =
    "id, name, security_level, level_decision, networks, registered_at, closed_at";

pub(crate) async fn find(
    reading: impl Reading,
    id: &SystemId,
) -> Result<Option<System>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM system WHERE id = $1");
    let row = reading.row(&sql, &[id.to_string().into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Which systems a list is of.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) organisation: Option<OrganisationCode>,
    pub(crate) security_level: Option<u8>,
    /// Only those that are not closed, or only those that are.
    pub(crate) open: Option<bool>,
}

/// Systems in the order of their ids, one more than the page holds.
pub(crate) async fn list(
    reading: impl Reading,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Vec<System>, StoreError> {
    let (sql, values) = list_statement(filter, page);
    reading.rows(&sql, &values).await?.iter().map(from_row).collect()
}

/// Only the filters that are asked for stand in it, so that an index can serve them.
pub(crate) fn list_statement(filter: &Filter, page: &PageRequest) -> (String, Vec<Value>) {
    let mut sql = format!("SELECT {COLUMNS} FROM system WHERE id > $1");
    let mut values: Vec<Value> = vec![page.after.as_str().into()];
    if let Some(organisation) = &filter.organisation {
        values.push(organisation.as_str().into());
        sql = format!("{sql} AND organisation = ${}", values.len());
    }
    if let Some(level) = filter.security_level {
        values.push(level.into());
        sql = format!("{sql} AND security_level = ${}", values.len());
    }
    sql.push_str(match filter.open {
        None => "",
        Some(true) => " AND closed_at IS NULL",
        Some(false) => " AND closed_at IS NOT NULL",
    });
    values.push(page.rows().into());
    sql = format!("{sql} ORDER BY id LIMIT ${}", values.len());
    (sql, values)
}

/// What keeps a system from being closed: connections of it or of its services that have not ended,
/// and keys that still serve at `now`.
pub(crate) async fn used_by(
    reading: impl Reading,
    id: &SystemId,
    now: UtcMicros,
) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT keyid AS name FROM credential
               WHERE system = $1 AND revoked_at IS NULL AND not_after > $2
               UNION ALL
               SELECT id AS name FROM connection
               WHERE state NOT IN ('ended', 'refused', 'withdrawn') AND (consumer = $1
                 OR service IN (SELECT id FROM service WHERE system = $1))
               ORDER BY name";
    let rows = reading.rows(sql, &[id.to_string().into(), now.into()]).await?;
    rows.iter().map(|row| row.text("name")).collect()
}

/// Those of an organisation that are not closed.
pub(crate) async fn open_of(
    reading: impl Reading,
    organisation: &OrganisationCode,
) -> Result<Vec<System>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM system WHERE organisation = $1 AND closed_at IS NULL ORDER BY id"
    );
    reading.rows(&sql, &[organisation.as_str().into()]).await?.iter().map(from_row).collect()
}

/// Those of an organisation, closed ones too.
pub(crate) async fn all_of(
    reading: impl Reading,
    organisation: &OrganisationCode,
) -> Result<Vec<System>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM system WHERE organisation = $1 ORDER BY id");
    reading.rows(&sql, &[organisation.as_str().into()]).await?.iter().map(from_row).collect()
}

/// All that are not closed, for the directory.
pub(crate) async fn all_open(reading: impl Reading) -> Result<Vec<System>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM system WHERE closed_at IS NULL ORDER BY id");
    reading.rows(&sql, &[]).await?.iter().map(from_row).collect()
}

pub(crate) async fn insert(change: &mut Change, new: &System) -> Result<(), StoreError> {
    let sql = "INSERT INTO system (id, organisation, name, registered_at) VALUES ($1, $2, $3, $4)";
    let values = [
        new.id.to_string().into(),
        new.id.organisation.as_str().into(),
        new.name.as_str().into(),
        new.registered_at.into(),
    ];
    change.execute(sql, &values).await?;
    update(change, new).await
}

/// Writes what can change of a system.
pub(crate) async fn update(change: &mut Change, to: &System) -> Result<(), StoreError> {
    let sql = "UPDATE system SET name = $2, security_level = $3, level_decision = $4,
                 networks = $5, closed_at = $6
               WHERE id = $1";
    let networks: Vec<_> = to.networks.iter().map(ToString::to_string).collect();
    let values = [
        to.id.to_string().into(),
        to.name.as_str().into(),
        to.security_level.into(),
        to.level_decision.clone().into(),
        networks.join(" ").into(),
        to.closed_at.into(),
    ];
    change.execute(sql, &values).await?;
    Ok(())
}

fn from_row(row: &Row) -> Result<System, StoreError> {
    let level = row.optional_integer("security_level")?.map(u8::try_from).transpose();
    let networks = row.text("networks")?;
    let read = |text: &str| text.parse().map_err(|_| corrupt("networks", "do not read as such"));
    Ok(System {
        id: row.parsed("id")?,
        name: row.text("name")?,
        security_level: level.map_err(|_| corrupt("security_level", "is out of range"))?,
        level_decision: row.optional_text("level_decision")?,
        networks: networks.split_whitespace().map(read).collect::<Result<_, _>>()?,
        registered_at: row.time("registered_at")?,
        closed_at: row.optional_time("closed_at")?,
    })
}
