//! All SQL about the regulation.

use evidence::{Change, Reading};
use store::{Row, StoreError};
use wire::ambient::UtcMicros;

use super::{ConnectionRules, RulesVersion, shipped};
use crate::column::corrupt;

/// The rules at this moment.
pub(crate) async fn in_force(
    reading: impl Reading,
    now: UtcMicros,
) -> Result<ConnectionRules, StoreError> {
    let sql = "SELECT version, in_force_from, rules FROM regulation
        WHERE in_force_from <= $1 ORDER BY version DESC LIMIT 1";
    match reading.row(sql, &[now.into()]).await? {
        Some(row) => Ok(from_row(&row)?.rules),
        None => Ok(first()?.rules),
    }
}

/// Every version, oldest first.
pub(crate) async fn versions(reading: impl Reading) -> Result<Vec<RulesVersion>, StoreError> {
    let sql = "SELECT version, in_force_from, rules FROM regulation ORDER BY version";
    let rows = reading.rows(sql, &[]).await?;
    std::iter::once(first()).chain(rows.iter().map(from_row)).collect()
}

pub(crate) async fn insert(change: &mut Change, new: &RulesVersion) -> Result<(), StoreError> {
    let sql = "INSERT INTO regulation (version, in_force_from, rules, added_at)
        VALUES ($1, $2, $3, $4)";
    let rules = serde_json::to_string(&new.rules).map_err(|error| corrupt("regulation", error))?;
    let at = change.time();
    let values =
        [i64::from(new.version).into(), new.from.unwrap_or(at).into(), rules.into(), at.into()];
    change.execute(sql, &values).await?;
    Ok(())
}

fn first() -> Result<RulesVersion, StoreError> {
    let rules = shipped().ok_or_else(|| corrupt("regulation", "the shipped rules do not read"))?;
    Ok(RulesVersion { version: 0, from: None, rules })
}

fn from_row(row: &Row) -> Result<RulesVersion, StoreError> {
    let version = u32::try_from(row.integer("version")?);
    let rules = serde_json::from_str(&row.text("rules")?);
    Ok(RulesVersion {
        version: version.map_err(|_| corrupt("regulation", "has a version out of range"))?,
        from: Some(row.time("in_force_from")?),
        rules: rules.map_err(|error| corrupt("regulation", error))?,
    })
}
