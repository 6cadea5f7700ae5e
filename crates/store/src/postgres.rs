//! The PostgreSQL dialect: one database server, shared by several processes.
//!
//! One connection of each process writes and several read. What a commit has made durable is
//! durable as the server is set up (`fsync` on, and see [`session`]).
//!
//! **Invariant**: reading connections cannot write; writing transactions follow one another over
//! all processes ([`lock`]); a text sorts by its bytes ([`schema`]), as in SQLite.
//! **Trust**: whoever may sign on to this database with the same rights can do all that `lgsp` can
//! do in it. The password is in no error, no log line and no `Debug`.

mod address;
mod answer;
mod lock;
mod notice;
mod schema;
mod session;

use std::fmt;
use std::sync::Arc;

use sqlx::postgres::{PgConnectOptions, PgPool, Postgres as Kind};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Transaction};

use self::address::Address;
pub(crate) use self::address::is_postgres;
use self::answer::{arguments, failure};
pub(crate) use self::notice::PostgresNotices;
pub(crate) use self::schema::{HAS_STEPS, NOW};
use crate::{DatabaseConfig, Row, StoreError, Value};

#[derive(Clone)]
pub(crate) struct Postgres {
    server: Arc<Server>,
    writer: PgPool,
    readers: PgPool,
}

/// The server, to be connected to and to be named in errors.
struct Server {
    /// `host:port/database`, without user and password.
    place: String,
    options: PgConnectOptions,
}

impl Postgres {
    /// Connects once to learn at once what is wrong with address, password or server; from then on
    /// the pools connect as needed.
    pub(crate) async fn open(config: &DatabaseConfig) -> Result<Self, StoreError> {
        let Address { place, options } = address::read(config)?;
        let server = Arc::new(Server { place, options });
        let mut first = server.connect().await?;
        let fits = session::refuse_unfit(&mut first, &server.place).await;
        // It has told what it was asked for; if it cannot say goodbye, that is no harm.
        drop(first.close().await);
        fits?;
        let readers = config.connections.saturating_sub(1).max(1);
        Ok(Self {
            writer: session::pool(1, session::WRITER).connect_lazy_with(server.options.clone()),
            readers: session::pool(readers, session::READER)
                .connect_lazy_with(session::read_only(server.options.clone())),
            server,
        })
    }

    pub(crate) async fn fetch_all(
        &self,
        sql: &str,
        values: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        let arguments = arguments(sql, values)?;
        let rows = sqlx::query_with(AssertSqlSafe(sql), arguments).fetch_all(&self.readers).await;
        match rows {
            Ok(rows) => answer::rows(&rows),
            Err(error) => Err(self.server.explain(error).await),
        }
    }

    pub(crate) async fn begin(&self) -> Result<PostgresTransaction, StoreError> {
        let begun = async {
            let mut inner = self.writer.begin().await?;
            lock::wait_for_turn(&mut inner).await?;
            Ok(inner)
        };
        match begun.await {
            Ok(inner) => Ok(PostgresTransaction { server: Arc::clone(&self.server), inner }),
            Err(error) => Err(self.server.explain(error).await),
        }
    }

    pub(crate) async fn notices(&self, channel: &str) -> Result<PostgresNotices, StoreError> {
        PostgresNotices::listen(self.server.options.clone(), &self.server.place, channel).await
    }

    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

impl Server {
    async fn connect(&self) -> Result<PgConnection, StoreError> {
        let connecting = PgConnection::connect_with(&self.options);
        match tokio::time::timeout(session::CONNECT, connecting).await {
            Ok(connected) => connected.map_err(|error| failure(&self.place, error)),
            Err(_) => Err(answer::unreachable(&self.place, "it does not answer")),
        }
    }

    /// What went wrong. A pool that had no connection to give does not say why: then the server
    /// is asked.
    async fn explain(&self, error: sqlx::Error) -> StoreError {
        if !matches!(error, sqlx::Error::PoolTimedOut) {
            return failure(&self.place, error);
        }
        match self.connect().await {
            Ok(connection) => {
                drop(connection.close().await);
                StoreError::Busy
            }
            Err(error) => error,
        }
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Postgres({})", self.server.place)
    }
}

pub(crate) struct PostgresTransaction {
    server: Arc<Server>,
    inner: Transaction<'static, Kind>,
}

// `AssertSqlSafe`: as in the SQLite dialect, the text is put together from constants only.
impl PostgresTransaction {
    pub(crate) async fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        let done = sqlx::query_with(AssertSqlSafe(sql), arguments(sql, values)?)
            .execute(&mut *self.inner)
            .await;
        done.map(|done| done.rows_affected()).map_err(|error| failure(&self.server.place, error))
    }

    pub(crate) async fn execute_script(&mut self, sql: &str) -> Result<(), StoreError> {
        let sql = schema::with_byte_order(sql);
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *self.inner).await;
        done.map(|_| ()).map_err(|error| failure(&self.server.place, error))
    }

    pub(crate) async fn fetch_all(
        &mut self,
        sql: &str,
        values: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        let rows = sqlx::query_with(AssertSqlSafe(sql), arguments(sql, values)?)
            .fetch_all(&mut *self.inner)
            .await
            .map_err(|error| failure(&self.server.place, error))?;
        answer::rows(&rows)
    }

    pub(crate) async fn notify(&mut self, channel: &str) -> Result<(), StoreError> {
        let told = notice::tell(&mut self.inner, channel).await;
        told.map_err(|error| failure(&self.server.place, error))
    }

    /// A connection that is lost here leaves open whether the server committed.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        let Self { server, inner } = self;
        inner.commit().await.map_err(|error| failure(&server.place, error))
    }
}

impl fmt::Debug for PostgresTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresTransaction({})", self.server.place)
    }
}
