//! What happened to a data set in the register, oldest first: each event holds what was said of it
//! from then on, so that the register can be read as of a time and followed change by change.

use evidence::{Change, Reading};
use serde::Serialize;
use store::{Database, Row, StoreError};
use utoipa::ToSchema;
use web::PageRequest;
use wire::ambient::UtcMicros;
use wire::id::ServiceCode;

use super::{DataSet, DataSetAbout, sql};
use crate::column::{corrupt, parsed_optional};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DataSetEventKind)]
pub(crate) enum EventKind {
    /// It was registered.
    Registered,
    /// Other things are said of it.
    Changed,
    /// An update of the data was declared: a new version.
    Updated,
    /// An update was due and not declared.
    Late,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DataSetEvent)]
pub(crate) struct Event {
    /// The data set.
    #[schema(value_type = String, example = "don-vi-hanh-chinh")]
    pub(crate) data_set: ServiceCode,
    /// Its number among those of the data set, from 1.
    pub(crate) number: u32,
    /// What happened.
    pub(crate) kind: EventKind,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) recorded_at: UtcMicros,
    /// What was said of the data set from then on.
    pub(crate) about: DataSetAbout,
    /// The version of the data from then on: how many updates had been declared.
    pub(crate) version: u32,
    /// What was said of the update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    /// The digest of the data, as in `Content-Digest` (RFC 9530), if it was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<String>,
    /// How many rows the data have, if it was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rows: Option<i64>,
    /// When the update had been due: earlier than `recorded_at` if it came late, or did not come.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) due: Option<UtcMicros>,
    /// Its number among all changes of the registry.
    pub(crate) sequence: u64,
}

/// What is declared of an update.
#[derive(Debug, Clone, Default)]
pub(crate) struct Update {
    pub(crate) note: Option<String>,
    pub(crate) digest: Option<String>,
    pub(crate) rows: Option<i64>,
}

impl EventKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Changed => "changed",
            Self::Updated => "updated",
            Self::Late => "late",
        }
    }
}

const COLUMNS: &str =
    "data_set, number, kind, recorded_at, about, version, note, digest, row_count,
    due, sequence";

/// Writes down what happened to `set`, which is as it is from now on.
pub(super) async fn write(
    change: &mut Change,
    set: &DataSet,
    kind: EventKind,
    update: &Update,
    due: Option<UtcMicros>,
) -> Result<(), StoreError> {
    let last = "SELECT MAX(number) AS number FROM data_set_event WHERE data_set = $1";
    let last = Reading::row(&mut *change, last, &[set.code.to_string().into()]).await?;
    let last = last.map_or(Ok(None), |row| row.optional_integer("number"))?.unwrap_or_default();
    let sequence = change.sequence().await?;
    let sequence = i64::try_from(sequence).map_err(|_| corrupt("sequence", "is too large"))?;
    let sql =
        "INSERT INTO data_set_event (data_set, number, kind, recorded_at, about, version, note,
            digest, row_count, due, sequence)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values = [
        set.code.to_string().into(),
        last.saturating_add(1).into(),
        kind.as_str().into(),
        change.time().into(),
        sql::about(set)?.into(),
        set.version.into(),
        update.note.clone().into(),
        update.digest.clone().into(),
        update.rows.into(),
        due.into(),
        sequence.into(),
    ];
    change.execute(sql, &values).await?;
    Ok(())
}

/// What happened to one data set after that number, only updates if so asked; one more than the page
/// holds.
pub(super) async fn of_one(
    database: &Database,
    code: &ServiceCode,
    only: Option<EventKind>,
    after: i64,
    page: &PageRequest,
) -> Result<Vec<Event>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM data_set_event
         WHERE data_set = $1 AND number > $2 AND ($3 = '' OR kind = $3) ORDER BY number LIMIT $4"
    );
    let kind = only.map(EventKind::as_str).unwrap_or_default();
    let values = [code.to_string().into(), after.into(), kind.into(), page.rows().into()];
    database.rows(&sql, &values).await?.iter().map(from_row).collect()
}

/// What happened to any data set after that event; one more than the page holds.
pub(super) async fn of_all(
    database: &Database,
    (sequence, data_set, number): (i64, &str, i64),
    page: &PageRequest,
) -> Result<Vec<Event>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM data_set_event
         WHERE sequence > $1
            OR (sequence = $1 AND (data_set > $2 OR (data_set = $2 AND number > $3)))
         ORDER BY sequence, data_set, number LIMIT $4"
    );
    let values = [sequence.into(), data_set.into(), number.into(), page.rows().into()];
    database.rows(&sql, &values).await?.iter().map(from_row).collect()
}

/// The last that had happened to a data set at a moment.
pub(super) async fn last_by(
    database: &Database,
    code: &ServiceCode,
    moment: UtcMicros,
) -> Result<Option<Event>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM data_set_event WHERE data_set = $1 AND recorded_at <= $2
         ORDER BY number DESC LIMIT 1"
    );
    let row = database.row(&sql, &[code.to_string().into(), moment.into()]).await?;
    row.as_ref().map(from_row).transpose()
}

fn from_row(row: &Row) -> Result<Event, StoreError> {
    let out_of_range = |_| corrupt("data_set_event", "a number is out of range");
    let about = serde_json::from_str(&row.text("about")?);
    let kind = match row.text("kind")?.as_str() {
        "registered" => EventKind::Registered,
        "changed" => EventKind::Changed,
        "updated" => EventKind::Updated,
        "late" => EventKind::Late,
        _ => return Err(corrupt("data_set_event", "has a kind that is none")),
    };
    Ok(Event {
        data_set: row.parsed("data_set")?,
        number: u32::try_from(row.integer("number")?).map_err(out_of_range)?,
        kind,
        recorded_at: row.time("recorded_at")?,
        about: about.map_err(|error| corrupt("data_set_event", error))?,
        version: u32::try_from(row.integer("version")?).map_err(out_of_range)?,
        note: row.optional_text("note")?,
        digest: parsed_optional(row, "digest")?,
        rows: row.optional_integer("row_count")?,
        due: row.optional_time("due")?,
        sequence: u64::try_from(row.integer("sequence")?).map_err(out_of_range)?,
    })
}
