//! All SQL about credentials that come to their end.

use std::time::Duration;

use evidence::{Change, Reading};
use store::{Row, StoreError};
use web::PageRequest;
use wire::ambient::UtcMicros;
use wire::id::{KeyId, SystemId};

use super::Expiry;
use crate::authority::Sight;
use crate::column::corrupt;

/// How many are looked at in one turn.
const IN_ONE_TURN: i64 = 500;
const DAY: Duration = Duration::from_hours(24);

/// Credentials that end within so many days, live longer than that, and of which neither this nor
/// anything nearer was said.
pub(crate) async fn unnoted(
    reading: impl Reading,
    now: UtcMicros,
    days: u16,
) -> Result<Vec<KeyId>, StoreError> {
    let ahead = DAY * u32::from(days);
    let micros = i64::try_from(ahead.as_micros()).unwrap_or(i64::MAX);
    let sql = "SELECT keyid FROM credential
         WHERE revoked_at IS NULL AND not_after > $1 AND not_after <= $2
           AND not_after - not_before > $3
           AND NOT EXISTS (SELECT 1 FROM credential_expiry
             WHERE credential_expiry.keyid = credential.keyid AND days <= $4)
         ORDER BY not_after, keyid LIMIT $5";
    let values = [
        now.into(),
        now.saturating_add(ahead).into(),
        micros.into(),
        i64::from(days).into(),
        IN_ONE_TURN.into(),
    ];
    reading.rows(sql, &values).await?.iter().map(|row| row.parsed("keyid")).collect()
}

/// Whether this or anything nearer was said.
pub(crate) async fn is_noted(
    reading: impl Reading,
    keyid: &KeyId,
    days: u16,
) -> Result<bool, StoreError> {
    let sql = "SELECT days FROM credential_expiry WHERE keyid = $1 AND days <= $2";
    let row = reading.row(sql, &[keyid.as_str().into(), i64::from(days).into()]).await?;
    Ok(row.is_some())
}

pub(crate) async fn insert(change: &mut Change, new: &Expiry) -> Result<(), StoreError> {
    let sql = "INSERT INTO credential_expiry (keyid, days, not_after, noted_at, sequence)
        VALUES ($1, $2, $3, $4, $5)";
    let sequence = i64::try_from(new.sequence).map_err(|_| corrupt("sequence", "is too large"))?;
    let values = [
        new.keyid.as_str().into(),
        i64::from(new.days).into(),
        new.not_after.into(),
        new.noted_at.into(),
        sequence.into(),
    ];
    change.execute(sql, &values).await?;
    Ok(())
}

/// What was said within `sight`, oldest first, of one system if named; one more than the page
/// holds.
pub(crate) async fn list(
    reading: impl Reading,
    sight: &Sight,
    system: Option<&SystemId>,
    after: i64,
    page: &PageRequest,
) -> Result<Vec<Expiry>, StoreError> {
    let sql = "SELECT credential_expiry.keyid, days, credential_expiry.not_after, noted_at,
             sequence, system
         FROM credential_expiry
         JOIN credential ON credential.keyid = credential_expiry.keyid
         WHERE sequence > $1 AND ($2 = '' OR system = $2)
           AND ($3 = '' OR system IN (SELECT id FROM system WHERE organisation = $3))
         ORDER BY sequence LIMIT $4";
    let system = system.map(ToString::to_string).unwrap_or_default();
    let values = [after.into(), system.into(), sight.filter().into(), page.rows().into()];
    reading.rows(sql, &values).await?.iter().map(from_row).collect()
}

fn from_row(row: &Row) -> Result<Expiry, StoreError> {
    let out_of_range = |_| corrupt("credential_expiry", "a number is out of range");
    Ok(Expiry {
        sequence: u64::try_from(row.integer("sequence")?).map_err(out_of_range)?,
        keyid: row.parsed("keyid")?,
        system: row.parsed("system")?,
        days: u16::try_from(row.integer("days")?).map_err(out_of_range)?,
        not_after: row.time("not_after")?,
        noted_at: row.time("noted_at")?,
    })
}
