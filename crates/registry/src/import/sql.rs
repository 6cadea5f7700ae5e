//! All SQL about imports and what became of their rows.

use evidence::{Change, Reading};
use serde_json::Value;
use store::{Row as SqlRow, StoreError};
use web::PageRequest;
use wire::id::ImportId;

use super::document::{Row, row_to_json};
use super::merge::{Fate, Proposal, RowChange};
use super::shape::{Table, table};
use super::{Import, ImportState, Report, Resolutions, RowFate};
use crate::column::corrupt;

pub(crate) const CREATE: &str = "
CREATE TABLE import (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    legal_basis TEXT NOT NULL,
    state TEXT NOT NULL,
    proposed_at BIGINT NOT NULL,
    applied_at BIGINT,
    undone_at BIGINT,
    digest TEXT NOT NULL,
    document TEXT NOT NULL,
    resolutions TEXT NOT NULL,
    report TEXT NOT NULL
);
CREATE TABLE import_row (
    import TEXT NOT NULL REFERENCES import (id),
    number BIGINT NOT NULL,
    noun TEXT NOT NULL,
    key TEXT NOT NULL,
    fate TEXT NOT NULL,
    reason TEXT,
    reason_en TEXT,
    PRIMARY KEY (import, number)
);
CREATE TABLE import_change (
    import TEXT NOT NULL REFERENCES import (id),
    number BIGINT NOT NULL,
    noun TEXT NOT NULL,
    row_before TEXT,
    row_after TEXT NOT NULL,
    PRIMARY KEY (import, number)
);";

const COLUMNS: &str =
    "id, title, legal_basis, state, proposed_at, applied_at, undone_at, digest, report";

pub(crate) async fn find(
    reading: impl Reading,
    id: &ImportId,
) -> Result<Option<Import>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM import WHERE id = $1");
    reading.row(&sql, &[id.to_string().into()]).await?.as_ref().map(from_row).transpose()
}

/// Imports in the order of their proposal; one more than the page holds.
pub(crate) async fn list(
    reading: impl Reading,
    page: &PageRequest,
) -> Result<Vec<Import>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM import WHERE id > $1 ORDER BY id LIMIT $2");
    let rows = reading.rows(&sql, &[page.after.as_str().into(), page.rows().into()]).await?;
    rows.iter().map(from_row).collect()
}

/// The document that came in, and what was decided about it.
pub(crate) async fn content(
    reading: impl Reading,
    id: &ImportId,
) -> Result<Option<(Value, Resolutions)>, StoreError> {
    let sql = "SELECT document, resolutions FROM import WHERE id = $1";
    let Some(row) = reading.row(sql, &[id.to_string().into()]).await? else {
        return Ok(None);
    };
    let read = |column| -> Result<Value, StoreError> { json(column, &row.text(column)?) };
    let resolutions = serde_json::from_value(read("resolutions")?);
    Ok(Some((read("document")?, resolutions.map_err(|error| corrupt("import", error))?)))
}

pub(crate) async fn insert(
    change: &mut Change,
    import: &Import,
    document: &Value,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO import (id, title, legal_basis, state, proposed_at, digest,
            document, resolutions, report) VALUES ($1, $2, $3, $4, $5, $6, $7, '[]', $8)";
    let values = [
        import.id.to_string().into(),
        import.title.as_str().into(),
        import.legal_basis.as_str().into(),
        import.state.as_str().into(),
        import.proposed_at.into(),
        import.digest.as_str().into(),
        document.to_string().into(),
        written(&import.report)?.into(),
    ];
    change.execute(sql, &values).await?;
    Ok(())
}

/// Writes where an import stands.
pub(crate) async fn update(change: &mut Change, import: &Import) -> Result<(), StoreError> {
    let sql = "UPDATE import SET state = $2, applied_at = $3, undone_at = $4, report = $5
            WHERE id = $1";
    let values = [
        import.id.to_string().into(),
        import.state.as_str().into(),
        import.applied_at.into(),
        import.undone_at.into(),
        written(&import.report)?.into(),
    ];
    change.execute(sql, &values).await?;
    Ok(())
}

/// Writes what is decided about an import.
pub(crate) async fn decide(
    change: &mut Change,
    id: &ImportId,
    resolutions: &Resolutions,
) -> Result<(), StoreError> {
    let sql = "UPDATE import SET resolutions = $2 WHERE id = $1";
    change.execute(sql, &[id.to_string().into(), written(resolutions)?.into()]).await?;
    Ok(())
}

/// Writes down what becomes of each row.
pub(crate) async fn note_fates(
    change: &mut Change,
    id: &ImportId,
    proposal: &Proposal,
) -> Result<(), StoreError> {
    let import = id.to_string();
    change.execute("DELETE FROM import_row WHERE import = $1", &[import.as_str().into()]).await?;
    let sql = "INSERT INTO import_row (import, number, noun, key, fate, reason, reason_en)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    for (number, (noun, key, fate)) in (0_i64..).zip(&proposal.fates) {
        let (fate, vi, en) = match fate {
            Fate::Added => ("added", None, None),
            Fate::Same => ("same", None, None),
            Fate::Taken => ("taken", None, None),
            Fate::Kept => ("kept", None, None),
            Fate::Joined(code) => ("joined", Some(code.clone()), Some(code.clone())),
            Fate::LeftOut(why) => ("left_out", Some(why.vi.to_string()), Some(why.en.to_string())),
        };
        let key = key.to_string();
        let values = [
            import.as_str().into(),
            number.into(),
            (*noun).into(),
            key.into(),
            fate.into(),
            vi.into(),
            en.into(),
        ];
        change.execute(sql, &values).await?;
    }
    Ok(())
}

/// What became of rows, after the row number `after`; one more than the page holds.
pub(crate) async fn fates(
    reading: impl Reading,
    id: &ImportId,
    fate: &str,
    after: i64,
    rows: i64,
) -> Result<Vec<RowFate>, StoreError> {
    let sql = "SELECT number, noun, key, fate, reason, reason_en FROM import_row
        WHERE import = $1 AND number > $2 AND ($3 = '' OR fate = $3) ORDER BY number LIMIT $4";
    let values = [id.to_string().into(), after.into(), fate.into(), rows.into()];
    reading.rows(sql, &values).await?.iter().map(fate_from_row).collect()
}

fn fate_from_row(row: &SqlRow) -> Result<RowFate, StoreError> {
    Ok(RowFate {
        number: row.integer("number")?,
        noun: row.text("noun")?,
        key: row.text("key")?,
        fate: row.text("fate")?,
        reason: row.optional_text("reason")?,
        reason_en: row.optional_text("reason_en")?,
    })
}

/// Keeps what was written, so that it can be taken back.
pub(crate) async fn keep_changes(
    change: &mut Change,
    id: &ImportId,
    changes: &[RowChange],
) -> Result<(), StoreError> {
    let sql = "INSERT INTO import_change (import, number, noun, row_before, row_after)
        VALUES ($1, $2, $3, $4, $5)";
    for (number, one) in (0_i64..).zip(changes) {
        let before = one.before.as_ref().map(|row| row_to_json(row).to_string());
        let after = row_to_json(&one.after).to_string();
        let values = [
            id.to_string().into(),
            number.into(),
            one.table.name.into(),
            before.into(),
            after.into(),
        ];
        change.execute(sql, &values).await?;
    }
    Ok(())
}

/// What was written, in its order.
pub(crate) async fn changes(
    reading: impl Reading,
    id: &ImportId,
) -> Result<Vec<RowChange>, StoreError> {
    let sql =
        "SELECT noun, row_before, row_after FROM import_change WHERE import = $1 ORDER BY number";
    let rows = reading.rows(sql, &[id.to_string().into()]).await?;
    rows.iter().map(change_from_row).collect()
}

fn change_from_row(row: &SqlRow) -> Result<RowChange, StoreError> {
    let noun = row.text("noun")?;
    let table = table(&noun).ok_or_else(|| corrupt("import_change", "names an unknown noun"))?;
    let after = kept_row(table, &row.text("row_after")?)?;
    let before = row.optional_text("row_before")?.map(|text| kept_row(table, &text)).transpose()?;
    Ok(RowChange { table, key: super::document::key_of(table, &after), before, after })
}

/// Columns that came later are null in what was kept before them.
fn kept_row(table: &'static Table, text: &str) -> Result<Row, StoreError> {
    let kept = json("import_change", text)?;
    let value = |name: &str| kept.get(name).cloned().unwrap_or(Value::Null);
    Ok(table.columns.iter().map(|column| (column.name, value(column.name))).collect())
}

fn from_row(row: &SqlRow) -> Result<Import, StoreError> {
    let state = ImportState::parse(&row.text("state")?);
    let report: Result<Report, _> = serde_json::from_str(&row.text("report")?);
    Ok(Import {
        id: row.parsed("id")?,
        title: row.text("title")?,
        legal_basis: row.text("legal_basis")?,
        state: state.ok_or_else(|| corrupt("import", "is in no known state"))?,
        proposed_at: row.time("proposed_at")?,
        applied_at: row.optional_time("applied_at")?,
        undone_at: row.optional_time("undone_at")?,
        digest: row.text("digest")?,
        report: report.map_err(|error| corrupt("import", error))?,
    })
}

fn json(table: &str, text: &str) -> Result<Value, StoreError> {
    serde_json::from_str(text).map_err(|error| corrupt(table, error))
}

fn written(content: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(content).map_err(|error| corrupt("import", error))
}
