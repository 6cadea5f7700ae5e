//! Registering data sets, changing them, and declaring that they were updated.

use std::collections::{BTreeMap, BTreeSet};

use evidence::{Actor, Change};
use web::IfMatch;
use wire::id::{ServiceCode, ServiceId};
use wire::organisation_code::OrganisationCode;

use super::api::DataSetView;
use super::event::{self, EventKind, Update};
use super::{DataSet, DataSetAbout, sql};
use crate::Registry;
use crate::authority::must_administer;
use crate::refused::{Noun, Refused};
use crate::{codelist, organisation, service};

pub(crate) async fn register(
    registry: &Registry,
    actor: &Actor,
    code: ServiceCode,
    owner: OrganisationCode,
    about: DataSetAbout,
) -> Result<DataSet, Refused> {
    must_administer(actor, &owner)?;
    let mut change = registry.recorder.change(actor, "data_set.registered").await?;
    if organisation::sql::find(&mut change, &owner).await?.is_none() {
        return Err(Refused::Unknown { noun: Noun::Organisation, id: owner.to_string() });
    }
    if sql::find_within(&mut change, &code).await?.is_some() {
        return Err(Refused::Taken { noun: Noun::DataSet, id: code.to_string() });
    }
    let now = change.time();
    let new = DataSet {
        code,
        organisation: owner,
        about,
        updated_at: now,
        version: 0,
        registered_at: now,
        services: Vec::new(),
        retired_code_lists: Vec::new(),
    };
    must_be_the_only_source(&mut change, &new).await?;
    must_be_lists(&mut change, &new.about, None).await?;
    sql::insert(&mut change, &new).await?;
    event::write(&mut change, &new, EventKind::Registered, &Update::default(), None).await?;
    change.record(subject(&new)).await?;
    Ok(new)
}

pub(crate) async fn change(
    registry: &Registry,
    actor: &Actor,
    code: &ServiceCode,
    about: DataSetAbout,
    seen: &IfMatch,
) -> Result<DataSet, Refused> {
    must_administer(actor, &owner(registry, code).await?)?;
    let mut change = registry.recorder.change(actor, "data_set.changed").await?;
    let mut set = load(&mut change, code).await?;
    seen.require(&DataSetView::from(set.clone()))?;
    must_be_lists(&mut change, &about, Some(&set.about)).await?;
    set.about = about;
    must_be_the_only_source(&mut change, &set).await?;
    sql::update(&mut change, &set).await?;
    event::write(&mut change, &set, EventKind::Changed, &Update::default(), None).await?;
    change.record(subject(&set)).await?;
    Ok(set)
}

/// Lets these services, and no others, give the data set.
pub(crate) async fn give(
    registry: &Registry,
    actor: &Actor,
    code: &ServiceCode,
    services: BTreeSet<ServiceId>,
    seen: &IfMatch,
) -> Result<DataSet, Refused> {
    must_administer(actor, &owner(registry, code).await?)?;
    let mut change = registry.recorder.change(actor, "data_set.services_changed").await?;
    let mut set = load(&mut change, code).await?;
    seen.require(&DataSetView::from(set.clone()))?;
    for service in &services {
        if service::sql::find(&mut change, service).await?.is_none() {
            return Err(Refused::Unknown { noun: Noun::Service, id: service.to_string() });
        }
    }
    sql::replace_services(&mut change, code, &services).await?;
    set.services = services.into_iter().collect();
    change.record(subject(&set)).await?;
    Ok(set)
}

/// Its owner declares that the data were brought up to date now.
pub(crate) async fn declare_update(
    registry: &Registry,
    actor: &Actor,
    code: &ServiceCode,
    update: &Update,
) -> Result<DataSet, Refused> {
    must_administer(actor, &owner(registry, code).await?)?;
    let mut change = registry.recorder.change(actor, "data_set.updated").await?;
    let mut set = load(&mut change, code).await?;
    let now = change.time();
    let due = set.update_due();
    let is_late = due.is_some_and(|due| due < now);
    set.updated_at = now;
    set.version = set.version.saturating_add(1);
    sql::update(&mut change, &set).await?;
    event::write(&mut change, &set, EventKind::Updated, update, due).await?;
    let mut subject = subject(&set);
    subject.insert("late".to_owned(), is_late.to_string());
    subject.insert("version".to_owned(), set.version.to_string());
    if let Some(digest) = &update.digest {
        subject.insert("digest".to_owned(), digest.clone());
    }
    change.record(subject).await?;
    Ok(set)
}

/// Whose a data set is, so that nothing is begun for whom it is not.
pub(super) async fn owner(
    registry: &Registry,
    code: &ServiceCode,
) -> Result<OrganisationCode, Refused> {
    let found = sql::find(&registry.database, code).await?;
    found.map(|set| set.organisation).ok_or_else(|| unknown(code))
}

async fn load(change: &mut Change, code: &ServiceCode) -> Result<DataSet, Refused> {
    sql::find_within(change, code).await?.ok_or_else(|| unknown(code))
}

/// The code lists that items are written in must be there, and still kept where they are named anew.
async fn must_be_lists(
    change: &mut Change,
    about: &DataSetAbout,
    before: Option<&DataSetAbout>,
) -> Result<(), Refused> {
    let lists: BTreeSet<&str> = about.code_lists().collect();
    for list in lists {
        let unknown = || Refused::Unknown { noun: Noun::CodeList, id: list.to_owned() };
        let code: ServiceCode = list.parse().map_err(|_| unknown())?;
        let found = codelist::sql::find_within(change, &code).await?.ok_or_else(unknown)?;
        let is_named_already = before.is_some_and(|about| about.code_lists().any(|it| it == list));
        if let Some(at) = found.retired_at.filter(|_| !is_named_already) {
            return Err(Refused::Closed { noun: Noun::CodeList, id: list.to_owned(), at });
        }
    }
    Ok(())
}

async fn must_be_the_only_source(change: &mut Change, set: &DataSet) -> Result<(), Refused> {
    for item in &set.about.items {
        let source = sql::source(&mut *change, &item.code).await?;
        if let Some(source) = source.filter(|source| *source != set.code) {
            return Err(Refused::SourceTaken {
                item: item.code.clone(),
                source_set: source.to_string(),
            });
        }
    }
    Ok(())
}

pub(super) fn unknown(code: &ServiceCode) -> Refused {
    Refused::Unknown { noun: Noun::DataSet, id: code.to_string() }
}

pub(super) fn subject(set: &DataSet) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("data_set".to_owned(), set.code.to_string()),
        ("organisation".to_owned(), set.organisation.to_string()),
    ])
}
