//! Registering, changing and closing systems.

use std::collections::BTreeMap;

use evidence::{Actor, Reading};
use web::IfMatch;
use wire::directory::AliasName;
use wire::id::SystemId;
use wire::network::Network;

use super::{System, sql};
use crate::Registry;
use crate::authority::must_administer;
use crate::decision::DecisionNumber;
use crate::refused::{Noun, Refused};
use crate::{alias, organisation};

/// What is known of a system, apart from its id.
#[derive(Debug, Clone, Default)]
pub struct Traits {
    /// What people call it; as it was when left out.
    pub name: Option<String>,
    /// Its level of information security, and the decision that approved it.
    pub level: Option<(u8, DecisionNumber)>,
    /// From where it calls.
    pub networks: Option<Vec<Network>>,
}

/// Registers a system of a registered organisation.
pub async fn register(
    registry: &Registry,
    actor: &Actor,
    id: SystemId,
    traits: Traits,
) -> Result<System, Refused> {
    must_administer(actor, &id.organisation)?;
    let mut change = registry.recorder.change(actor, "system.registered").await?;
    organisation::command::open(&mut change, &id.organisation).await?;
    if sql::find(&mut change, &id).await?.is_some() {
        return Err(Refused::Taken { noun: Noun::System, id: id.to_string() });
    }
    if alias::sql::find(&mut change, &AliasName::System(id.clone())).await?.is_some() {
        return Err(Refused::Taken { noun: Noun::Alias, id: id.to_string() });
    }
    let mut system = System {
        id,
        name: String::new(),
        security_level: None,
        level_decision: None,
        networks: Vec::new(),
        registered_at: change.time(),
        closed_at: None,
    };
    traits.apply(&mut system);
    sql::insert(&mut change, &system).await?;
    change.record(subject(&system.id)).await?;
    registry.publisher.publish(Some(actor)).await?;
    Ok(system)
}

/// Changes what is known of a system.
pub async fn change(
    registry: &Registry,
    actor: &Actor,
    id: &SystemId,
    traits: Traits,
    seen: &IfMatch,
) -> Result<System, Refused> {
    must_administer(actor, &id.organisation)?;
    let mut change = registry.recorder.change(actor, "system.changed").await?;
    let mut system = open(&mut change, id).await?;
    seen.require(&system)?;
    let mut subject = subject(id);
    subject.insert("changed".to_owned(), traits.named());
    if let Some((level, decision)) = &traits.level {
        subject.insert("security_level".to_owned(), level.to_string());
        subject.insert("decision".to_owned(), decision.to_string());
    }
    traits.apply(&mut system);
    sql::update(&mut change, &system).await?;
    change.record(subject).await?;
    registry.publisher.publish(Some(actor)).await?;
    Ok(system)
}

/// Ends a system that no key and no connection is left of. Its services end with it.
pub async fn close(
    registry: &Registry,
    actor: &Actor,
    id: &SystemId,
    seen: &IfMatch,
) -> Result<System, Refused> {
    must_administer(actor, &id.organisation)?;
    let mut change = registry.recorder.change(actor, "system.closed").await?;
    let mut system = open(&mut change, id).await?;
    seen.require(&system)?;
    let now = change.time();
    let used_by = sql::used_by(&mut change, id, now).await?;
    if !used_by.is_empty() {
        return Err(Refused::StillUsed { noun: Noun::System, id: id.to_string(), used_by });
    }
    system.closed_at = Some(now);
    sql::update(&mut change, &system).await?;
    change.record(subject(id)).await?;
    registry.publisher.publish(Some(actor)).await?;
    Ok(system)
}

impl Traits {
    fn apply(self, system: &mut System) {
        let Self { name, level, networks } = self;
        if let Some(name) = name {
            system.name = name;
        }
        if let Some((level, decision)) = level {
            system.security_level = Some(level);
            system.level_decision = Some(decision.to_string());
        }
        if let Some(networks) = networks {
            system.networks = networks;
        }
    }

    /// Which of them there are, as entries name them.
    fn named(&self) -> String {
        let named = [
            ("name", self.name.is_some()),
            ("level", self.level.is_some()),
            ("networks", self.networks.is_some()),
        ];
        let named = named.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name);
        named.collect::<Vec<_>>().join(" ")
    }
}

fn subject(id: &SystemId) -> BTreeMap<String, String> {
    BTreeMap::from([("system".to_owned(), id.to_string())])
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
