//! All SQL about nodes.

use evidence::{Change, Reading};
use store::{Row, StoreError};
use wire::ambient::UtcMicros;
use wire::checkpoint::Origin;

use super::Node;

const COLUMNS: &str =
    "origin, peer_address, peer_certificate, entered_at, decides_from, decides_until";

/// All of them, also those that have retired.
pub(crate) async fn all(reading: impl Reading) -> Result<Vec<Node>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM node ORDER BY origin");
    reading.rows(&sql, &[]).await?.iter().map(from_row).collect()
}

pub(crate) async fn insert(change: &mut Change, node: &Node) -> Result<(), StoreError> {
    let sql = format!("INSERT INTO node ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)");
    let values = [
        node.origin.as_ref().into(),
        node.peer_address.as_str().into(),
        node.peer_certificate.as_slice().into(),
        node.entered_at.into(),
        node.from.into(),
        node.until.into(),
    ];
    change.execute(&sql, &values).await?;
    Ok(())
}

pub(crate) async fn reach(change: &mut Change, node: &Node) -> Result<(), StoreError> {
    let sql = "UPDATE node SET peer_address = $2, peer_certificate = $3 WHERE origin = $1";
    let values = [
        node.origin.as_ref().into(),
        node.peer_address.as_str().into(),
        node.peer_certificate.as_slice().into(),
    ];
    change.execute(sql, &values).await?;
    Ok(())
}

pub(crate) async fn retire(
    change: &mut Change,
    origin: &Origin,
    until: UtcMicros,
) -> Result<(), StoreError> {
    let sql = "UPDATE node SET decides_until = $2 WHERE origin = $1 AND decides_until IS NULL";
    change.execute(sql, &[origin.as_ref().into(), until.into()]).await?;
    Ok(())
}

fn from_row(row: &Row) -> Result<Node, StoreError> {
    Ok(Node {
        origin: row.parsed("origin")?,
        peer_address: row.text("peer_address")?,
        peer_certificate: row.bytes("peer_certificate")?,
        entered_at: row.time("entered_at")?,
        from: row.time("decides_from")?,
        until: row.optional_time("decides_until")?,
    })
}
