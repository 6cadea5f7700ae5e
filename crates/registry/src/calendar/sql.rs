//! All SQL about working days.

use evidence::{Change, Reading};
use store::{Row, StoreError};

use super::{WorkingCalendar, WorkingYear, YearVersion, shipped};
use crate::column::corrupt;

const COLUMNS: &str = "version, plan, replaced_at";

/// The calendar in force: what was shipped, and over it what replaced it.
pub(crate) async fn load(reading: impl Reading) -> Result<WorkingCalendar, StoreError> {
    let years = in_force(reading).await?;
    Ok(WorkingCalendar::new(years.into_iter().map(|version| version.year)))
}

/// The version in force of each year that is known, in the order of the years.
pub(crate) async fn in_force(reading: impl Reading) -> Result<Vec<YearVersion>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM working_year ORDER BY year, version");
    let replaced = reading.rows(&sql, &[]).await?;
    let mut years: std::collections::BTreeMap<u16, YearVersion> =
        shipped().into_iter().map(|year| (year.year, first(year))).collect();
    for row in &replaced {
        let version = from_row(row)?;
        years.insert(version.year.year, version);
    }
    Ok(years.into_values().collect())
}

/// Every version of a year, oldest first.
pub(crate) async fn versions(
    reading: impl Reading,
    year: u16,
) -> Result<Vec<YearVersion>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM working_year WHERE year = $1 ORDER BY version");
    let rows = reading.rows(&sql, &[i64::from(year).into()]).await?;
    let shipped = shipped().into_iter().filter(|known| known.year == year).map(first).map(Ok);
    shipped.chain(rows.iter().map(from_row)).collect()
}

pub(crate) async fn insert(change: &mut Change, new: &YearVersion) -> Result<(), StoreError> {
    let sql = "INSERT INTO working_year (year, version, plan, replaced_at)
        VALUES ($1, $2, $3, $4)";
    let plan = serde_json::to_string(&new.year).map_err(|error| corrupt("working_year", error))?;
    let values = [
        i64::from(new.year.year).into(),
        i64::from(new.version).into(),
        plan.into(),
        new.since.into(),
    ];
    change.execute(sql, &values).await?;
    Ok(())
}

fn first(year: WorkingYear) -> YearVersion {
    YearVersion { version: 0, since: None, year }
}

fn from_row(row: &Row) -> Result<YearVersion, StoreError> {
    let version = u32::try_from(row.integer("version")?);
    let plan = serde_json::from_str(&row.text("plan")?);
    Ok(YearVersion {
        version: version.map_err(|_| corrupt("working_year", "has a version out of range"))?,
        since: Some(row.time("replaced_at")?),
        year: plan.map_err(|error| corrupt("working_year", error))?,
    })
}
