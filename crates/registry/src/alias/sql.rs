//! All SQL about aliases.

use evidence::{Change, Reading};
use store::{Row, StoreError};
use web::PageRequest;
use wire::ambient::UtcMicros;
use wire::directory::{AliasName, Aliases};

use super::Alias;

const COLUMNS: &str = "name, successor, from_at, until_at, same_organisation, decision, made_at";

/// Which aliases a list is of.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) successor: Option<AliasName>,
    /// Only those in force at this moment.
    pub(crate) at: Option<UtcMicros>,
}

pub(crate) async fn find(
    reading: impl Reading,
    name: &AliasName,
) -> Result<Option<Alias>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM alias WHERE name = $1");
    let row = reading.row(&sql, &[name.to_string().into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Aliases in the order of their names, one more than the page holds.
pub(crate) async fn list(
    reading: impl Reading,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Vec<Alias>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM alias
         WHERE name > $1 AND ($2 = '' OR successor = $2)
           AND ($3 = -1 OR (from_at <= $3 AND (until_at IS NULL OR until_at > $3)))
         ORDER BY name LIMIT $4"
    );
    let values = [
        page.after.as_str().into(),
        filter.successor.as_ref().map(ToString::to_string).unwrap_or_default().into(),
        filter.at.map_or(-1, UtcMicros::as_micros).into(),
        page.rows().into(),
    ];
    reading.rows(&sql, &values).await?.iter().map(from_row).collect()
}

/// All of them: for the directory, and to see whether another would turn.
pub(crate) async fn all(reading: impl Reading) -> Result<Vec<Alias>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM alias ORDER BY name");
    reading.rows(&sql, &[]).await?.iter().map(from_row).collect()
}

/// The same, to be followed.
pub(crate) async fn followed(reading: impl Reading) -> Result<Aliases, StoreError> {
    Ok(all(reading).await?.into_iter().map(Into::into).collect())
}

pub(crate) async fn insert(change: &mut Change, new: &Alias) -> Result<(), StoreError> {
    let sql = format!("INSERT INTO alias ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)");
    let values = [
        new.name.to_string().into(),
        new.successor.to_string().into(),
        new.from.into(),
        new.until.into(),
        new.same_organisation.into(),
        new.decision.as_str().into(),
        new.made_at.into(),
    ];
    change.execute(&sql, &values).await?;
    Ok(())
}

pub(crate) async fn end(
    change: &mut Change,
    name: &AliasName,
    until: Option<UtcMicros>,
) -> Result<(), StoreError> {
    let sql = "UPDATE alias SET until_at = $2 WHERE name = $1";
    change.execute(sql, &[name.to_string().into(), until.into()]).await?;
    Ok(())
}

fn from_row(row: &Row) -> Result<Alias, StoreError> {
    Ok(Alias {
        name: row.parsed("name")?,
        successor: row.parsed("successor")?,
        from: row.time("from_at")?,
        until: row.optional_time("until_at")?,
        same_organisation: row.integer("same_organisation")? != 0,
        decision: row.text("decision")?,
        made_at: row.time("made_at")?,
    })
}
