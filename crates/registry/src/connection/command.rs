//! Requesting connections, and taking every further step.

use std::collections::BTreeMap;

use evidence::{Actor, Change};
use wire::ambient::UtcMicros;
use wire::canonical::canonical_of;
use wire::digest::{ContentDigest, DigestAlgorithm};
use wire::id::{ConnectionId, Role, ServiceId, SystemId};
use wire::problem::Text;

use super::api::view;
use super::lifecycle::{self, Party, Past, State, Step, StepRefusal, Wanted};
use super::said::Said;
use super::{
    Asked, Connection, TakenStep, agreement, condition, deadline, sandbox_test, sql, suspension,
};
use crate::Registry;
use crate::authority::Sight;
use crate::refused::{Noun, Refused};
use crate::service::life::ServiceState;
use crate::{regulation, service, system};
use web::{IfMatch, field};

/// What requesting a connection needs.
#[derive(Debug, Clone)]
pub struct NewConnection {
    /// The system that wants to use the service.
    pub consumer: SystemId,
    /// The service version it wants to use.
    pub service: ServiceId,
    /// What is asked for.
    pub asked: Asked,
    /// The connection to be amended by this one.
    pub amends: Option<ConnectionId>,
}

/// Opens a connection as a draft.
pub async fn request(
    registry: &Registry,
    actor: &Actor,
    new: NewConnection,
) -> Result<Connection, Refused> {
    must_request(actor, &new.consumer, &new.service)?;
    let change = registry.recorder.change(actor, action(Step::Request)).await?;
    open(registry, actor, change, new).await
}

async fn open(
    registry: &Registry,
    actor: &Actor,
    mut change: Change,
    new: NewConnection,
) -> Result<Connection, Refused> {
    system::command::open(&mut change, &new.consumer).await?;
    let service = service::sql::find(&mut change, &new.service).await?;
    let state = service.map(|service| service.life.state(change.time()));
    // A draft is as good as not there, and nobody can call what is gone.
    if !matches!(state, Some(ServiceState::Published | ServiceState::Deprecated)) {
        return Err(service::command::unknown(&new.service));
    }
    // The services of a closed system ended with it.
    system::command::open(&mut change, &new.service.system_id()).await?;
    must_amend_its_own(&mut change, &new).await?;
    let connection = Connection {
        id: ConnectionId::new(change.time(), registry.randomness.as_ref()),
        consumer: new.consumer,
        service: new.service,
        state: State::Draft,
        amends: new.amends,
        asked: new.asked,
        requested_at: change.time(),
    };
    sql::insert(&mut change, &connection).await?;
    note(&mut change, actor, &connection, Step::Request, &Said::default()).await?;
    deadline::follow(&mut change, &connection.id, (Step::Request, connection.state)).await?;
    let mut subject = subject(&connection);
    subject.insert("asked".to_owned(), fingerprint(&connection.asked)?);
    change.record(subject).await?;
    Ok(connection)
}

/// Opens an amendment that changes nothing but the end of a connection in force.
pub async fn renew(
    registry: &Registry,
    actor: &Actor,
    id: &ConnectionId,
    until: UtcMicros,
    seen: &IfMatch,
) -> Result<Connection, Refused> {
    let mut change = registry.recorder.change(actor, action(Step::Request)).await?;
    let renewed = load_as_seen(registry, &mut change, actor, id, Step::Request, seen).await?;
    let state = renewed.state;
    if !matches!(state, State::Active | State::Suspended) {
        return Err(StepRefusal::NotFromHere { step: Step::Replace, state }.into());
    }
    let asked = Asked { until, ..renewed.asked };
    let amends = Some(renewed.id);
    let new = NewConnection { consumer: renewed.consumer, service: renewed.service, asked, amends };
    open(registry, actor, change, new).await
}

/// Rewrites what a draft or returned connection asks for.
pub async fn revise(
    registry: &Registry,
    actor: &Actor,
    id: &ConnectionId,
    asked: Asked,
    seen: &IfMatch,
) -> Result<Connection, Refused> {
    let mut change = registry.recorder.change(actor, action(Step::Revise)).await?;
    let mut connection = load_as_seen(registry, &mut change, actor, id, Step::Revise, seen).await?;
    let parties = parties_of(actor, &connection);
    let said = Said::default();
    move_on(&mut change, actor, &parties, &mut connection, Step::Revise, &said).await?;
    connection.asked = asked;
    sql::rewrite(&mut change, &connection).await?;
    let mut subject = subject(&connection);
    subject.insert("asked".to_owned(), fingerprint(&connection.asked)?);
    change.record(subject).await?;
    Ok(connection)
}

/// Takes a step. When this returns, gateways know what follows from it.
pub async fn take(
    registry: &Registry,
    actor: &Actor,
    id: &ConnectionId,
    step: Step,
    said: &Said,
    seen: &IfMatch,
) -> Result<Connection, Refused> {
    let mut change = registry.recorder.change(actor, action(step)).await?;
    let mut connection = load_as_seen(registry, &mut change, actor, id, step, seen).await?;
    let before = connection.state;
    let parties = parties_of(actor, &connection);
    let moved = move_on(&mut change, actor, &parties, &mut connection, step, said).await;
    if let Err(Refused::Step(StepRefusal::NotYet { .. })) = &moved {
        // Whatever else is missing is named with it.
        condition::must_be_met(&registry.database, &connection, change.time()).await?;
    }
    moved?;
    let mut subject = subject(&connection);
    if let Some(ground) = &said.ground {
        subject.insert("ground".to_owned(), ground.clone());
    }
    match step {
        Step::ConfirmTest => {
            let entries = said.entries.as_deref().unwrap_or_default();
            sandbox_test::confirm(&registry.recorder, &mut change, &connection, entries).await?;
            subject.insert("calls".to_owned(), entries.len().to_string());
        }
        Step::Approve => {
            let now = change.time();
            condition::must_be_met(&registry.database, &connection, now).await?;
            let digest = agreement::keep(registry, &mut change, &connection).await?;
            subject.insert("agreement".to_owned(), digest);
        }
        Step::Activate => agreement::must_hold(registry, &mut change, &connection).await?,
        _ => {}
    }
    if step == Step::Activate
        && let Some(amended) = replace_amended(&mut change, actor, &connection).await?
    {
        subject.insert("replaces".to_owned(), amended.to_string());
    }
    change.record(subject).await?;
    if before.is_published() || connection.state.is_published() {
        registry.publisher.publish(Some(actor)).await?;
    }
    Ok(connection)
}

/// Suspends whatever `consumer` may call now, as a consequence of what befell it, within `change`.
/// It is its own organisation's administrator, or the operator, who says so.
pub(crate) async fn suspend_consumer(
    change: &mut Change,
    actor: &Actor,
    consumer: &SystemId,
    said: &Said,
) -> Result<Vec<ConnectionId>, Refused> {
    let active = sql::active_of(&mut *change, consumer).await?;
    let mut suspended = Vec::with_capacity(active.len());
    for mut connection in active {
        let parties = [Party::Platform];
        move_on(change, actor, &parties, &mut connection, Step::Suspend, said).await?;
        if actor.organisation == consumer.organisation {
            suspension::is_told(change, &connection.id).await?;
        }
        suspended.push(connection.id);
    }
    Ok(suspended)
}

fn must_request(
    actor: &Actor,
    consumer: &SystemId,
    service: &ServiceId,
) -> Result<(), StepRefusal> {
    must_be_for(Step::Request, &parties(actor, consumer, service))
}

fn must_be_for(step: Step, parties: &[Party]) -> Result<(), StepRefusal> {
    let by = lifecycle::who_may(step);
    if by.iter().any(|party| parties.contains(party)) {
        return Ok(());
    }
    Err(StepRefusal::NotYours { step, by })
}

/// The connection, if `actor` stands where `step` is theirs, and it is still as they saw it.
async fn load_as_seen(
    registry: &Registry,
    change: &mut Change,
    actor: &Actor,
    id: &ConnectionId,
    step: Step,
    seen: &IfMatch,
) -> Result<Connection, Refused> {
    let connection = load(change, id).await?;
    must_be_for(step, &parties_of(actor, &connection))?;
    if matches!(seen, IfMatch::OneOf(_)) {
        let now = registry.clock.now();
        seen.require(&view::within(change, connection.clone(), now).await?)?;
    }
    Ok(connection)
}

/// An amendment is of the same system and service, and of something in force.
async fn must_amend_its_own(change: &mut Change, new: &NewConnection) -> Result<(), Refused> {
    let Some(id) = &new.amends else { return Ok(()) };
    let amended = load(change, id).await?;
    let in_force = matches!(amended.state, State::Active | State::Suspended);
    if in_force && amended.consumer == new.consumer && amended.service == new.service {
        // Two amendments would both come into force, and only one in the place of the old.
        return match sql::find_amendment(change, id).await? {
            Some(other) => Err(Refused::AmendedAlready(other)),
            None => Ok(()),
        };
    }
    let rule = Text::new(
        "một kết nối đang có hiệu lực, của cùng hệ thống và cùng dịch vụ.",
        "a connection in force, of the same system and service.",
    );
    Err(field::invalid("amends", &rule).into())
}

/// Asks the lifecycle, then writes the new state and the step down.
pub(crate) async fn move_on(
    change: &mut Change,
    actor: &Actor,
    parties: &[Party],
    connection: &mut Connection,
    step: Step,
    said: &Said,
) -> Result<(), Refused> {
    let past: Vec<Past> = sql::past(&mut *change, &connection.id).await?;
    let reason = said.reason.as_deref();
    let wanted = Wanted { step, parties, credential: &actor.credential, reason };
    connection.state = lifecycle::decide(connection.state, &past, wanted)?;
    said.must_suit(step)?;
    match step {
        Step::Approve => must_be_the_only_one(change, connection).await?,
        Step::End => must_name_a_ground(change, said).await?,
        Step::WaiveTest => must_be_waivable(change, parties).await?,
        _ => {}
    }
    sql::move_to(change, &connection.id, connection.state).await?;
    note(change, actor, connection, step, said).await?;
    deadline::follow(change, &connection.id, (step, connection.state)).await?;
    suspension::follow(change, actor, connection, step, said).await
}

/// Of one system, service and purpose one connection is in force, and perhaps its amendment.
async fn must_be_the_only_one(change: &mut Change, connection: &Connection) -> Result<(), Refused> {
    let (consumer, service) = (&connection.consumer, &connection.service);
    for other in sql::in_force_between(change, consumer, service).await? {
        let amended = connection.amends == Some(other.id);
        if !amended && other.id != connection.id && other.asked.purpose == connection.asked.purpose
        {
            return Err(Refused::PurposeServed(other.id));
        }
    }
    Ok(())
}

async fn must_name_a_ground(change: &mut Change, said: &Said) -> Result<(), Refused> {
    let at = change.time();
    let rules = regulation::sql::in_force(change, at).await?;
    if said.ground.as_deref().is_some_and(|ground| rules.ground(ground).is_some()) {
        return Ok(());
    }
    let known: Vec<_> = rules.grounds.iter().map(|ground| ground.code.as_str()).collect();
    let known = known.join(", ");
    let rule = Text::new(
        format!("một trong các căn cứ chấm dứt {known}."),
        format!("one of the grounds for ending {known}."),
    );
    Err(field::invalid("ground", &rule).into())
}

/// Only whom the rules of the day name may waive a test; by those that are shipped, nobody.
async fn must_be_waivable(change: &mut Change, parties: &[Party]) -> Result<(), Refused> {
    let at = change.time();
    let by = regulation::sql::in_force(change, at).await?.test_waived_by;
    if by.iter().any(|party| parties.contains(party)) {
        Ok(())
    } else {
        Err(Refused::NotWaivable(by))
    }
}

/// Ends what the activated `amendment` amends. That it ended already is no reason to refuse.
async fn replace_amended(
    change: &mut Change,
    actor: &Actor,
    amendment: &Connection,
) -> Result<Option<ConnectionId>, Refused> {
    let Some(id) = &amendment.amends else {
        return Ok(None);
    };
    let mut amended = load(change, id).await?;
    let wanted = Wanted {
        step: Step::Replace,
        parties: &[Party::Platform],
        credential: &actor.credential,
        reason: None,
    };
    let Ok(ended) = lifecycle::decide(amended.state, &[], wanted) else {
        return Ok(None);
    };
    amended.state = ended;
    sql::move_to(change, id, ended).await?;
    let said = Said::default();
    note(change, actor, &amended, Step::Replace, &said).await?;
    deadline::follow(change, id, (Step::Replace, amended.state)).await?;
    suspension::inherit(change, id, &amendment.id).await?;
    Ok(Some(*id))
}

async fn note(
    change: &mut Change,
    actor: &Actor,
    connection: &Connection,
    step: Step,
    said: &Said,
) -> Result<(), Refused> {
    let taken = TakenStep {
        number: sql::next_number(&mut *change, &connection.id).await?,
        step,
        state: connection.state,
        organisation: actor.organisation.clone(),
        role: actor.role,
        credential: actor.credential.clone(),
        at: change.time(),
        reason: said.reason.clone(),
        ground: said.ground.clone(),
        sequence: change.sequence().await?,
    };
    sql::note(change, &connection.id, &taken).await?;
    Ok(())
}

pub(crate) fn parties_of(actor: &Actor, connection: &Connection) -> Vec<Party> {
    parties(actor, &connection.consumer, &connection.service)
}

/// In which capacities `actor` stands to a connection between these two.
fn parties(actor: &Actor, consumer: &SystemId, service: &ServiceId) -> Vec<Party> {
    match actor.role {
        Role::OrganisationAdmin => {
            let sides = [
                (Party::Consumer, &consumer.organisation),
                (Party::Provider, &service.organisation),
            ];
            let own = sides.into_iter().filter(|(_, side)| **side == actor.organisation);
            own.map(|(party, _)| party).collect()
        }
        Role::Operator => vec![Party::Operator],
        Role::StateManager => vec![Party::StateManager],
        Role::Officer | Role::Auditor | Role::IncidentHandler => Vec::new(),
    }
}

pub(crate) async fn load(change: &mut Change, id: &ConnectionId) -> Result<Connection, Refused> {
    sql::find(change, id).await?.ok_or_else(|| unknown(id))
}

/// A connection that `actor` may see: one of its own organisation, on either side. Who may not see
/// it is not told that it is there.
pub(super) async fn load_seen(
    registry: &Registry,
    actor: &Actor,
    id: &ConnectionId,
) -> Result<Connection, Refused> {
    let sight = Sight::of(actor);
    let found = sql::find(&registry.database, id).await?.filter(|connection| {
        sight.covers(&connection.consumer.organisation)
            || sight.covers(&connection.service.organisation)
    });
    found.ok_or_else(|| unknown(id))
}

pub(crate) fn unknown(id: &ConnectionId) -> Refused {
    Refused::Unknown { noun: Noun::Connection, id: id.to_string() }
}

/// What the entry of a step is called.
const fn action(step: Step) -> &'static str {
    match step {
        Step::Request => "connection.requested",
        Step::Revise => "connection.revised",
        Step::Submit => "connection.submitted",
        Step::Return => "connection.returned",
        Step::Consent => "connection.consented",
        Step::Test => "connection.testing",
        Step::ConfirmTest => "connection.test_confirmed",
        Step::WaiveTest => "connection.test_waived",
        Step::Approve => "connection.approved",
        Step::Activate => "connection.activated",
        Step::AnnounceSuspension => "connection.suspension_announced",
        Step::CallOffSuspension => "connection.suspension_called_off",
        Step::Pause => "connection.paused",
        Step::Suspend => "connection.suspended",
        Step::TellConsumer => "connection.consumer_told",
        Step::Resume => "connection.resumed",
        Step::End => "connection.ended",
        Step::Withdraw => "connection.withdrawn",
        Step::Refuse => "connection.refused",
        Step::Replace => "connection.replaced",
    }
}

/// Ids and the state. Reasons stay in the database: people write them, and entries are for ever.
pub(super) fn subject(connection: &Connection) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("connection".to_owned(), connection.id.to_string()),
        ("consumer".to_owned(), connection.consumer.to_string()),
        ("service".to_owned(), connection.service.to_string()),
        ("state".to_owned(), connection.state.to_string()),
    ])
}

/// The digest of what was asked for, so that the entry fixes what the later steps decide about.
fn fingerprint(asked: &Asked) -> Result<String, Refused> {
    let canonical = canonical_of(asked).map_err(|error| Refused::NotWritable(error.to_string()))?;
    Ok(ContentDigest::of(DigestAlgorithm::Sha256, &canonical).to_string())
}
