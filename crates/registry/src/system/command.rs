//! Registering systems.

use std::collections::BTreeMap;

use evidence::Actor;
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
    if organisation::sql::find(&mut change, &id.organisation).await?.is_none() {
        return Err(organisation::command::unknown(&id.organisation));
    }
    if sql::find(&mut change, &id).await?.is_some() {
        return Err(Refused::Taken { noun: Noun::System, id: id.to_string() });
    }
    let system = System { id, name, registered_at: change.time() };
    sql::insert(&mut change, &system).await?;
    change.record(BTreeMap::from([("system".to_owned(), system.id.to_string())])).await?;
    registry.publisher.publish(Some(actor)).await?;
    Ok(system)
}

pub(crate) fn unknown(id: &SystemId) -> Refused {
    Refused::Unknown { noun: Noun::System, id: id.to_string() }
}
