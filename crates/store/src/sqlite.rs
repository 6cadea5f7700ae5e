//! The SQLite dialect: one file, nothing to install.
//!
//! One connection writes and several read. The write-ahead log lets readers go on while it
//! writes; `synchronous=FULL` makes a commit durable before it returns.
//!
//! **Invariant**: reading connections cannot write (`query_only`), so nothing gets past the one
//! writer, and two writers never deadlock: a transaction takes the write lock when it begins.

mod answer;
mod file;
mod schema;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Transaction};

use self::answer::{arguments, failure};
pub(crate) use self::schema::{HAS_STEPS, NOW};
use crate::{Row, StoreError, Value};

/// A statement waits so long for another process that holds the file (a backup, `lgsp check`).
const BUSY: Duration = Duration::from_secs(5);
/// A transaction waits so long for the one writer; longer, and something hangs.
const WRITER: Duration = Duration::from_secs(30);
const READERS: u32 = 4;

#[derive(Clone)]
pub(crate) struct Sqlite {
    path: PathBuf,
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Sqlite {
    pub(crate) async fn open(path: &Path) -> Result<Self, StoreError> {
        file::prepare(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            // A database prepared by someone else must not run functions through its schema.
            .pragma("trusted_schema", "OFF")
            .disable_statement_logging();
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(WRITER)
                .idle_timeout(None)
                .max_lifetime(None)
        };
        let refused = |error| failure(path, error);
        // The writer first: it puts the file into write-ahead mode, which a reader cannot.
        let writer = pool(1)
            // Some failures end a transaction behind sqlx's back, whose own rollback then fails;
            // it would take the connection for busy for ever. Such a one is closed, not reused.
            .before_acquire(|connection, _| {
                let is_sound = !connection.is_in_transaction();
                Box::pin(async move { Ok(is_sound) })
            })
            .connect_with(options.clone())
            .await
            .map_err(refused)?;
        let readers = pool(READERS)
            .connect_with(options.pragma("query_only", "ON"))
            .await
            .map_err(refused)?;
        Ok(Self { path: path.to_owned(), writer, readers })
    }

    pub(crate) async fn fetch_all(
        &self,
        sql: &str,
        values: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        let rows = sqlx::query_with(AssertSqlSafe(sql), arguments(sql, values)?)
            .fetch_all(&self.readers)
            .await
            .map_err(|error| failure(&self.path, error))?;
        answer::rows(&rows)
    }

    pub(crate) async fn begin(&self) -> Result<SqliteTransaction, StoreError> {
        let inner = self
            .writer
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(|error| failure(&self.path, error))?;
        Ok(SqliteTransaction { path: self.path.clone(), inner })
    }

    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sqlite({})", self.path.display())
    }
}

pub(crate) struct SqliteTransaction {
    path: PathBuf,
    inner: Transaction<'static, sqlx::Sqlite>,
}

// `AssertSqlSafe` below: a statement's text is put together from constants only, here and in the
// domain crates; whatever comes from outside is a value.
impl SqliteTransaction {
    pub(crate) async fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        let done = sqlx::query_with(AssertSqlSafe(sql), arguments(sql, values)?)
            .execute(&mut *self.inner)
            .await;
        done.map(|done| done.rows_affected()).map_err(|error| failure(&self.path, error))
    }

    pub(crate) async fn execute_script(&mut self, sql: &str) -> Result<(), StoreError> {
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *self.inner).await;
        done.map(|_| ()).map_err(|error| failure(&self.path, error))
    }

    pub(crate) async fn fetch_all(
        &mut self,
        sql: &str,
        values: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        let rows = sqlx::query_with(AssertSqlSafe(sql), arguments(sql, values)?)
            .fetch_all(&mut *self.inner)
            .await
            .map_err(|error| failure(&self.path, error))?;
        answer::rows(&rows)
    }

    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        let Self { path, inner } = self;
        inner.commit().await.map_err(|error| failure(&path, error))
    }
}

impl fmt::Debug for SqliteTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqliteTransaction({})", self.path.display())
    }
}
