//! Agreements of what comes in under new codes: they name their sides as these are called here.
//!
//! The new texts depend on the document and its renames alone, so that the same import brings the
//! same rows again.

use serde_json::Value;

use super::document::{Document, Key, Row};
use super::shape::table;
use crate::connection::Connection;
use crate::connection::agreement::{self, Moved};

/// Lets the agreements in `renamed` follow their connections, which `original` knows as they were.
pub(super) fn follow(renamed: &mut Document, original: &Document) {
    let Some(table) = table("agreement") else {
        return;
    };
    let rows: Vec<_> =
        original.rows("connection").filter_map(|(key, row)| moved(renamed, key, row)).collect();
    for row in rows {
        renamed.put(table, row);
    }
}

/// The agreement of a connection that has other sides than `before` now, if it was as agreed.
fn moved(renamed: &Document, key: &Key, before: &Row) -> Option<Row> {
    let after = renamed.row("connection", key)?;
    let kept = renamed.row("agreement", key)?;
    let document = serde_json::from_value(kept.get("document")?.clone()).ok()?;
    let agreed = kept.get("enforced")?.as_str()?;
    let (before, after) = (connection(before)?, connection(after)?);
    let Moved { document, digest, enforced } =
        agreement::moved(&document, agreed, before, after).ok()??;
    let mut row = kept.clone();
    row.insert("document", serde_json::to_value(document).ok()?);
    row.insert("digest", digest.into());
    row.insert("enforced", enforced.into());
    Some(row)
}

fn connection(row: &Row) -> Option<Connection> {
    let text = |name: &str| row.get(name).and_then(Value::as_str);
    Some(Connection {
        id: text("id")?.parse().ok()?,
        consumer: text("consumer")?.parse().ok()?,
        service: text("service")?.parse().ok()?,
        state: text("state")?.parse().ok()?,
        amends: text("amends").and_then(|id| id.parse().ok()),
        asked: serde_json::from_value(row.get("asked")?.clone()).ok()?,
        requested_at: text("requested_at")?.parse().ok()?,
    })
}
