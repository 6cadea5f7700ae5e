//! What other processes that share the database tell.

use crate::postgres::PostgresNotices;

/// Notices of one channel: hints to look again, of which some may be lost.
pub struct Notices(pub(crate) Option<PostgresNotices>);

impl Notices {
    /// Waits until another process may have changed something. Never, where there is no other.
    pub async fn next(&mut self) {
        match &mut self.0 {
            Some(postgres) => postgres.next().await,
            None => std::future::pending().await,
        }
    }
}
