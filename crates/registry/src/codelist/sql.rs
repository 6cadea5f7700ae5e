//! All SQL about code lists.
//!
//! An entry is a row that holds from one version up to, and not including, another: what a version
//! leaves as it was is written once.

use evidence::{Change, Reading};
use store::{Row, StoreError, Value};
use web::PageRequest;
use wire::id::ServiceCode;

use super::difference::{ChangeKind, EntryChange};
use super::entry::{Entry, Key};
use super::rules::Entries;
use super::{CodeList, Version};
use crate::calendar::Day;
use crate::column::{corrupt, parsed_optional};

pub(crate) const CREATE: &str = "
CREATE TABLE code_list (
    code TEXT PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisation (code),
    about TEXT NOT NULL,
    registered_at BIGINT NOT NULL,
    retired_at BIGINT,
    successor TEXT REFERENCES code_list (code)
);
CREATE INDEX code_list_organisation ON code_list (organisation, code);
CREATE TABLE code_list_version (
    code_list TEXT NOT NULL REFERENCES code_list (code),
    number BIGINT NOT NULL,
    effective_on TEXT NOT NULL,
    decision TEXT NOT NULL,
    digest TEXT NOT NULL,
    entries BIGINT NOT NULL,
    added BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    removed BIGINT NOT NULL,
    published_at BIGINT NOT NULL,
    PRIMARY KEY (code_list, number)
);
CREATE TABLE code_list_entry (
    code_list TEXT NOT NULL REFERENCES code_list (code),
    code TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    from_version BIGINT NOT NULL,
    to_version BIGINT,
    name TEXT NOT NULL,
    parent TEXT NOT NULL,
    valid_until TEXT NOT NULL,
    successors TEXT NOT NULL,
    attributes TEXT NOT NULL,
    written TEXT NOT NULL,
    bare TEXT NOT NULL,
    PRIMARY KEY (code_list, code, valid_from, from_version)
);
CREATE INDEX code_list_entry_parent ON code_list_entry (code_list, parent, code);";

const LIST: &str = "code, organisation, about, registered_at, retired_at, successor";
const VERSION: &str = "number, effective_on, decision, digest, entries, added, changed, removed,
    published_at";
const ENTRY: &str = "code, valid_from, from_version, to_version, name, parent, valid_until,
    successors, attributes";
/// Rows of one statement.
const AT_ONCE: usize = 50;

pub(crate) async fn find(
    database: &store::Database,
    code: &ServiceCode,
) -> Result<Option<CodeList>, StoreError> {
    let sql = format!("SELECT {LIST} FROM code_list WHERE code = $1");
    let row = database.row(&sql, &[code.to_string().into()]).await?;
    let Some(row) = row else { return Ok(None) };
    let last = last_version(database, code).await?;
    list_from(&row, last).map(Some)
}

/// The same within a change.
pub(crate) async fn find_within(
    change: &mut Change,
    code: &ServiceCode,
) -> Result<Option<CodeList>, StoreError> {
    let sql = format!("SELECT {LIST} FROM code_list WHERE code = $1");
    let row = Reading::row(&mut *change, &sql, &[code.to_string().into()]).await?;
    let Some(row) = row else { return Ok(None) };
    let last = last_version(&mut *change, code).await?;
    list_from(&row, last).map(Some)
}

/// Lists in the order of their codes, of one organisation if named; one more than the page holds.
pub(crate) async fn list(
    database: &store::Database,
    organisation: &str,
    page: &PageRequest,
) -> Result<Vec<CodeList>, StoreError> {
    let sql = format!(
        "SELECT {LIST} FROM code_list WHERE code > $1 AND ($2 = '' OR organisation = $2)
         ORDER BY code LIMIT $3"
    );
    let values = [page.after.as_str().into(), organisation.into(), page.rows().into()];
    let mut lists = Vec::new();
    for row in database.rows(&sql, &values).await? {
        let last = last_version(database, &row.parsed("code")?).await?;
        lists.push(list_from(&row, last)?);
    }
    Ok(lists)
}

/// All lists that are kept, in the order of their codes.
pub(crate) async fn kept(database: &store::Database) -> Result<Vec<CodeList>, StoreError> {
    let sql = format!("SELECT {LIST} FROM code_list WHERE retired_at IS NULL ORDER BY code");
    let mut lists = Vec::new();
    for row in database.rows(&sql, &[]).await? {
        let last = last_version(database, &row.parsed("code")?).await?;
        lists.push(list_from(&row, last)?);
    }
    Ok(lists)
}

pub(crate) async fn insert(change: &mut Change, new: &CodeList) -> Result<(), StoreError> {
    let sql = "INSERT INTO code_list (code, organisation, about, registered_at)
        VALUES ($1, $2, $3, $4)";
    let values = [
        new.code.to_string().into(),
        new.organisation.as_str().into(),
        about(new)?.into(),
        new.registered_at.into(),
    ];
    change.execute(sql, &values).await?;
    Ok(())
}

pub(crate) async fn update(change: &mut Change, to: &CodeList) -> Result<(), StoreError> {
    let sql = "UPDATE code_list SET about = $2, retired_at = $3, successor = $4 WHERE code = $1";
    let values = [
        to.code.to_string().into(),
        about(to)?.into(),
        to.retired_at.into(),
        to.successor.as_ref().map(ToString::to_string).into(),
    ];
    change.execute(sql, &values).await?;
    Ok(())
}

async fn last_version(
    reading: impl Reading,
    code: &ServiceCode,
) -> Result<Option<Version>, StoreError> {
    let sql = format!(
        "SELECT {VERSION} FROM code_list_version WHERE code_list = $1 ORDER BY number DESC LIMIT 1"
    );
    let row = reading.row(&sql, &[code.to_string().into()]).await?;
    row.as_ref().map(version_from).transpose()
}

/// The version in force on a day.
pub(crate) async fn version_on(
    reading: impl Reading,
    code: &ServiceCode,
    day: Day,
) -> Result<Option<Version>, StoreError> {
    let sql = format!(
        "SELECT {VERSION} FROM code_list_version WHERE code_list = $1 AND effective_on <= $2
         ORDER BY number DESC LIMIT 1"
    );
    let row = reading.row(&sql, &[code.to_string().into(), day.to_string().into()]).await?;
    row.as_ref().map(version_from).transpose()
}

pub(crate) async fn version(
    reading: impl Reading,
    code: &ServiceCode,
    number: u32,
) -> Result<Option<Version>, StoreError> {
    let sql =
        format!("SELECT {VERSION} FROM code_list_version WHERE code_list = $1 AND number = $2");
    let row = reading.row(&sql, &[code.to_string().into(), number.into()]).await?;
    row.as_ref().map(version_from).transpose()
}

/// Versions, the oldest first; one more than the page holds.
pub(crate) async fn versions(
    reading: impl Reading,
    code: &ServiceCode,
    after: u32,
    page: &PageRequest,
) -> Result<Vec<Version>, StoreError> {
    let sql = format!(
        "SELECT {VERSION} FROM code_list_version WHERE code_list = $1 AND number > $2
         ORDER BY number LIMIT $3"
    );
    let values = [code.to_string().into(), after.into(), page.rows().into()];
    reading.rows(&sql, &values).await?.iter().map(version_from).collect()
}

/// All entries of the version published last.
pub(crate) async fn last_entries(
    change: impl Reading,
    code: &ServiceCode,
) -> Result<Entries, StoreError> {
    let sql =
        format!("SELECT {ENTRY} FROM code_list_entry WHERE code_list = $1 AND to_version IS NULL");
    let rows = change.rows(&sql, &[code.to_string().into()]).await?;
    rows.iter().map(|row| entry_from(row).map(|entry| (entry.key(), entry))).collect()
}

/// All lists with their versions and entries: whether they can be read.
pub(crate) async fn must_read(change: &mut Change) -> Result<(), StoreError> {
    let sql = format!("SELECT {LIST} FROM code_list");
    for row in Reading::rows(&mut *change, &sql, &[]).await? {
        list_from(&row, None)?;
    }
    let sql = format!("SELECT {VERSION} FROM code_list_version");
    for row in Reading::rows(&mut *change, &sql, &[]).await? {
        version_from(&row)?;
    }
    let sql = format!("SELECT {ENTRY} FROM code_list_entry");
    for row in Reading::rows(&mut *change, &sql, &[]).await? {
        entry_from(&row)?;
    }
    Ok(())
}

/// Which entries of a version are wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) version: u32,
    /// Only those valid on this day.
    pub(crate) on: Option<Day>,
    /// Only those directly below this one.
    pub(crate) parent: Option<String>,
    /// Only this code.
    pub(crate) code: Option<String>,
    /// Only those that one of which names this as its successor; by likeness, to be looked at again.
    pub(crate) succeeded_by: Option<String>,
    /// Only those whose names have words that begin so: as written, and without marks.
    pub(crate) words: Vec<(String, String)>,
}

/// Entries in the order of their keys, after one of them if named.
pub(crate) async fn entries(
    reading: impl Reading,
    list: &ServiceCode,
    wanted: &Wanted,
    after: (&str, &str),
    rows: i64,
) -> Result<Vec<Entry>, StoreError> {
    let mut sql = format!(
        "SELECT {ENTRY} FROM code_list_entry
         WHERE code_list = $1 AND from_version <= $2 AND (to_version IS NULL OR to_version > $2)
           AND (code > $3 OR (code = $3 AND valid_from > $4))"
    );
    let mut values: Vec<Value> =
        vec![list.to_string().into(), wanted.version.into(), after.0.into(), after.1.into()];
    let mut and = |condition: &str, value: String| {
        values.push(value.into());
        let number = format!("${}", values.len());
        sql.push_str(" AND ");
        sql.push_str(&condition.replace('?', &number));
    };
    if let Some(day) = wanted.on {
        and("valid_from <= ? AND (valid_until = '' OR valid_until > ?)", day.to_string());
    }
    if let Some(parent) = &wanted.parent {
        and("parent = ?", parent.clone());
    }
    if let Some(code) = &wanted.code {
        and("code = ?", code.clone());
    }
    if let Some(successor) = &wanted.succeeded_by {
        and("' ' || successors || ' ' LIKE ?", format!("% {successor} %"));
    }
    for (written, bare) in &wanted.words {
        and("bare LIKE ?", format!("% {bare}%"));
        if written != bare {
            and("written LIKE ?", format!("% {written}%"));
        }
    }
    values.push(rows.into());
    let sql = format!("{sql} ORDER BY code, valid_from LIMIT ${}", values.len());
    reading.rows(&sql, &values).await?.iter().map(entry_from).collect()
}

/// What is other in version `to` than in version `since`, in the order of the keys, after one of
/// them; at most so many.
pub(crate) async fn changes(
    reading: impl Reading,
    list: &ServiceCode,
    (since, to): (u32, u32),
    after: (&str, &str),
    rows: i64,
) -> Result<Vec<EntryChange>, StoreError> {
    let is_of = |version: &str| {
        format!("(from_version <= {version} AND (to_version IS NULL OR to_version > {version}))")
    };
    let (before, then) = (is_of("$2"), is_of("$3"));
    // Of each key at most two rows differ: one of each version.
    let sql = format!(
        "SELECT {ENTRY} FROM code_list_entry
         WHERE code_list = $1 AND NOT ({before} AND {then}) AND ({before} OR {then})
           AND (code > $4 OR (code = $4 AND valid_from > $5))
         ORDER BY code, valid_from, from_version LIMIT $6"
    );
    let values = [
        list.to_string().into(),
        since.into(),
        to.into(),
        after.0.into(),
        after.1.into(),
        rows.saturating_mul(2).into(),
    ];
    let mut changes: Vec<(Key, EntryChange)> = Vec::new();
    for row in reading.rows(&sql, &values).await? {
        let entry = entry_from(&row)?;
        let key = entry.key();
        let from = number(&row, "from_version")?;
        let change = if from > since {
            EntryChange::of(None, Some(entry), from)
        } else {
            let end = row.optional_integer("to_version")?.unwrap_or_default();
            EntryChange::of(Some(entry), None, u32::try_from(end).unwrap_or_default())
        };
        match changes.last_mut() {
            Some((same, gone)) if *same == key => {
                *gone = EntryChange::of(gone.before.take(), change.after, change.version);
            }
            _ => changes.push((key, change)),
        }
    }
    let most = usize::try_from(rows).unwrap_or(usize::MAX);
    Ok(changes.into_iter().take(most).map(|(_, change)| change).collect())
}

/// Writes a version and what it changes.
pub(crate) async fn publish(
    change: &mut Change,
    list: &ServiceCode,
    version: &Version,
    changes: &[EntryChange],
) -> Result<(), StoreError> {
    let sql = "INSERT INTO code_list_version (code_list, number, effective_on, decision, digest,
            entries, added, changed, removed, published_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = [
        list.to_string().into(),
        version.number.into(),
        version.effective_on.to_string().into(),
        version.decision.as_str().into(),
        version.digest.as_str().into(),
        version.entries.into(),
        version.added.into(),
        version.changed.into(),
        version.removed.into(),
        version.published_at.into(),
    ];
    change.execute(sql, &values).await?;
    let end = "UPDATE code_list_entry SET to_version = $4
        WHERE code_list = $1 AND code = $2 AND valid_from = $3 AND to_version IS NULL";
    for gone in changes.iter().filter_map(|change| change.before.as_ref()) {
        let values = [
            list.to_string().into(),
            gone.code.as_str().into(),
            day_text(gone.valid_from).into(),
            version.number.into(),
        ];
        change.execute(end, &values).await?;
    }
    let new: Vec<_> = changes
        .iter()
        .filter(|change| change.kind != ChangeKind::Removed)
        .filter_map(|change| change.after.as_ref())
        .collect();
    for some in new.chunks(AT_ONCE) {
        insert_entries(change, list, version.number, some).await?;
    }
    Ok(())
}

async fn insert_entries(
    change: &mut Change,
    list: &ServiceCode,
    number: u32,
    entries: &[&Entry],
) -> Result<(), StoreError> {
    let mut values: Vec<Value> = vec![list.to_string().into(), number.into()];
    let mut rows = Vec::new();
    for entry in entries {
        let attributes = serde_json::to_string(&entry.attributes);
        let attributes = attributes.map_err(|error| corrupt("code_list_entry", error))?;
        let (written, bare) = entry.words();
        let columns = [
            entry.code.clone(),
            day_text(entry.valid_from),
            entry.name.clone(),
            entry.parent.clone().unwrap_or_default(),
            day_text(entry.valid_until),
            entry.successors.join(" "),
            attributes,
            written,
            bare,
        ];
        let first = values.len() + 1;
        let places: Vec<_> = (first..first + columns.len()).map(|at| format!("${at}")).collect();
        rows.push(format!("($1, $2, {})", places.join(", ")));
        values.extend(columns.map(Value::from));
    }
    let sql = format!(
        "INSERT INTO code_list_entry (code_list, from_version, code, valid_from, name, parent,
            valid_until, successors, attributes, written, bare) VALUES {}",
        rows.join(", ")
    );
    change.execute(&sql, &values).await?;
    Ok(())
}

/// As it stands in a column: a day, or nothing, which sorts before all days.
pub(crate) fn day_text(day: Option<Day>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

fn day(row: &Row, column: &str) -> Result<Option<Day>, StoreError> {
    let text = row.text(column)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| corrupt(column, "is no day"))
}

fn about(of: &CodeList) -> Result<String, StoreError> {
    serde_json::to_string(&of.about).map_err(|error| corrupt("code_list", error))
}

fn list_from(row: &Row, last: Option<Version>) -> Result<CodeList, StoreError> {
    let about = serde_json::from_str(&row.text("about")?);
    Ok(CodeList {
        code: row.parsed("code")?,
        organisation: row.parsed("organisation")?,
        about: about.map_err(|error| corrupt("code_list", error))?,
        last,
        registered_at: row.time("registered_at")?,
        retired_at: row.optional_time("retired_at")?,
        successor: parsed_optional(row, "successor")?,
    })
}

fn version_from(row: &Row) -> Result<Version, StoreError> {
    Ok(Version {
        number: number(row, "number")?,
        effective_on: row.parsed("effective_on")?,
        decision: row.text("decision")?,
        digest: row.text("digest")?,
        entries: number(row, "entries")?,
        added: number(row, "added")?,
        changed: number(row, "changed")?,
        removed: number(row, "removed")?,
        published_at: row.time("published_at")?,
    })
}

fn entry_from(row: &Row) -> Result<Entry, StoreError> {
    let attributes = serde_json::from_str(&row.text("attributes")?);
    let parent = row.text("parent")?;
    Ok(Entry {
        code: row.text("code")?,
        name: row.text("name")?,
        parent: Some(parent).filter(|parent| !parent.is_empty()),
        valid_from: day(row, "valid_from")?,
        valid_until: day(row, "valid_until")?,
        successors: row.text("successors")?.split_whitespace().map(ToOwned::to_owned).collect(),
        attributes: attributes.map_err(|error| corrupt("code_list_entry", error))?,
    })
}

fn number(row: &Row, column: &str) -> Result<u32, StoreError> {
    u32::try_from(row.integer(column)?).map_err(|_| corrupt(column, "is out of range"))
}
