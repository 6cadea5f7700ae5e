//! All SQL about agreements.

use evidence::{Change, Reading};
use store::{Row, StoreError};
use wire::id::ConnectionId;

use super::Agreement;
use crate::column::corrupt;

/// The step of the migrations that makes the table.
pub(crate) const CREATE: &str = "
CREATE TABLE agreement (
    connection TEXT PRIMARY KEY REFERENCES connection (id),
    document TEXT NOT NULL,
    digest TEXT NOT NULL,
    enforced TEXT NOT NULL,
    approved_at BIGINT NOT NULL
);";

pub(crate) async fn find(
    reading: impl Reading,
    connection: &ConnectionId,
) -> Result<Option<Agreement>, StoreError> {
    let sql =
        "SELECT connection, document, digest, approved_at FROM agreement WHERE connection = $1";
    let row = reading.row(sql, &[connection.to_string().into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// The digest of what was agreed to be enforced.
pub(crate) async fn find_enforced(
    reading: impl Reading,
    connection: &ConnectionId,
) -> Result<Option<String>, StoreError> {
    let sql = "SELECT enforced FROM agreement WHERE connection = $1";
    let row = reading.row(sql, &[connection.to_string().into()]).await?;
    row.map(|row| row.text("enforced")).transpose()
}

pub(crate) async fn insert(
    change: &mut Change,
    new: &Agreement,
    enforced: &str,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO agreement (connection, document, digest, enforced, approved_at)
        VALUES ($1, $2, $3, $4, $5)";
    let document = serde_json::to_string(&new.document).map_err(|e| corrupt("agreement", e))?;
    let values = [
        new.connection.to_string().into(),
        document.into(),
        new.digest.as_str().into(),
        enforced.into(),
        change.time().into(),
    ];
    change.execute(sql, &values).await?;
    Ok(())
}

/// The same agreement in a text with other codes.
pub(crate) async fn rewrite(
    change: &mut Change,
    to: &Agreement,
    enforced: &str,
) -> Result<(), StoreError> {
    let sql =
        "UPDATE agreement SET document = $2, digest = $3, enforced = $4 WHERE connection = $1";
    let document = serde_json::to_string(&to.document).map_err(|e| corrupt("agreement", e))?;
    let values = [
        to.connection.to_string().into(),
        document.into(),
        to.digest.as_str().into(),
        enforced.into(),
    ];
    change.execute(sql, &values).await?;
    Ok(())
}

fn from_row(row: &Row) -> Result<Agreement, StoreError> {
    let document = serde_json::from_str(&row.text("document")?);
    Ok(Agreement {
        connection: row.parsed("connection")?,
        approved_at: Some(row.time("approved_at")?),
        document: document.map_err(|error| corrupt("agreement", error))?,
        digest: row.text("digest")?,
    })
}
