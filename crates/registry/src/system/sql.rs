//! All SQL about systems.

use evidence::{Change, Reading};
use store::{Row, StoreError};
use wire::id::SystemId;
use wire::organisation_code::OrganisationCode;

use super::System;
use web::PageRequest;

const COLUMNS: &str = "id, name, registered_at, closed_at";

pub(crate) async fn find(
    reading: impl Reading,
    id: &SystemId,
) -> Result<Option<System>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM system WHERE id = $1");
    let row = reading.row(&sql, &[id.to_string().into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Systems in the order of their ids, of one organisation if named; one more than the page holds.
pub(crate) async fn list(
    reading: impl Reading,
    organisation: Option<&OrganisationCode>,
    page: &PageRequest,
) -> Result<Vec<System>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM system
         WHERE id > $1 AND ($2 = '' OR organisation = $2) ORDER BY id LIMIT $3"
    );
    let organisation = organisation.map_or("", |code| code.as_str());
    let values = [page.after.as_str().into(), organisation.into(), page.rows().into()];
    reading.rows(&sql, &values).await?.iter().map(from_row).collect()
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
    Ok(())
}

fn from_row(row: &Row) -> Result<System, StoreError> {
    Ok(System {
        id: row.parsed("id")?,
        name: row.text("name")?,
        registered_at: row.time("registered_at")?,
        closed_at: row.optional_time("closed_at")?,
    })
}
