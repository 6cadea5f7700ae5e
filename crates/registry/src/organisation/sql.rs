//! All SQL about organisations.

use evidence::{Change, Reading};
use store::{Row, StoreError};
use wire::organisation_code::{LegacyCode, OrganisationCode};

use super::Organisation;
use crate::column::parsed_optional;
use web::PageRequest;

const COLUMNS: &str = "code, parent, name, name_en, legacy_code, registered_at";

pub(crate) async fn find(
    reading: impl Reading,
    code: &OrganisationCode,
) -> Result<Option<Organisation>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM organisation WHERE code = $1");
    let row = reading.row(&sql, &[code.as_str().into()]).await?;
    row.as_ref().map(from_row).transpose()
}

pub(crate) async fn legacy_is_taken(
    reading: impl Reading,
    code: &LegacyCode,
) -> Result<bool, StoreError> {
    let sql = "SELECT code FROM organisation WHERE legacy_code = $1";
    Ok(reading.row(sql, &[code.as_str().into()]).await?.is_some())
}

/// Organisations in the order of their codes, one more than the page holds.
pub(crate) async fn list(
    reading: impl Reading,
    page: &PageRequest,
) -> Result<Vec<Organisation>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM organisation WHERE code > $1 ORDER BY code LIMIT $2");
    let rows = reading.rows(&sql, &[page.after.as_str().into(), page.rows().into()]).await?;
    rows.iter().map(from_row).collect()
}

/// All of them, for the directory.
pub(crate) async fn all(reading: impl Reading) -> Result<Vec<Organisation>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM organisation ORDER BY code");
    reading.rows(&sql, &[]).await?.iter().map(from_row).collect()
}

pub(crate) async fn insert(change: &mut Change, new: &Organisation) -> Result<(), StoreError> {
    let sql = format!("INSERT INTO organisation ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)");
    let values = [
        new.code.as_str().into(),
        new.parent.as_ref().map(ToString::to_string).into(),
        new.name.as_str().into(),
        new.name_en.clone().into(),
        new.legacy_code.as_ref().map(ToString::to_string).into(),
        new.registered_at.into(),
    ];
    change.execute(&sql, &values).await?;
    Ok(())
}

pub(crate) async fn rename(change: &mut Change, to: &Organisation) -> Result<(), StoreError> {
    let sql = "UPDATE organisation SET name = $2, name_en = $3 WHERE code = $1";
    let values = [to.code.as_str().into(), to.name.as_str().into(), to.name_en.clone().into()];
    change.execute(sql, &values).await?;
    Ok(())
}

fn from_row(row: &Row) -> Result<Organisation, StoreError> {
    Ok(Organisation {
        code: row.parsed("code")?,
        parent: parsed_optional(row, "parent")?,
        name: row.text("name")?,
        name_en: row.optional_text("name_en")?,
        legacy_code: parsed_optional(row, "legacy_code")?,
        registered_at: row.time("registered_at")?,
    })
}
