//! All SQL about data sets.

use evidence::{Change, Reading};
use store::{Row, StoreError};
use wire::ambient::UtcMicros;
use wire::id::ServiceCode;

use super::DataSet;
use crate::column::corrupt;
use web::PageRequest;

pub(crate) const CREATE: &str = "
CREATE TABLE data_set (
    code TEXT PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisation (code),
    about TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    update_due BIGINT,
    registered_at BIGINT NOT NULL
);
CREATE INDEX data_set_organisation ON data_set (organisation, code);
CREATE TABLE data_set_source (
    item TEXT PRIMARY KEY,
    data_set TEXT NOT NULL REFERENCES data_set (code)
);
CREATE INDEX data_set_source_of ON data_set_source (data_set, item);";

const COLUMNS: &str = "code, organisation, about, updated_at, registered_at";

pub(crate) async fn find(
    reading: impl Reading,
    code: &ServiceCode,
) -> Result<Option<DataSet>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM data_set WHERE code = $1");
    let row = reading.row(&sql, &[code.to_string().into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Data sets in the order of their codes: of one organisation if named, and only those whose update
/// was due before `overdue_at` if that is said; one more than the page holds.
pub(crate) async fn list(
    reading: impl Reading,
    organisation: &str,
    overdue_at: Option<UtcMicros>,
    page: &PageRequest,
) -> Result<Vec<DataSet>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM data_set
         WHERE code > $1 AND ($2 = '' OR organisation = $2) AND ($3 = 0 OR update_due <= $4)
         ORDER BY code LIMIT $5"
    );
    let values = [
        page.after.as_str().into(),
        organisation.into(),
        i64::from(overdue_at.is_some()).into(),
        overdue_at.unwrap_or(UtcMicros::MIN).into(),
        page.rows().into(),
    ];
    reading.rows(&sql, &values).await?.iter().map(from_row).collect()
}

/// The authoritative data set of an item.
pub(crate) async fn source(
    reading: impl Reading,
    item: &str,
) -> Result<Option<ServiceCode>, StoreError> {
    let sql = "SELECT data_set FROM data_set_source WHERE item = $1";
    let row = reading.row(sql, &[item.into()]).await?;
    row.map(|row| row.parsed("data_set")).transpose()
}

pub(crate) async fn insert(change: &mut Change, new: &DataSet) -> Result<(), StoreError> {
    let sql = "INSERT INTO data_set
            (code, organisation, about, updated_at, update_due, registered_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    let values = [
        new.code.to_string().into(),
        new.organisation.as_str().into(),
        about(new)?.into(),
        new.updated_at.into(),
        new.update_due().into(),
        new.registered_at.into(),
    ];
    change.execute(sql, &values).await?;
    write_sources(change, new).await
}

pub(crate) async fn update(change: &mut Change, to: &DataSet) -> Result<(), StoreError> {
    let sql = "UPDATE data_set SET about = $2, updated_at = $3, update_due = $4 WHERE code = $1";
    let values = [
        to.code.to_string().into(),
        about(to)?.into(),
        to.updated_at.into(),
        to.update_due().into(),
    ];
    change.execute(sql, &values).await?;
    let gone = "DELETE FROM data_set_source WHERE data_set = $1";
    change.execute(gone, &[to.code.to_string().into()]).await?;
    write_sources(change, to).await
}

async fn write_sources(change: &mut Change, of: &DataSet) -> Result<(), StoreError> {
    let sql = "INSERT INTO data_set_source (item, data_set) VALUES ($1, $2)";
    for item in &of.about.items {
        change.execute(sql, &[item.code.as_str().into(), of.code.to_string().into()]).await?;
    }
    Ok(())
}

fn about(of: &DataSet) -> Result<String, StoreError> {
    serde_json::to_string(&of.about).map_err(|error| corrupt("data_set", error))
}

fn from_row(row: &Row) -> Result<DataSet, StoreError> {
    let about = serde_json::from_str(&row.text("about")?);
    Ok(DataSet {
        code: row.parsed("code")?,
        organisation: row.parsed("organisation")?,
        about: about.map_err(|error| corrupt("data_set", error))?,
        updated_at: row.time("updated_at")?,
        registered_at: row.time("registered_at")?,
    })
}
