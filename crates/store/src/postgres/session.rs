//! How each connection is set up, and how many there are.

use std::time::Duration;

use sqlx::Row as _;
use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions, Postgres};

use super::answer::failure;
use crate::StoreError;

/// How long one connection may take to be made.
pub(super) const CONNECT: Duration = Duration::from_secs(5);
/// A transaction waits so long for the one writer, as with SQLite; longer, and something hangs.
pub(super) const WRITER: Duration = Duration::from_secs(30);
/// Whoever reads waits so long for a connection, or for a server that is away.
pub(super) const READER: Duration = Duration::from_secs(5);

/// What holds on every connection. A process that stops half-way through a transaction, or whose
/// machine is gone, must not keep the others from writing for ever.
const SETTINGS: [(&str, &str); 6] = [
    ("statement_timeout", "30s"),
    ("lock_timeout", "30s"),
    ("idle_in_transaction_session_timeout", "60s"),
    ("tcp_keepalives_idle", "15"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
];

/// The address with what holds on every connection.
pub(super) fn settings(options: PgConnectOptions) -> PgConnectOptions {
    options.options(SETTINGS)
}

/// A connection that cannot write.
pub(super) fn read_only(options: PgConnectOptions) -> PgConnectOptions {
    options.options([("default_transaction_read_only", "on")])
}

/// A pool that makes its connections when they are needed, tries each before it is used (the
/// server may have been restarted meanwhile), and waits for a server that is away.
pub(super) fn pool(connections: u32, patience: Duration) -> PoolOptions<Postgres> {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(patience)
        .test_before_acquire(true)
        .after_connect(|connection, _| Box::pin(async move { lasting_commits(connection).await }))
}

/// A commit that returned is durable, even on a server that is set not to wait for its disk. A
/// server that waits for its stand-by too is left so.
async fn lasting_commits(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let sql = "SELECT set_config('synchronous_commit', 'on', false)
               WHERE current_setting('synchronous_commit') = 'off'";
    sqlx::query(sql).execute(connection).await.map(drop)
}

/// Refuses a database that would keep texts in another encoding, or cannot be written.
pub(super) async fn refuse_unfit(
    connection: &mut PgConnection,
    place: &str,
) -> Result<(), StoreError> {
    let sql = "SELECT current_setting('server_encoding') AS encoding,
                      current_setting('server_version_num')::bigint AS version,
                      pg_is_in_recovery() AS stand_by";
    let told = sqlx::query(sql).fetch_one(connection).await;
    let told = told.map_err(|error| failure(place, error))?;
    let read = |error| failure(place, error);
    let encoding: String = told.try_get("encoding").map_err(read)?;
    let version: i64 = told.try_get("version").map_err(read)?;
    let unfit = |reason: String| Err(StoreError::Unfit { place: place.to_owned(), reason });
    if encoding != "UTF8" {
        return unfit(format!(
            "its encoding is {encoding}, and it must be UTF8 (createdb --encoding=UTF8 --template=template0)"
        ));
    }
    if version < OLDEST {
        return unfit("its server is older than PostgreSQL 13".to_owned());
    }
    if told.try_get("stand_by").map_err(read)? {
        return unfit("its server is a stand-by that only reads; name the primary".to_owned());
    }
    Ok(())
}

/// PostgreSQL 13, as `server_version_num` writes it.
const OLDEST: i64 = 130_000;
