//! An open database.

use crate::migrations::{self, Migrations};
use crate::sqlite::Sqlite;
use crate::{Row, StoreError, Value, WriteTransaction};

/// Which database to open.
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    /// `sqlite:PATH`. The file is made if it is not there, its folder is not.
    pub url: String,
}

/// An open database; clones share it. Dispatches over the kinds of database.
#[derive(Debug, Clone)]
pub struct Database(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Sqlite(Sqlite),
}

impl Database {
    /// Opens the database the configuration names.
    pub async fn open(config: &DatabaseConfig) -> Result<Self, StoreError> {
        let path = config
            .url
            .strip_prefix("sqlite:")
            .map(|path| path.strip_prefix("//").unwrap_or(path))
            .filter(|path| !path.is_empty() && !path.starts_with(':'))
            .ok_or_else(|| StoreError::BadAddress(without_password(&config.url)))?;
        Sqlite::open(path.as_ref()).await.map(Kind::Sqlite).map(Self)
    }

    /// Brings the schema up to `sets`, in one transaction; nothing is done if it is. All sets the
    /// program has must be given at once: a set that is in the database and not here means that
    /// a newer program was there.
    pub async fn migrate(&self, sets: &[Migrations]) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        transaction.execute(migrations::CREATE_TABLE, &[]).await?;
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
        let applied = self.fetch_all(migrations::LIST, &[]).await?;
        Ok(migrations::missing(sets, &applied)?.len())
    }

    /// All rows of a query. The connections used here cannot write.
    pub async fn fetch_all(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        match &self.0 {
            Kind::Sqlite(sqlite) => sqlite.fetch_all(sql, values).await,
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
        }
    }

    async fn begin(&self) -> Result<WriteTransaction, StoreError> {
        match &self.0 {
            Kind::Sqlite(sqlite) => sqlite.begin().await.map(WriteTransaction::sqlite),
        }
    }
}

/// An address in an error must not show the password that may stand before its '@'.
fn without_password(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((_, place)) => format!("…@{place}"),
        None => url.to_owned(),
    }
}
