//! Where the entry of a change stands: a step in a connection's history names it.
//!
//! The tables are `evidence`'s own; they are read here, never written.

use evidence::Change;
use store::{Database, StoreError};

use crate::reading::corrupt;

/// The number that `change` will be recorded under. Exact, because no other change can begin before
/// this one is committed or rolled back.
pub(crate) async fn sequence_of(change: &mut Change) -> Result<u64, StoreError> {
    let row = change.fetch_optional("SELECT last FROM evidence_sequence", &[]).await?;
    let row = row.ok_or_else(|| corrupt("evidence_sequence", "has no row"))?;
    let last = u64::try_from(row.integer("last")?);
    Ok(last.map_err(|_| corrupt("evidence_sequence", "is negative"))? + 1)
}

/// `<log origin>/<index>` of the change with this number; none while the log catches up.
pub(crate) async fn entry_of(
    database: &Database,
    sequence: u64,
) -> Result<Option<String>, StoreError> {
    let sql = "SELECT entry_origin, entry_index FROM evidence_outbox
        WHERE sequence = $1 AND entry_index IS NOT NULL";
    let sequence = i64::try_from(sequence).map_err(|_| corrupt("sequence", "is beyond 2^63"))?;
    let Some(row) = database.fetch_optional(sql, &[sequence.into()]).await? else {
        return Ok(None);
    };
    Ok(Some(format!("{}/{}", row.text("entry_origin")?, row.integer("entry_index")?)))
}
