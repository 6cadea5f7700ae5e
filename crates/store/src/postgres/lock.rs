//! One writing transaction at a time, over all processes that share the database.
//!
//! An advisory lock is taken when a transaction begins and freed by the server when it ends,
//! however it ends: commit, rollback, a killed process, a cut line. Isolation is `READ COMMITTED`:
//! each statement sees all that was committed before it, and while the lock is held nobody else
//! commits, so a transaction sees one state of the whole database, plus its own writes.

use sqlx::postgres::PgConnection;

/// Any constant will do that no other program uses in this database: the letters "lgsp".
const LOCK: i64 = 0x6c67_7370;

/// Waits for the lock, as long as `session` allows.
pub(super) async fn wait_for_turn(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let wait = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK);
    wait.execute(connection).await.map(drop)
}
