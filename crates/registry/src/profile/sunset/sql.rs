//! All SQL about algorithms that come to their end.

use evidence::{Change, Reading};
use store::{Row, StoreError};
use web::PageRequest;
use wire::ambient::UtcMicros;
use wire::directory::Environment;
use wire::id::SystemId;
use wire::signature::Algorithm;

use super::Sunset;
use crate::authority::Sight;
use crate::column::corrupt;

pub(crate) const CREATE: &str = "
CREATE TABLE profile_sunset (
    system TEXT NOT NULL REFERENCES system (id),
    ends_at BIGINT NOT NULL,
    days BIGINT NOT NULL,
    profile TEXT NOT NULL,
    algorithms TEXT NOT NULL,
    noted_at BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (system, ends_at, days)
);
CREATE INDEX profile_sunset_sequence ON profile_sunset (sequence);
CREATE INDEX profile_sunset_ends_at ON profile_sunset (ends_at);";

/// Between algorithms: none has it in its name.
const SEPARATOR: &str = ", ";

/// What a system has keys of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) system: SystemId,
    pub(super) level: Option<u8>,
    pub(super) algorithm: Algorithm,
    pub(super) environment: Environment,
    /// When the last of them ends by itself.
    pub(super) not_after: UtcMicros,
}

/// What systems have keys of that are neither revoked nor past their time.
pub(super) async fn held(reading: impl Reading, now: UtcMicros) -> Result<Vec<Held>, StoreError> {
    let sql = "SELECT system, security_level, algorithm, environment, MAX(not_after) AS last
         FROM credential JOIN system ON system.id = credential.system
         WHERE revoked_at IS NULL AND not_after > $1
         GROUP BY system, security_level, algorithm, environment
         ORDER BY system, algorithm, environment";
    reading.rows(sql, &[now.into()]).await?.iter().map(held_from_row).collect()
}

/// What was said of ends that are ahead.
pub(super) async fn noted(
    reading: impl Reading,
    now: UtcMicros,
) -> Result<Vec<(SystemId, UtcMicros, u16)>, StoreError> {
    let sql = "SELECT system, ends_at, days FROM profile_sunset WHERE ends_at > $1";
    let read = |row: &Row| Ok((row.parsed("system")?, row.time("ends_at")?, days(row)?));
    reading.rows(sql, &[now.into()]).await?.iter().map(read).collect()
}

/// Whether this or anything nearer was said.
pub(super) async fn is_noted(
    reading: impl Reading,
    system: &SystemId,
    ends_at: UtcMicros,
    days: u16,
) -> Result<bool, StoreError> {
    let sql = "SELECT days FROM profile_sunset WHERE system = $1 AND ends_at = $2 AND days <= $3
         LIMIT 1";
    let values = [system.to_string().into(), ends_at.into(), i64::from(days).into()];
    Ok(reading.row(sql, &values).await?.is_some())
}

pub(super) async fn insert(change: &mut Change, new: &Sunset) -> Result<(), StoreError> {
    let sql = "INSERT INTO profile_sunset
            (system, ends_at, days, profile, algorithms, noted_at, sequence)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let sequence = i64::try_from(new.sequence).map_err(|_| corrupt("sequence", "is too large"))?;
    let values = [
        new.system.to_string().into(),
        new.ends_at.into(),
        i64::from(new.days).into(),
        new.profile.as_str().into(),
        new.algorithms.join(SEPARATOR).into(),
        new.noted_at.into(),
        sequence.into(),
    ];
    change.execute(sql, &values).await?;
    Ok(())
}

/// What was said within `sight`, oldest first, to one system if named; one more than the page holds.
pub(super) async fn list(
    reading: impl Reading,
    sight: &Sight,
    system: Option<&SystemId>,
    after: i64,
    page: &PageRequest,
) -> Result<Vec<Sunset>, StoreError> {
    let sql = "SELECT system, ends_at, days, profile, algorithms, noted_at, sequence
         FROM profile_sunset
         WHERE sequence > $1 AND ($2 = '' OR system = $2)
           AND ($3 = '' OR system IN (SELECT id FROM system WHERE organisation = $3))
         ORDER BY sequence LIMIT $4";
    let system = system.map(ToString::to_string).unwrap_or_default();
    let values = [after.into(), system.into(), sight.filter().into(), page.rows().into()];
    reading.rows(sql, &values).await?.iter().map(from_row).collect()
}

fn held_from_row(row: &Row) -> Result<Held, StoreError> {
    let level = row.optional_integer("security_level")?.map(u8::try_from).transpose();
    Ok(Held {
        system: row.parsed("system")?,
        level: level.map_err(|_| corrupt("security_level", "is out of range"))?,
        algorithm: row.parsed("algorithm")?,
        environment: row.parsed("environment")?,
        not_after: row.time("last")?,
    })
}

fn from_row(row: &Row) -> Result<Sunset, StoreError> {
    let algorithms = row.text("algorithms")?;
    Ok(Sunset {
        sequence: u64::try_from(row.integer("sequence")?)
            .map_err(|_| corrupt("sequence", "is negative"))?,
        system: row.parsed("system")?,
        algorithms: algorithms.split(SEPARATOR).map(ToOwned::to_owned).collect(),
        profile: row.parsed("profile")?,
        ends_at: row.time("ends_at")?,
        days: days(row)?,
        noted_at: row.time("noted_at")?,
    })
}

fn days(row: &Row) -> Result<u16, StoreError> {
    u16::try_from(row.integer("days")?).map_err(|_| corrupt("days", "are out of range"))
}
