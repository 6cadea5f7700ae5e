//! One row of an answer.

use std::str::FromStr;
use std::sync::Arc;

use wire::ambient::UtcMicros;

use crate::{StoreError, Value};

/// A row: named columns with values. A column that is not there, or holds another kind of value
/// than asked for, is an error.
#[derive(Debug, Clone)]
pub struct Row {
    columns: Arc<[String]>,
    values: Vec<Value>,
}

impl Row {
    pub(crate) fn new(columns: Arc<[String]>, values: Vec<Value>) -> Self {
        Self { columns, values }
    }

    /// The names of its columns, in their order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// A BIGINT.
    pub fn integer(&self, column: &str) -> Result<i64, StoreError> {
        present(column, self.optional_integer(column)?)
    }

    /// A BIGINT that may be null.
    pub fn optional_integer(&self, column: &str) -> Result<Option<i64>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Integer(value) => Ok(Some(*value)),
            other => Err(not(column, "an integer", other)),
        }
    }

    /// A TEXT.
    pub fn text(&self, column: &str) -> Result<String, StoreError> {
        present(column, self.optional_text(column)?)
    }

    /// A TEXT that may be null.
    pub fn optional_text(&self, column: &str) -> Result<Option<String>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Text(value) => Ok(Some(value.clone())),
            other => Err(not(column, "text", other)),
        }
    }

    /// A BYTEA.
    pub fn bytes(&self, column: &str) -> Result<Vec<u8>, StoreError> {
        present(column, self.optional_bytes(column)?)
    }

    /// A BYTEA that may be null.
    pub fn optional_bytes(&self, column: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Bytes(value) => Ok(Some(value.clone())),
            other => Err(not(column, "bytes", other)),
        }
    }

    /// A BIGINT that is a time.
    pub fn time(&self, column: &str) -> Result<UtcMicros, StoreError> {
        self.integer(column).map(UtcMicros::from_micros)
    }

    /// A BIGINT that is a time and may be null.
    pub fn optional_time(&self, column: &str) -> Result<Option<UtcMicros>, StoreError> {
        let micros = self.optional_integer(column)?;
        Ok(micros.map(UtcMicros::from_micros))
    }

    /// A TEXT that is the written form of a type.
    pub fn parsed<T: FromStr>(&self, column: &str) -> Result<T, StoreError> {
        self.text(column)?
            .parse()
            .map_err(|_| StoreError::Corrupt(format!("column {column} does not read as its type")))
    }

    fn value(&self, column: &str) -> Result<&Value, StoreError> {
        self.columns
            .iter()
            .position(|name| name == column)
            .and_then(|position| self.values.get(position))
            .ok_or_else(|| StoreError::Misuse(format!("the answer has no column {column}")))
    }
}

fn present<T>(column: &str, value: Option<T>) -> Result<T, StoreError> {
    value.ok_or_else(|| StoreError::Corrupt(format!("column {column} is null")))
}

fn not(column: &str, wanted: &str, found: &Value) -> StoreError {
    StoreError::Corrupt(format!("column {column} holds {found:?}, not {wanted}"))
}
