//! All SQL about sandbox tests.

use evidence::{Change, Reading};
use store::{Row, StoreError};
use wire::id::ConnectionId;

use super::SandboxTest;
use crate::column::corrupt;

/// The step of the migrations that makes the table.
pub(crate) const CREATE: &str = "
CREATE TABLE sandbox_test (
    connection TEXT PRIMARY KEY REFERENCES connection (id),
    confirmed_at BIGINT NOT NULL,
    calls TEXT NOT NULL
);";

pub(crate) async fn find(
    reading: impl Reading,
    connection: &ConnectionId,
) -> Result<Option<SandboxTest>, StoreError> {
    let sql = "SELECT connection, confirmed_at, calls FROM sandbox_test WHERE connection = $1";
    let row = reading.row(sql, &[connection.to_string().into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// A test that is confirmed again takes the place of the one before.
pub(crate) async fn put(change: &mut Change, test: &SandboxTest) -> Result<(), StoreError> {
    let sql = "INSERT INTO sandbox_test (connection, confirmed_at, calls) VALUES ($1, $2, $3)
        ON CONFLICT (connection)
        DO UPDATE SET confirmed_at = excluded.confirmed_at, calls = excluded.calls";
    let calls = serde_json::to_string(&test.calls).map_err(|e| corrupt("sandbox_test", e))?;
    let values = [test.connection.to_string().into(), test.confirmed_at.into(), calls.into()];
    change.execute(sql, &values).await?;
    Ok(())
}

fn from_row(row: &Row) -> Result<SandboxTest, StoreError> {
    let calls = serde_json::from_str(&row.text("calls")?);
    Ok(SandboxTest {
        connection: row.parsed("connection")?,
        confirmed_at: row.time("confirmed_at")?,
        calls: calls.map_err(|error| corrupt("sandbox_test", error))?,
    })
}
