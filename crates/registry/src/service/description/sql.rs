//! All SQL about descriptions.

use evidence::{Change, Reading};
use store::{Row, StoreError};
use wire::id::ServiceId;

use super::{Format, Revision};
use crate::column::corrupt;
use web::PageRequest;

const COLUMNS: &str = "revision, format, digest, bytes, described, taken_at";

/// A revision by its number; the last one if none is named.
pub(crate) async fn find(
    reading: impl Reading,
    service: &ServiceId,
    number: Option<u32>,
) -> Result<Option<Revision>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM service_description
         WHERE service = $1 AND ($2 = 0 OR revision = $2) ORDER BY revision DESC LIMIT 1"
    );
    let values = [service.to_string().into(), number.unwrap_or_default().into()];
    reading.row(&sql, &values).await?.as_ref().map(from_row).transpose()
}

/// The revisions of a service, oldest first, after the number `after`; one more than the page holds.
pub(crate) async fn list(
    reading: impl Reading,
    service: &ServiceId,
    after: u32,
    page: &PageRequest,
) -> Result<Vec<Revision>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM service_description
         WHERE service = $1 AND revision > $2 ORDER BY revision LIMIT $3"
    );
    let values = [service.to_string().into(), after.into(), page.rows().into()];
    reading.rows(&sql, &values).await?.iter().map(from_row).collect()
}

/// How many revisions a service has.
pub(crate) async fn count(reading: impl Reading, service: &ServiceId) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) AS revisions FROM service_description WHERE service = $1";
    let row = reading.row(sql, &[service.to_string().into()]).await?;
    row.map_or(Ok(0), |row| row.integer("revisions"))
}

/// The bytes of a revision.
pub(crate) async fn document(
    reading: impl Reading,
    service: &ServiceId,
    number: u32,
) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT document FROM service_description WHERE service = $1 AND revision = $2";
    let row = reading.row(sql, &[service.to_string().into(), number.into()]).await?;
    row.map(|row| row.bytes("document")).transpose()
}

pub(crate) async fn insert(
    change: &mut Change,
    service: &ServiceId,
    new: &Revision,
    document: &[u8],
) -> Result<(), StoreError> {
    let sql = "INSERT INTO service_description
            (service, revision, format, digest, bytes, document, described, taken_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let described = serde_json::to_string(&new.described)
        .map_err(|error| corrupt("service_description", error))?;
    let bytes = i64::try_from(new.bytes).map_err(|_| corrupt("bytes", "is beyond 2^63"))?;
    let values = [
        service.to_string().into(),
        new.number.into(),
        new.format.media_type().into(),
        new.digest.as_str().into(),
        bytes.into(),
        document.into(),
        described.into(),
        new.taken_at.into(),
    ];
    change.execute(sql, &values).await?;
    Ok(())
}

fn from_row(row: &Row) -> Result<Revision, StoreError> {
    let number = u32::try_from(row.integer("revision")?);
    let bytes = u64::try_from(row.integer("bytes")?);
    let described = serde_json::from_str(&row.text("described")?);
    let format = Format::of(&row.text("format")?);
    Ok(Revision {
        number: number.map_err(|_| corrupt("revision", "is out of range"))?,
        format: format.ok_or_else(|| corrupt("format", "names no format"))?,
        digest: row.text("digest")?,
        bytes: bytes.map_err(|_| corrupt("bytes", "is negative"))?,
        described: described.map_err(|error| corrupt("service_description", error))?,
        taken_at: row.time("taken_at")?,
    })
}
