//! The rotation of a platform's signing key, which happens in a node's key folder and is put on
//! record here: the folder and the log cannot be written in one step.
//!
//! **Invariant**: a rotation has exactly one entry `key.rotated`, whatever crashes in between: who
//! opens the node's stores tells all of them ([`record`]), and what is on record is not repeated.
//! **Trust**: who holds the machine can rotate; here the auditor sees it.

use std::collections::BTreeMap;

use evidence::{Change, RecordError, Recorder};
use store::StoreError;
use wire::ambient::UtcMicros;
use wire::checkpoint::Origin;
use wire::id::KeyId;

/// One key that another took the place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRotation {
    /// The node it served: the origin of its log.
    pub node: Origin,
    /// What it was for: `log`, `directory` or `response`.
    pub purpose: &'static str,
    /// The key that signs no more.
    pub retired: KeyId,
    /// The key that signs in its place.
    pub keyid: KeyId,
    /// When.
    pub at: UtcMicros,
}

/// Records a rotation that has happened; `false` if it is on record already.
///
/// A crash before the commit leaves a rotation without an entry, until the next call tells it again.
pub async fn record(recorder: &Recorder, rotation: &KeyRotation) -> Result<bool, RecordError> {
    let known = "SELECT retired FROM key_rotation WHERE retired = $1";
    let key = [rotation.retired.as_ref().into()];
    if recorder.database().fetch_optional(known, &key).await?.is_some() {
        return Ok(false);
    }
    let mut change = recorder.change_by_platform("key.rotated").await?;
    insert(&mut change, rotation).await?;
    change
        .record(BTreeMap::from([
            ("node".to_owned(), rotation.node.to_string()),
            ("key".to_owned(), rotation.purpose.to_owned()),
            ("retired".to_owned(), rotation.retired.to_string()),
            ("keyid".to_owned(), rotation.keyid.to_string()),
            ("rotated_at".to_owned(), rotation.at.to_string()),
        ]))
        .await?;
    Ok(true)
}

async fn insert(change: &mut Change, rotation: &KeyRotation) -> Result<(), StoreError> {
    let sql = "INSERT INTO key_rotation (retired, keyid, purpose, node, rotated_at)
               VALUES ($1, $2, $3, $4, $5)";
    let values = [
        rotation.retired.as_ref().into(),
        rotation.keyid.as_ref().into(),
        rotation.purpose.into(),
        rotation.node.as_ref().into(),
        rotation.at.into(),
    ];
    change.execute(sql, &values).await?;
    Ok(())
}
