//! Credentials that come to their end: said 90, 30, 7 and 1 days ahead, each once.
//!
//! What was said is a row beside the entry that says it, so that neither another node nor a restart
//! says it again. **Invariant**: of a credential at most one event of each distance is recorded, and
//! none of a distance that is longer than one recorded already: who looks late is told the nearest.

pub mod api;
pub(crate) mod sql;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;
use wire::ambient::UtcMicros;
use wire::id::{KeyId, SystemId};

use crate::Registry;
use crate::refused::Refused;

/// How many days ahead it is said, the nearest first.
pub const DAYS_AHEAD: [u16; 4] = [1, 7, 30, 90];

/// That a credential comes to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Expiry {
    /// Its number among all changes of the registry.
    pub sequence: u64,
    /// The credential.
    #[schema(value_type = String, example = "k-0f3a9c5511d2e8b7")]
    pub keyid: KeyId,
    /// The system that needs a successor.
    #[schema(value_type = String, example = "H24.31/mot-cua")]
    pub system: SystemId,
    /// It ends within so many days: 90, 30, 7 or 1.
    pub days: u16,
    /// Until when it is accepted.
    #[schema(value_type = String, format = DateTime)]
    pub not_after: UtcMicros,
    /// When it was said.
    #[schema(value_type = String, format = DateTime)]
    pub noted_at: UtcMicros,
}

/// Says of every credential that came within a distance of its end that it has, each in a change and
/// an entry of its own. Returns how many there were.
pub async fn note_expiring(registry: &Registry) -> Result<usize, Refused> {
    let mut noted = 0;
    for days in DAYS_AHEAD {
        for keyid in sql::unnoted(&registry.database, registry.clock.now(), days).await? {
            noted += usize::from(note(registry, &keyid, days).await?);
        }
    }
    Ok(noted)
}

/// False if another node was quicker, or the credential was revoked meanwhile.
async fn note(registry: &Registry, keyid: &KeyId, days: u16) -> Result<bool, Refused> {
    let mut change = registry.recorder.change_by_platform("credential.expiring").await?;
    let now = change.time();
    let Some(credential) = super::sql::find(&mut change, keyid).await? else { return Ok(false) };
    let known = sql::is_noted(&mut change, keyid, days).await?;
    if known || !credential.is_alive(now) {
        return Ok(false);
    }
    let expiry = Expiry {
        sequence: change.sequence().await?,
        keyid: keyid.clone(),
        system: credential.system,
        days,
        not_after: credential.not_after,
        noted_at: now,
    };
    sql::insert(&mut change, &expiry).await?;
    let subject = BTreeMap::from([
        ("credential".to_owned(), keyid.to_string()),
        ("system".to_owned(), expiry.system.to_string()),
        ("days".to_owned(), days.to_string()),
        ("not_after".to_owned(), expiry.not_after.to_string()),
    ]);
    change.record(subject).await?;
    Ok(true)
}
