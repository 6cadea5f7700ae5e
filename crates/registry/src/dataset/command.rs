//! Registering data sets, changing them, and declaring that they were updated.

use std::collections::BTreeMap;

use evidence::{Actor, Change};
use web::IfMatch;
use wire::id::ServiceCode;
use wire::organisation_code::OrganisationCode;

use super::api::DataSetView;
use super::{DataSet, DataSetAbout, sql};
use crate::Registry;
use crate::authority::must_administer;
use crate::organisation;
use crate::refused::{Noun, Refused};

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
    if sql::find(&mut change, &code).await?.is_some() {
        return Err(Refused::Taken { noun: Noun::DataSet, id: code.to_string() });
    }
    let now = change.time();
    let new = DataSet { code, organisation: owner, about, updated_at: now, registered_at: now };
    must_be_the_only_source(&mut change, &new).await?;
    sql::insert(&mut change, &new).await?;
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
    set.about = about;
    must_be_the_only_source(&mut change, &set).await?;
    sql::update(&mut change, &set).await?;
    change.record(subject(&set)).await?;
    Ok(set)
}

/// Its owner declares that the data were brought up to date now.
pub(crate) async fn declare_update(
    registry: &Registry,
    actor: &Actor,
    code: &ServiceCode,
) -> Result<DataSet, Refused> {
    must_administer(actor, &owner(registry, code).await?)?;
    let mut change = registry.recorder.change(actor, "data_set.updated").await?;
    let mut set = load(&mut change, code).await?;
    let now = change.time();
    let is_late = set.update_due().is_some_and(|due| due < now);
    set.updated_at = now;
    sql::update(&mut change, &set).await?;
    let mut subject = subject(&set);
    subject.insert("late".to_owned(), is_late.to_string());
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
    sql::find(change, code).await?.ok_or_else(|| unknown(code))
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

fn subject(set: &DataSet) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("data_set".to_owned(), set.code.to_string()),
        ("organisation".to_owned(), set.organisation.to_string()),
    ])
}
