//! Values in, rows and errors out.

use std::sync::Arc;

use sqlx::encode::IsNull;
use sqlx::error::DatabaseError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgRow, PgTypeInfo};
use sqlx::{Arguments, Column, Encode, Postgres, Row as _, Type, TypeInfo, ValueRef};

use crate::{Constraint, Row, StoreError, Value, statement};

/// A null of no type of its own: the server takes the type that the statement wants there.
struct Untyped;

impl Type<Postgres> for Untyped {
    fn type_info() -> PgTypeInfo {
        // "A zero leaves the type unspecified": Parse message of the protocol.
        PgTypeInfo::with_oid(Oid(0))
    }
}

impl Encode<'_, Postgres> for Untyped {
    fn encode_by_ref(
        &self,
        _: &mut PgArgumentBuffer,
    ) -> Result<IsNull, Box<dyn std::error::Error + Send + Sync>> {
        Ok(IsNull::Yes)
    }
}

/// Binds the values of `sql`.
pub(super) fn arguments(sql: &str, values: &[Value]) -> Result<PgArguments, StoreError> {
    statement::check(sql, values)?;
    let mut arguments = PgArguments::default();
    for value in values {
        match value {
            Value::Null => arguments.add(Untyped),
            Value::Integer(value) => arguments.add(*value),
            Value::Text(value) => arguments.add(value.as_str()),
            Value::Bytes(value) => arguments.add(value.as_slice()),
        }
        .map_err(|error| StoreError::Misuse(error.to_string()))?;
    }
    Ok(arguments)
}

pub(super) fn rows(rows: &[PgRow]) -> Result<Vec<Row>, StoreError> {
    let Some(first) = rows.first() else {
        return Ok(Vec::new());
    };
    let columns: Arc<[String]> =
        first.columns().iter().map(|column| column.name().to_owned()).collect();
    rows.iter().map(|one| row(&columns, one)).collect()
}

fn row(columns: &Arc<[String]>, row: &PgRow) -> Result<Row, StoreError> {
    let mut values = Vec::with_capacity(columns.len());
    for position in 0..columns.len() {
        values.push(value(row, position).map_err(|error| StoreError::Corrupt(error.to_string()))?);
    }
    Ok(Row::new(Arc::clone(columns), values))
}

fn value(row: &PgRow, position: usize) -> Result<Value, sqlx::Error> {
    let raw = row.try_get_raw(position)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    // Tables hold the first three only; the others come from expressions and catalogues.
    match raw.type_info().name() {
        "INT8" => row.try_get(position).map(Value::Integer),
        "TEXT" | "NAME" => row.try_get(position).map(Value::Text),
        "BYTEA" => row.try_get(position).map(Value::Bytes),
        "INT4" => row.try_get::<i32, _>(position).map(Value::from),
        "BOOL" => row.try_get::<bool, _>(position).map(Value::from),
        other => Err(sqlx::Error::TypeNotFound { type_name: other.to_owned() }),
    }
}

/// What PostgreSQL or the way to it says, in our words.
pub(super) fn failure(place: &str, error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(database) => refusal(place, database.as_ref()),
        sqlx::Error::PoolTimedOut => StoreError::Busy,
        sqlx::Error::Io(error) => unreachable(place, &error.to_string()),
        // The line was cut in the middle of an answer.
        sqlx::Error::Protocol(reason) => unreachable(place, &reason),
        sqlx::Error::WorkerCrashed | sqlx::Error::PoolClosed => {
            unreachable(place, "the connection is closed")
        }
        sqlx::Error::Tls(reason) => {
            StoreError::Untrusted { place: place.to_owned(), reason: reason.to_string() }
        }
        other => StoreError::Failed(other.to_string()),
    }
}

pub(super) fn unreachable(place: &str, reason: &str) -> StoreError {
    StoreError::Unreachable { place: place.to_owned(), reason: reason.to_owned() }
}

/// Codes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>. The server's message
/// names tables and rules; the values stand in its detail, which is left out.
fn refusal(place: &str, error: &dyn DatabaseError) -> StoreError {
    let message = error.message().to_owned();
    if let Some(constraint) = Constraint::of(&error.kind()) {
        return StoreError::Constraint(constraint, message);
    }
    let place = place.to_owned();
    let code = error.code().unwrap_or_default();
    match code.as_ref() {
        "28000" | "28P01" => StoreError::SignOn { place },
        "3D000" => StoreError::NoDatabase { place },
        "25006" | "42501" => StoreError::ReadOnly { place, reason: message },
        "53100" => StoreError::Full,
        // Too many connections, a lock or statement that took too long, a deadlock.
        "53300" | "55P03" | "57014" | "40001" | "40P01" | "25P03" => StoreError::Busy,
        // It is stopping, starting or was stopped; or the line to it failed.
        "57P01" | "57P02" | "57P03" | "57P05" => StoreError::Unreachable { place, reason: message },
        "XX001" | "XX002" => StoreError::Corrupt(message),
        code => match code.get(..2) {
            Some("08") => StoreError::Unreachable { place, reason: message },
            Some("22" | "42") => StoreError::Misuse(message),
            _ => StoreError::Failed(message),
        },
    }
}
