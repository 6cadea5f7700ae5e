//! Values in, rows and errors out.

use std::path::Path;
use std::sync::Arc;

use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, Column, Row as _, TypeInfo, ValueRef};

use crate::{Constraint, Row, StoreError, Value, statement};

/// Binds the values of `sql`.
pub(super) fn arguments(sql: &str, values: &[Value]) -> Result<SqliteArguments, StoreError> {
    statement::check(sql, values)?;
    let mut arguments = SqliteArguments::default();
    for value in values {
        match value {
            Value::Null => arguments.add(None::<i64>),
            Value::Integer(value) => arguments.add(*value),
            Value::Text(value) => arguments.add(value.clone()),
            Value::Bytes(value) => arguments.add(value.clone()),
        }
        .map_err(|error| StoreError::Misuse(error.to_string()))?;
    }
    Ok(arguments)
}

pub(super) fn rows(rows: &[SqliteRow]) -> Result<Vec<Row>, StoreError> {
    let Some(first) = rows.first() else {
        return Ok(Vec::new());
    };
    let columns: Arc<[String]> =
        first.columns().iter().map(|column| column.name().to_owned()).collect();
    rows.iter().map(|one| row(&columns, one)).collect()
}

fn row(columns: &Arc<[String]>, row: &SqliteRow) -> Result<Row, StoreError> {
    let mut values = Vec::with_capacity(columns.len());
    for position in 0..columns.len() {
        values.push(value(row, position).map_err(|error| StoreError::Corrupt(error.to_string()))?);
    }
    Ok(Row::new(Arc::clone(columns), values))
}

fn value(row: &SqliteRow, position: usize) -> Result<Value, sqlx::Error> {
    let raw = row.try_get_raw(position)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    // The kind of the stored value, not of its column: SQLite keeps what it was given.
    match raw.type_info().name() {
        "INTEGER" => row.try_get(position).map(Value::Integer),
        "TEXT" => row.try_get(position).map(Value::Text),
        "BLOB" => row.try_get(position).map(Value::Bytes),
        other => Err(sqlx::Error::TypeNotFound { type_name: other.to_owned() }),
    }
}

/// What SQLite says, in our words. Codes: <https://www.sqlite.org/rescode.html>.
pub(super) fn failure(path: &Path, error: sqlx::Error) -> StoreError {
    let path = path.to_owned();
    let database = match error {
        sqlx::Error::Database(database) => database,
        sqlx::Error::PoolTimedOut => return StoreError::Busy,
        other => return StoreError::Failed(other.to_string()),
    };
    let message = database.message().to_owned();
    if let Some(constraint) = Constraint::of(&database.kind()) {
        return StoreError::Constraint(constraint, message);
    }
    let code: Option<u32> = database.code().and_then(|code| code.parse().ok());
    // The low byte is the kind of error, the rest says more about it.
    match code.map(|code| code & 0xff) {
        Some(1) => StoreError::Misuse(message),
        Some(5 | 6) => StoreError::Busy,
        Some(3 | 8 | 14 | 23) => StoreError::NotWritable { path },
        Some(11) => StoreError::Corrupt(message),
        Some(13) => StoreError::Full,
        Some(26) => StoreError::NotADatabase { path },
        _ => StoreError::Failed(message),
    }
}
