//! Registering systems.

use std::collections::BTreeMap;

use evidence::{Actor, Reading};
use wire::id::SystemId;

use super::{System, sql};
use crate::Registry;
use crate::authority::must_administer;
use crate::organisation;
use crate::refused::{Noun, Refused};

/// Registers a system of a registered organisation.
pub async fn register(
    registry: &Registry,
    actor: &Actor,
    id: SystemId,
    name: String,
) -> Result<System, Refused> {
    must_administer(actor, &id.organisation)?;
    let mut change = registry.recorder.change(actor, "system.registered").await?;
    organisation::command::open(&mut change, &id.organisation).await?;
    if sql::find(&mut change, &id).await?.is_some() {
        return Err(Refused::Taken { noun: Noun::System, id: id.to_string() });
    }
    let system = System { id, name, registered_at: change.time(), closed_at: None };
    sql::insert(&mut change, &system).await?;
    change.record(BTreeMap::from([("system".to_owned(), system.id.to_string())])).await?;
    registry.publisher.publish(Some(actor)).await?;
    Ok(system)
}

/// The system, if it is not closed.
pub(crate) async fn open(reading: impl Reading, id: &SystemId) -> Result<System, Refused> {
    let system = sql::find(reading, id).await?.ok_or_else(|| unknown(id))?;
    match system.closed_at {
        None => Ok(system),
        Some(at) => Err(Refused::Closed { noun: Noun::System, id: id.to_string(), at }),
    }
}

pub(crate) fn unknown(id: &SystemId) -> Refused {
    Refused::Unknown { noun: Noun::System, id: id.to_string() }
}
