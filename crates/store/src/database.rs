//! An open database.

use std::fmt;

use zeroize::Zeroizing;

use wire::ambient::UtcMicros;

use crate::migrations::{self, Migrations};
use crate::postgres::{self, Postgres};
use crate::sqlite::{self, Sqlite};
use crate::{Notices, Row, StoreError, Value, WriteTransaction};

/// Which database to open.
#[derive(Clone)]
pub struct DatabaseConfig {
    /// `sqlite:PATH` (the file is made if it is not there, its folder is not), or
    /// `postgres://USER@HOST:PORT/DATABASE`.
    pub url: String,
    /// The server's password, if it does not stand in the URL.
    pub password: Option<Zeroizing<String>>,
    /// The most connections one process holds to a server, apart from the one that listens.
    pub connections: u32,
}

impl DatabaseConfig {
    /// How many connections a process holds if nobody says.
    pub const CONNECTIONS: u32 = 8;

    /// The database of this URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), password: None, connections: Self::CONNECTIONS }
    }

    /// The URL without its password, for people.
    pub fn shown(&self) -> String {
        without_password(&self.url)
    }

    /// Whether several processes may share it.
    pub fn is_shared(&self) -> bool {
        postgres::is_postgres(&self.url)
    }
}

impl fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseConfig({})", self.shown())
    }
}

/// An open database; clones share it. Dispatches over the kinds of database.
#[derive(Debug, Clone)]
pub struct Database(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Database {
    /// Opens the database the configuration names.
    pub async fn open(config: &DatabaseConfig) -> Result<Self, StoreError> {
        if config.is_shared() {
            return Postgres::open(config).await.map(Kind::Postgres).map(Self);
        }
        let path = config
            .url
            .strip_prefix("sqlite:")
            .map(|path| path.strip_prefix("//").unwrap_or(path))
            .filter(|path| !path.is_empty() && !path.starts_with(':'))
            .ok_or_else(|| StoreError::BadAddress(config.shown()))?;
        Sqlite::open(path.as_ref()).await.map(Kind::Sqlite).map(Self)
    }

    /// Whether other processes may write to it while this one has it open.
    pub fn is_shared(&self) -> bool {
        matches!(self.0, Kind::Postgres(_))
    }

    /// Begins to listen to what other processes tell on `channel`
    /// ([`WriteTransaction::notify`]).
    pub async fn notices(&self, channel: &str) -> Result<Notices, StoreError> {
        match &self.0 {
            Kind::Sqlite(_) => Ok(Notices(None)),
            Kind::Postgres(postgres) => Ok(Notices(Some(postgres.notices(channel).await?))),
        }
    }

    /// Brings the schema up to `sets`, in one transaction; nothing is done if it is. All sets the
    /// program has must be given at once: a set that is in the database and not here means that
    /// a newer program was there. Processes that start at once take turns: the second finds the
    /// work done.
    pub async fn migrate(&self, sets: &[Migrations]) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        transaction.execute_script(migrations::CREATE_TABLE).await?;
        let applied = transaction.fetch_all(migrations::LIST, &[]).await?;
        let missing = migrations::missing(sets, &applied)?;
        for step in &missing {
            transaction.execute_script(step.sql).await?;
            let values = [step.set.into(), step.position.into(), step.name.into(), step.sql.into()];
            transaction.execute(migrations::INSERT, &values).await?;
            tracing::info!(set = step.set, step = step.name, "schema step applied");
        }
        // A crash before this line leaves the schema as it was.
        transaction.finish().await
    }

    /// How many steps [`Self::migrate`] would apply; refuses what it would refuse, writes nothing.
    pub async fn missing_steps(&self, sets: &[Migrations]) -> Result<usize, StoreError> {
        let has_steps = match &self.0 {
            Kind::Sqlite(_) => sqlite::HAS_STEPS,
            Kind::Postgres(_) => postgres::HAS_STEPS,
        };
        let applied = match self.fetch_optional(has_steps, &[]).await? {
            Some(_) => self.fetch_all(migrations::LIST, &[]).await?,
            None => Vec::new(),
        };
        Ok(migrations::missing(sets, &applied)?.len())
    }

    /// All rows of a query. The connections used here cannot write.
    pub async fn fetch_all(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        match &self.0 {
            Kind::Sqlite(sqlite) => sqlite.fetch_all(sql, values).await,
            Kind::Postgres(postgres) => postgres.fetch_all(sql, values).await,
        }
    }

    /// The row of a query that has at most one; of several, the first.
    pub async fn fetch_optional(
        &self,
        sql: &str,
        values: &[Value],
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch_all(sql, values).await?.into_iter().next())
    }

    /// The database's own time: that of the server, if processes on several machines share it.
    pub async fn now(&self) -> Result<UtcMicros, StoreError> {
        let sql = match &self.0 {
            Kind::Sqlite(_) => sqlite::NOW,
            Kind::Postgres(_) => postgres::NOW,
        };
        let row = self.fetch_optional(sql, &[]).await?;
        row.ok_or_else(|| StoreError::corrupt("the database tells no time"))?.time("now")
    }

    /// Begins a writing transaction; waits while there is another. Only for
    /// `evidence::Recorder`, which adds the record of the change.
    pub async fn begin_write(&self) -> Result<WriteTransaction, StoreError> {
        self.begin().await
    }

    /// Closes all connections, when those in use have ended. Unneeded for safety: what is
    /// committed is durable.
    pub async fn close(&self) {
        match &self.0 {
            Kind::Sqlite(sqlite) => sqlite.close().await,
            Kind::Postgres(postgres) => postgres.close().await,
        }
    }

    async fn begin(&self) -> Result<WriteTransaction, StoreError> {
        match &self.0 {
            Kind::Sqlite(sqlite) => sqlite.begin().await.map(WriteTransaction::sqlite),
            Kind::Postgres(postgres) => postgres.begin().await.map(WriteTransaction::postgres),
        }
    }
}

/// An address in an error must not show the password that may stand before its '@' or behind its
/// '?'. Where it is not clear what is what, nothing is shown.
pub(crate) fn without_password(url: &str) -> String {
    if !postgres::is_postgres(url) {
        return url
            .rsplit_once('@')
            .map_or_else(|| url.to_owned(), |(_, place)| format!("…@{place}"));
    }
    let (scheme, rest) = url.split_once("://").unwrap_or((url, ""));
    let (server, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let server = server.rsplit_once('@').map_or(server, |(_, server)| server);
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    if rest.contains('@') {
        format!("{scheme}://…")
    } else {
        format!("{scheme}://{server}{path}")
    }
}
