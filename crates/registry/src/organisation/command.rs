//! Registering, renaming and closing organisations.

use std::collections::BTreeMap;

use evidence::{Actor, Change};
use web::{IfMatch, field};
use wire::ambient::UtcMicros;
use wire::directory::AliasName;
use wire::organisation_code::{LegacyCode, OrganisationCode};

use super::history::{Event, EventKind, check_date};
use super::{Organisation, sql};
use crate::Registry;
use crate::authority::must_run_the_platform;
use crate::decision::DecisionNumber;
use crate::refused::{Noun, Refused};
use crate::{alias, system};

/// What registering an organisation needs.
#[derive(Debug, Clone)]
pub struct NewOrganisation {
    /// Its code.
    pub code: OrganisationCode,
    /// Its names.
    pub names: Names,
    /// Its code of the old format, if it had one.
    pub legacy_code: Option<LegacyCode>,
}

/// What an organisation is called.
#[derive(Debug, Clone)]
pub struct Names {
    /// In Vietnamese.
    pub name: String,
    /// In English.
    pub name_en: Option<String>,
}

/// Since when something holds, and by which decision.
#[derive(Debug, Clone, Default)]
pub struct Basis {
    /// When it takes effect; now when left out.
    pub effective_at: Option<UtcMicros>,
    /// The number of the decision.
    pub decision: Option<DecisionNumber>,
}

/// Registers an organisation. The one above it must be registered already, and be in force.
pub async fn register(
    registry: &Registry,
    actor: &Actor,
    new: NewOrganisation,
    basis: Basis,
) -> Result<Organisation, Refused> {
    must_run_the_platform(actor)?;
    let mut change = registry.recorder.change(actor, "organisation.registered").await?;
    let effective_at = basis.effective_at.unwrap_or(change.time());
    let organisation = issue(&mut change, new, effective_at).await?;
    note(&mut change, &organisation, EventKind::Issued, &basis, Vec::new()).await?;
    change.record(subject_of(&organisation.code, &basis)).await?;
    registry.publisher.publish(Some(actor)).await?;
    Ok(organisation)
}

/// Writes an organisation whose code comes into force at `effective_at`.
pub(crate) async fn issue(
    change: &mut Change,
    new: NewOrganisation,
    effective_at: UtcMicros,
) -> Result<Organisation, Refused> {
    if sql::find(&mut *change, &new.code).await?.is_some() {
        return Err(Refused::Taken { noun: Noun::Organisation, id: new.code.to_string() });
    }
    // Whoever signs on with the code of an alias is taken for its successor.
    let name = AliasName::Organisation(new.code.clone());
    if alias::sql::find(&mut *change, &name).await?.is_some() {
        return Err(Refused::Taken { noun: Noun::Alias, id: name.to_string() });
    }
    let parent = new.code.parent();
    let mut not_before = UtcMicros::MIN;
    if let Some(parent) = &parent {
        let above = sql::find(&mut *change, parent).await?;
        let above = above.ok_or_else(|| Refused::ParentUnknown(parent.clone()))?;
        must_be_open(&above)?;
        not_before = above.issued_at;
    }
    check_date(not_before, effective_at, change.time())
        .map_err(|reason| field::refused("effective_at", &reason))?;
    if let Some(legacy) = &new.legacy_code
        && sql::find_by_legacy(&mut *change, legacy).await?.is_some()
    {
        return Err(Refused::Taken { noun: Noun::Organisation, id: legacy.to_string() });
    }
    let organisation = Organisation {
        kind: new.code.kind().into(),
        code: new.code,
        parent,
        name: new.names.name,
        name_en: new.names.name_en,
        legacy_code: new.legacy_code,
        registered_at: change.time(),
        issued_at: effective_at,
        closed_at: None,
        successors: Vec::new(),
    };
    sql::insert(change, &organisation).await?;
    Ok(organisation)
}

/// Gives an organisation other names.
pub async fn rename(
    registry: &Registry,
    actor: &Actor,
    code: &OrganisationCode,
    names: Names,
    basis: Basis,
    seen: &IfMatch,
) -> Result<Organisation, Refused> {
    must_run_the_platform(actor)?;
    let mut change = registry.recorder.change(actor, "organisation.renamed").await?;
    let mut organisation = open(&mut change, code).await?;
    seen.require(&organisation)?;
    organisation.name = names.name;
    organisation.name_en = names.name_en;
    note(&mut change, &organisation, EventKind::Renamed, &basis, Vec::new()).await?;
    sql::update(&mut change, &organisation).await?;
    change.record(subject_of(code, &basis)).await?;
    registry.publisher.publish(Some(actor)).await?;
    Ok(organisation)
}

/// Ends an organisation that nothing depends on any more.
pub async fn close(
    registry: &Registry,
    actor: &Actor,
    code: &OrganisationCode,
    basis: Basis,
    seen: &IfMatch,
) -> Result<Organisation, Refused> {
    must_run_the_platform(actor)?;
    let mut change = registry.recorder.change(actor, "organisation.closed").await?;
    let mut organisation = open(&mut change, code).await?;
    seen.require(&organisation)?;
    let mut used_by: Vec<String> =
        sql::open_below(&mut change, code).await?.iter().map(ToString::to_string).collect();
    let systems = system::sql::open_of(&mut change, code).await?;
    used_by.extend(systems.iter().map(|system| system.id.to_string()));
    if !used_by.is_empty() {
        return Err(Refused::StillUsed { noun: Noun::Organisation, id: code.to_string(), used_by });
    }
    shut(&mut change, &mut organisation, EventKind::Closed, &basis, Vec::new()).await?;
    change.record(subject_of(code, &basis)).await?;
    registry.publisher.publish(Some(actor)).await?;
    Ok(organisation)
}

/// Writes that the code of an organisation is no more in force, and who goes on.
pub(crate) async fn shut(
    change: &mut Change,
    organisation: &mut Organisation,
    kind: EventKind,
    basis: &Basis,
    successors: Vec<OrganisationCode>,
) -> Result<(), Refused> {
    organisation.closed_at = Some(basis.effective_at.unwrap_or(change.time()));
    organisation.successors.clone_from(&successors);
    note(change, organisation, kind, basis, successors).await?;
    sql::update(change, organisation).await?;
    Ok(())
}

/// Notes what happened to an organisation, which is in the state after it already.
pub(crate) async fn note(
    change: &mut Change,
    after: &Organisation,
    kind: EventKind,
    basis: &Basis,
    counterparts: Vec<OrganisationCode>,
) -> Result<(), Refused> {
    let effective_at = basis.effective_at.unwrap_or(change.time());
    let last = sql::last_event(&mut *change, &after.code).await?;
    let not_before = last.map_or(UtcMicros::MIN, |event| event.effective_at);
    check_date(not_before, effective_at, change.time())
        .map_err(|reason| field::refused("effective_at", &reason))?;
    let event = Event {
        number: 0,
        kind,
        effective_at,
        decision: basis.decision.as_ref().map(ToString::to_string),
        recorded_at: change.time(),
        name: after.name.clone(),
        name_en: after.name_en.clone(),
        legacy_code: after.legacy_code,
        counterparts,
        entry: None,
        sequence: Some(change.sequence().await?),
    };
    sql::note(change, &after.code, &event).await?;
    Ok(())
}

/// The organisation, if its code is in force.
pub(crate) async fn open(
    change: &mut Change,
    code: &OrganisationCode,
) -> Result<Organisation, Refused> {
    let found = sql::find(&mut *change, code).await?;
    let organisation = found.ok_or_else(|| unknown(code))?;
    must_be_open(&organisation)?;
    Ok(organisation)
}

fn must_be_open(organisation: &Organisation) -> Result<(), Refused> {
    match organisation.closed_at {
        None => Ok(()),
        Some(at) => {
            let id = organisation.code.to_string();
            Err(Refused::Closed { noun: Noun::Organisation, id, at })
        }
    }
}

pub(crate) fn unknown(code: &OrganisationCode) -> Refused {
    Refused::Unknown { noun: Noun::Organisation, id: code.to_string() }
}

pub(crate) fn subject(code: &OrganisationCode) -> BTreeMap<String, String> {
    BTreeMap::from([("organisation".to_owned(), code.to_string())])
}

pub(crate) fn subject_of(code: &OrganisationCode, basis: &Basis) -> BTreeMap<String, String> {
    let mut subject = subject(code);
    if let Some(at) = basis.effective_at {
        subject.insert("effective_at".to_owned(), at.to_string());
    }
    if let Some(decision) = &basis.decision {
        subject.insert("decision".to_owned(), decision.to_string());
    }
    subject
}
