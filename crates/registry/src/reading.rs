//! Reading rows, from the database or within a change: each query of a noun is written once.

use evidence::Change;
use store::{Database, Row, StoreError, Value};

/// Where rows can be read.
pub(crate) trait Reading {
    /// All rows of a query.
    async fn rows(self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError>;
    /// The row of a query that has at most one.
    async fn row(self, sql: &str, values: &[Value]) -> Result<Option<Row>, StoreError>;
}

impl Reading for &Database {
    async fn rows(self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.fetch_all(sql, values).await
    }

    async fn row(self, sql: &str, values: &[Value]) -> Result<Option<Row>, StoreError> {
        self.fetch_optional(sql, values).await
    }
}

impl Reading for &mut Change {
    async fn rows(self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.fetch_all(sql, values).await
    }

    async fn row(self, sql: &str, values: &[Value]) -> Result<Option<Row>, StoreError> {
        self.fetch_optional(sql, values).await
    }
}

/// What stands in our own table cannot be read as what was written there.
pub(crate) fn corrupt(table: &str, what: impl std::fmt::Display) -> StoreError {
    StoreError::corrupt(&format!("{table}: {what}"))
}

/// A column whose text, if there is one, is a type.
pub(crate) fn parsed_optional<T: std::str::FromStr>(
    row: &Row,
    column: &str,
) -> Result<Option<T>, StoreError> {
    let read =
        |text: String| text.parse().map_err(|_| corrupt(column, "does not read as its type"));
    row.optional_text(column)?.map(read).transpose()
}
