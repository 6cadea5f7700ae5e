//! The registry's own rows as a document, and changes of it as SQL.

use std::collections::BTreeSet;

use evidence::{Change, Reading};
use store::{Row as SqlRow, StoreError};

use super::document::{Document, Key, Row};
use super::merge::RowChange;
use super::shape::{Column, TABLES, Table};
use super::value;

/// Rows that are read at once.
const BLOCK: i64 = 2_000;

/// Where all of a registry can be read, block by block.
pub(crate) trait Source {
    /// A block of rows.
    fn block(
        &mut self,
        sql: &str,
        values: &[store::Value],
    ) -> impl Future<Output = Result<Vec<SqlRow>, StoreError>> + Send;
}

impl Source for &store::Database {
    async fn block(
        &mut self,
        sql: &str,
        values: &[store::Value],
    ) -> Result<Vec<SqlRow>, StoreError> {
        self.rows(sql, values).await
    }
}

impl Source for &mut Change {
    async fn block(
        &mut self,
        sql: &str,
        values: &[store::Value],
    ) -> Result<Vec<SqlRow>, StoreError> {
        self.rows(sql, values).await
    }
}

/// Tables whose rows are long: they are read only for those who need them, since whoever reads holds
/// up all who write.
const LONG: [&str; 1] = ["service_description"];

/// All columns: the whole registry.
pub(crate) fn whole(table: &Table) -> &'static [Column] {
    table.columns
}

/// What a document is compared with: of long tables only those that it names.
pub(crate) fn compared_with(theirs: &Document) -> impl Fn(&Table) -> &'static [Column] + Send {
    let named: BTreeSet<_> = theirs.tables.keys().copied().collect();
    move |table| {
        let is_read = !LONG.contains(&table.name) || named.contains(table.name);
        if is_read { table.columns } else { &[] }
    }
}

/// What may be in the way of taking changes back: of long tables in which none of them is, only what
/// their keys refer to.
pub(crate) fn in_reach_of(changes: &[RowChange]) -> impl Fn(&Table) -> &'static [Column] + Send {
    let touched: BTreeSet<_> = changes.iter().map(|one| one.table.name).collect();
    move |table| {
        let is_read = !LONG.contains(&table.name) || touched.contains(table.name);
        if is_read { table.columns } else { table.key_columns() }
    }
}

/// The rows of all tables, with the columns `columns` of each; a table without any is not read.
pub(crate) async fn all(
    mut source: impl Source,
    columns: impl Fn(&Table) -> &'static [Column] + Send,
) -> Result<Document, StoreError> {
    let mut document = Document::default();
    for table in TABLES {
        let columns = columns(table);
        if columns.is_empty() {
            continue;
        }
        let sql = format!(
            "SELECT {} FROM {} ORDER BY {} LIMIT $1 OFFSET $2",
            names(columns),
            table.name,
            names(table.key_columns())
        );
        let mut offset = 0;
        loop {
            let rows = source.block(&sql, &[BLOCK.into(), offset.into()]).await?;
            let count = i64::try_from(rows.len()).unwrap_or(BLOCK);
            for row in &rows {
                document.put(table, read(columns, row)?);
            }
            offset += count;
            if count < BLOCK {
                break;
            }
        }
    }
    Ok(document)
}

fn read(columns: &[Column], row: &SqlRow) -> Result<Row, StoreError> {
    columns.iter().map(|column| Ok((column.name, value::from_sql(column, row)?))).collect()
}

/// Writes changes in their order. A row that another change made since is not overwritten: the
/// caller compares within the same transaction.
pub(crate) async fn write(change: &mut Change, changes: &[RowChange]) -> Result<(), StoreError> {
    for one in changes {
        put(change, one.table, &one.after, one.before.is_some()).await?;
    }
    Ok(())
}

/// Tables that only the platform's clock writes: they go with what they are about.
const NOTED: [&str; 2] = ["credential_expiry", "profile_sunset"];
/// Columns that it fills in.
const NOTED_COLUMNS: [(&str, &str); 1] = [("connection_deadline", "passed_at")];

/// Takes changes back, the last one first, with what the clock noted about them.
pub(crate) async fn unwrite(change: &mut Change, changes: &[RowChange]) -> Result<(), StoreError> {
    for one in changes.iter().filter(|one| one.before.is_none()) {
        let noted = match one.table.name {
            "credential" => "DELETE FROM credential_expiry WHERE keyid = $1",
            "system" => "DELETE FROM profile_sunset WHERE system = $1",
            _ => continue,
        };
        change.execute(noted, &[one.key.to_string().into()]).await?;
    }
    for one in changes.iter().rev() {
        match &one.before {
            Some(before) => put(change, one.table, before, true).await?,
            None => delete(change, one.table, &one.after).await?,
        }
    }
    Ok(())
}

async fn put(
    change: &mut Change,
    table: &'static Table,
    row: &Row,
    is_there: bool,
) -> Result<(), StoreError> {
    let values: Vec<_> = table
        .columns
        .iter()
        .map(|column| {
            let value = row.get(column.name).unwrap_or(&serde_json::Value::Null);
            value::to_sql(column.kind, value)
        })
        .collect();
    let sql = if is_there {
        let set = numbered(table.columns.iter().enumerate().skip(table.key));
        let key = numbered(table.key_columns().iter().enumerate()).replace(", ", " AND ");
        format!("UPDATE {} SET {set} WHERE {key}", table.name)
    } else {
        let places: Vec<_> = (1..=table.columns.len()).map(|number| format!("${number}")).collect();
        let (names, places) = (names(table.columns), places.join(", "));
        format!("INSERT INTO {} ({names}) VALUES ({places})", table.name)
    };
    change.execute(&sql, &values).await?;
    Ok(())
}

async fn delete(change: &mut Change, table: &Table, row: &Row) -> Result<(), StoreError> {
    let key = numbered(table.key_columns().iter().enumerate()).replace(", ", " AND ");
    let values: Vec<_> = table
        .key_columns()
        .iter()
        .map(|column| {
            let value = row.get(column.name).unwrap_or(&serde_json::Value::Null);
            value::to_sql(column.kind, value)
        })
        .collect();
    change.execute(&format!("DELETE FROM {} WHERE {key}", table.name), &values).await?;
    Ok(())
}

/// `a = $1, b = $2`.
fn numbered<'c>(columns: impl Iterator<Item = (usize, &'c Column)>) -> String {
    let columns = columns.map(|(number, column)| format!("{} = ${}", column.name, number + 1));
    columns.collect::<Vec<_>>().join(", ")
}

fn names(columns: &[Column]) -> String {
    columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
}

/// The changes that cannot be taken back: rows that are not as they were written any more, and rows
/// that others have come to refer to.
///
/// What the clock makes the platform note of its own accord is in nobody's way.
pub(crate) fn in_the_way(now: &Document, changes: &[RowChange]) -> BTreeSet<String> {
    let mut in_the_way = BTreeSet::new();
    let mut going: BTreeSet<(&str, &Key)> = BTreeSet::new();
    for one in changes {
        let is_as_written = |row: &Row| {
            row.iter().all(|(name, value)| {
                one.after.get(name) == Some(value)
                    || NOTED_COLUMNS.contains(&(one.table.name, name))
            })
        };
        if !now.row(one.table.name, &one.key).is_some_and(is_as_written) {
            in_the_way.insert(format!("{} {}", one.table.name, one.key));
        }
        if one.before.is_none() {
            going.insert((one.table.name, &one.key));
        }
    }
    for table in TABLES.iter().filter(|table| !NOTED.contains(&table.name)) {
        for (key, row) in
            now.rows(table.name).filter(|(key, _)| !going.contains(&(table.name, *key)))
        {
            let refers = |column: &Column| {
                let value = row.get(column.name).and_then(serde_json::Value::as_str);
                let (Some(other), Some(value)) = (column.kind.refers_to(), value) else {
                    return false;
                };
                let other_key = Key(vec![value.to_owned()]);
                going.contains(&(other, &other_key))
            };
            if table.columns.iter().any(refers) {
                in_the_way.insert(format!("{} {key}", table.name));
            }
        }
    }
    in_the_way
}
