//! Publications that are late: said once, in the log.
//!
//! What was said is a mark beside the deadline, in the change of the entry that says it, so that
//! neither another node nor a restart says it again. A clock publishes nothing.

use std::collections::BTreeMap;

use evidence::{Change, Reading};
use store::StoreError;
use wire::ambient::UtcMicros;
use wire::id::ServiceId;

use crate::Registry;
use crate::refused::Refused;

/// How many are looked at in one turn.
const IN_ONE_TURN: i64 = 200;

/// Says of every service that waits for its publication past the deadline that it does, each in a
/// change and an entry of its own. Returns how many there were.
pub(crate) async fn note_overdue(registry: &Registry) -> Result<usize, Refused> {
    let mut noted = 0;
    for (service, due) in unnoted(&registry.database, registry.clock.now()).await? {
        let mut change = registry.recorder.change_by_platform("service.deadline_passed").await?;
        if !mark(&mut change, &service).await? {
            continue;
        }
        let subject = BTreeMap::from([
            ("service".to_owned(), service.to_string()),
            ("duty".to_owned(), "publication".to_owned()),
            ("by".to_owned(), "operator".to_owned()),
            ("due".to_owned(), due.to_string()),
        ]);
        change.record(subject).await?;
        noted += 1;
    }
    Ok(noted)
}

async fn unnoted(
    reading: impl Reading,
    now: UtcMicros,
) -> Result<Vec<(ServiceId, UtcMicros)>, StoreError> {
    let sql = "SELECT id, publish_due FROM service
        WHERE stage = 'ready' AND publish_due <= $1 AND publish_passed_at IS NULL
        ORDER BY publish_due, id LIMIT $2";
    let rows = reading.rows(sql, &[now.into(), IN_ONE_TURN.into()]).await?;
    rows.iter().map(|row| Ok((row.parsed("id")?, row.time("publish_due")?))).collect()
}

/// False if it was said already, or the service is published by now.
async fn mark(change: &mut Change, service: &ServiceId) -> Result<bool, StoreError> {
    let sql = "UPDATE service SET publish_passed_at = $2
        WHERE id = $1 AND stage = 'ready' AND publish_passed_at IS NULL";
    let values = [service.to_string().into(), change.time().into()];
    Ok(change.execute(sql, &values).await? > 0)
}
