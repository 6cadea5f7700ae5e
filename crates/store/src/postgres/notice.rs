//! LISTEN and NOTIFY: what one process tells the others within a transaction reaches them when it
//! commits, and not at all when it does not.
//!
//! A notice is a hint to look, never the news itself: it may be lost with the connection, so
//! whoever listens also looks from time to time.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgListener};

use super::answer::failure;
use super::session;
use crate::StoreError;

/// How long to wait after a connection that was lost before another is made.
const AGAIN: Duration = Duration::from_secs(1);

/// Tells all who listen to `channel`, when the transaction commits.
pub(super) async fn tell(connection: &mut PgConnection, channel: &str) -> Result<(), sqlx::Error> {
    let told = sqlx::query("SELECT pg_notify($1, '')").bind(channel);
    told.execute(connection).await.map(drop)
}

/// A connection that listens.
pub(crate) struct PostgresNotices {
    listener: PgListener,
}

impl PostgresNotices {
    pub(super) async fn listen(
        options: PgConnectOptions,
        place: &str,
        channel: &str,
    ) -> Result<Self, StoreError> {
        let explain = |error| failure(place, error);
        let pool = session::pool(1, session::READER).connect_lazy_with(options);
        let mut listener = PgListener::connect_with(&pool).await.map_err(explain)?;
        listener.listen(channel).await.map_err(explain)?;
        Ok(Self { listener })
    }

    /// Waits for the next notice. A connection that was lost and made again counts as one: nobody
    /// knows what was missed.
    pub(crate) async fn next(&mut self) {
        loop {
            match self.listener.try_recv().await {
                Ok(_) => return,
                Err(error) => {
                    tracing::warn!(%error, "the database's notices cannot be heard");
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }
}
