//! Compromised keys (lộ khóa): one command that takes a system's keys out of use and its connections
//! out of force, so that whoever found a key can do nothing more with it.
//!
//! **Invariant**: revocations, suspensions and the one entry that names them all are one change:
//! nothing is half done. **Trust**: whoever administers the system's organisation can stop their own
//! system at once; putting its connections back into force is the operator's.

pub mod api;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;

use evidence::{Actor, Change};
use serde::Serialize;
use utoipa::ToSchema;
use wire::ambient::UtcMicros;
use wire::id::{ConnectionId, KeyId, SystemId};

use super::{command, sql};
use crate::Registry;
use crate::authority::must_administer;
use crate::connection::command::suspend_consumer;
use crate::connection::said::Said;
use crate::refused::{Noun, Refused};
use crate::system;

/// The most ids that stand in the entry; the rest is counted, for an entry has its length.
const NAMED: usize = 1_000;

/// What a report of compromised keys did.
#[derive(Debug, Serialize, ToSchema)]
pub struct Compromise {
    /// The system whose keys are compromised.
    #[schema(value_type = String, example = "H24.31/mot-cua")]
    pub system: SystemId,
    /// When it took force.
    #[schema(value_type = String, format = DateTime)]
    pub at: UtcMicros,
    /// The credentials that were revoked by it.
    #[schema(value_type = Vec<String>)]
    pub revoked: Vec<KeyId>,
    /// The connections, as whose consumer the system called, that were suspended by it.
    #[schema(value_type = Vec<String>)]
    pub suspended: Vec<ConnectionId>,
}

/// Revokes the named credentials of a system, or all of them when none is named, and suspends its
/// active connections. When this returns, gateways know.
pub async fn report(
    registry: &Registry,
    actor: &Actor,
    system: SystemId,
    named: &[KeyId],
    reason: &str,
) -> Result<Compromise, Refused> {
    must_administer(actor, &system.organisation)?;
    let mut change = registry.recorder.change(actor, "credential.compromised").await?;
    if system::sql::find(&mut change, &system).await?.is_none() {
        return Err(Refused::Unknown { noun: Noun::System, id: system.to_string() });
    }
    let revoked = revoke(&mut change, &system, named, reason).await?;
    let said = Said {
        measures: Some("Đã thu hồi khóa bị lộ của hệ thống khai thác.".to_owned()),
        restored_when: Some(
            "Hệ thống khai thác đã đăng ký khóa mới và đơn vị vận hành xác nhận an toàn."
                .to_owned(),
        ),
        ..Said::because(Some(reason))
    };
    let suspended = suspend_consumer(&mut change, actor, &system, &said).await?;
    let at = change.time();
    change.record(subject(&system, &revoked, &suspended)).await?;
    registry.publisher.publish(Some(actor)).await?;
    Ok(Compromise { system, at, revoked, suspended })
}

/// Takes those of `system` that are named, or all, out of use; what is out of use already stays.
async fn revoke(
    change: &mut Change,
    system: &SystemId,
    named: &[KeyId],
    reason: &str,
) -> Result<Vec<KeyId>, Refused> {
    let now = change.time();
    for keyid in named {
        let found = sql::find(&mut *change, keyid).await?;
        found.filter(|it| it.system == *system).ok_or_else(|| command::unknown(keyid))?;
    }
    let mut revoked = sql::alive_of(&mut *change, system, now).await?;
    revoked.retain(|keyid| named.is_empty() || named.contains(keyid));
    for keyid in &revoked {
        sql::revoke(change, keyid, now, Some(reason)).await?;
    }
    Ok(revoked)
}

fn subject(
    system: &SystemId,
    revoked: &[KeyId],
    suspended: &[ConnectionId],
) -> BTreeMap<String, String> {
    let listed =
        |ids: &mut dyn Iterator<Item = String>| ids.take(NAMED).collect::<Vec<_>>().join(" ");
    BTreeMap::from([
        ("system".to_owned(), system.to_string()),
        ("credentials".to_owned(), listed(&mut revoked.iter().map(ToString::to_string))),
        ("connections".to_owned(), listed(&mut suspended.iter().map(ToString::to_string))),
        ("revoked".to_owned(), revoked.len().to_string()),
        ("suspended".to_owned(), suspended.len().to_string()),
    ])
}
