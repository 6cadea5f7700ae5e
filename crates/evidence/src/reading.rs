//! Reading rows, from the database or within a change: each query of a noun is written once.

use std::future::Future;

use store::{Database, Row, StoreError, Value};

use crate::change::Change;

/// Where rows can be read.
pub trait Reading {
    /// All rows of a query.
    fn rows(
        self,
        sql: &str,
        values: &[Value],
    ) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send;

    /// The row of a query that has at most one.
    fn row(
        self,
        sql: &str,
        values: &[Value],
    ) -> impl Future<Output = Result<Option<Row>, StoreError>> + Send;
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
