//! A writing transaction.

use crate::sqlite::SqliteTransaction;
use crate::{Row, StoreError, Value};

/// A transaction that may write; dropped without a commit, it is rolled back.
///
/// One at a time: others wait for it, so nothing slow belongs between its beginning and its end.
#[derive(Debug)]
pub struct WriteTransaction(Kind);

#[derive(Debug)]
enum Kind {
    Sqlite(SqliteTransaction),
}

impl WriteTransaction {
    pub(crate) fn sqlite(transaction: SqliteTransaction) -> Self {
        Self(Kind::Sqlite(transaction))
    }

    /// Executes one statement; returns the number of rows it changed.
    pub async fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        match &mut self.0 {
            Kind::Sqlite(transaction) => transaction.execute(sql, values).await,
        }
    }

    /// All rows of a query, which sees what this transaction has written.
    pub async fn fetch_all(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        match &mut self.0 {
            Kind::Sqlite(transaction) => transaction.fetch_all(sql, values).await,
        }
    }

    /// The row of a query that has at most one; of several, the first.
    pub async fn fetch_optional(
        &mut self,
        sql: &str,
        values: &[Value],
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch_all(sql, values).await?.into_iter().next())
    }

    /// Commits; durable when it returns. Only for `evidence::Change`, which has added the record.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.finish().await
    }

    /// Several statements without parameters: a schema step.
    pub(crate) async fn execute_script(&mut self, sql: &'static str) -> Result<(), StoreError> {
        match &mut self.0 {
            Kind::Sqlite(transaction) => transaction.execute_script(sql).await,
        }
    }

    pub(crate) async fn finish(self) -> Result<(), StoreError> {
        match self.0 {
            Kind::Sqlite(transaction) => transaction.commit().await,
        }
    }
}
