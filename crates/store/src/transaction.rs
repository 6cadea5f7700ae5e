//! A writing transaction.

use crate::postgres::PostgresTransaction;
use crate::sqlite::SqliteTransaction;
use crate::{Row, StoreError, Value};

/// A transaction that may write; dropped without a commit, it is rolled back.
///
/// One at a time: others wait for it, so nothing slow belongs between its beginning and its end.
/// After a statement has failed it can only be dropped, as PostgreSQL has it for every failure.
/// SQLite goes on after most, but has ended the transaction after some (no room, for one): what
/// came after would be committed by itself, without the rest.
#[derive(Debug)]
pub struct WriteTransaction {
    kind: Kind,
    failed: bool,
}

#[derive(Debug)]
enum Kind {
    Sqlite(SqliteTransaction),
    Postgres(PostgresTransaction),
}

impl WriteTransaction {
    pub(crate) fn sqlite(transaction: SqliteTransaction) -> Self {
        Self { kind: Kind::Sqlite(transaction), failed: false }
    }

    pub(crate) fn postgres(transaction: PostgresTransaction) -> Self {
        Self { kind: Kind::Postgres(transaction), failed: false }
    }

    /// Executes one statement; returns the number of rows it changed.
    pub async fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        self.refuse_if_failed()?;
        // Stays so if the future is dropped half-way: then nobody knows what was done.
        self.failed = true;
        let done = match &mut self.kind {
            Kind::Sqlite(transaction) => transaction.execute(sql, values).await,
            Kind::Postgres(transaction) => transaction.execute(sql, values).await,
        };
        self.failed = done.is_err();
        done
    }

    /// All rows of a query, which sees what this transaction has written.
    pub async fn fetch_all(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.refuse_if_failed()?;
        self.failed = true;
        let rows = match &mut self.kind {
            Kind::Sqlite(transaction) => transaction.fetch_all(sql, values).await,
            Kind::Postgres(transaction) => transaction.fetch_all(sql, values).await,
        };
        self.failed = rows.is_err();
        rows
    }

    /// The row of a query that has at most one; of several, the first.
    pub async fn fetch_optional(
        &mut self,
        sql: &str,
        values: &[Value],
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch_all(sql, values).await?.into_iter().next())
    }

    /// Tells the other processes that share the database, when this commits
    /// ([`Database::notices`](crate::Database::notices)).
    pub async fn notify(&mut self, channel: &str) -> Result<(), StoreError> {
        self.refuse_if_failed()?;
        self.failed = true;
        let told = match &mut self.kind {
            // The file belongs to one process.
            Kind::Sqlite(_) => Ok(()),
            Kind::Postgres(transaction) => transaction.notify(channel).await,
        };
        self.failed = told.is_err();
        told
    }

    /// Commits; durable when it returns. Only for `evidence::Change`, which has added the record.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.finish().await
    }

    /// Several statements without parameters: a schema step.
    pub(crate) async fn execute_script(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.refuse_if_failed()?;
        self.failed = true;
        let done = match &mut self.kind {
            Kind::Sqlite(transaction) => transaction.execute_script(sql).await,
            Kind::Postgres(transaction) => transaction.execute_script(sql).await,
        };
        self.failed = done.is_err();
        done
    }

    pub(crate) async fn finish(self) -> Result<(), StoreError> {
        self.refuse_if_failed()?;
        match self.kind {
            Kind::Sqlite(transaction) => transaction.commit().await,
            Kind::Postgres(transaction) => transaction.commit().await,
        }
    }

    fn refuse_if_failed(&self) -> Result<(), StoreError> {
        if self.failed {
            let why = "a statement of this transaction failed; it can only be dropped";
            return Err(StoreError::Misuse(why.to_owned()));
        }
        Ok(())
    }
}
