//! Registering and renaming organisations.

use std::collections::BTreeMap;

use evidence::Actor;
use web::IfMatch;
use wire::organisation_code::{LegacyCode, OrganisationCode};

use super::{Organisation, sql};
use crate::Registry;
use crate::authority::must_run_the_platform;
use crate::refused::{Noun, Refused};

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

/// Registers an organisation. The one above it must be registered already.
pub async fn register(
    registry: &Registry,
    actor: &Actor,
    new: NewOrganisation,
) -> Result<Organisation, Refused> {
    must_run_the_platform(actor)?;
    let mut change = registry.recorder.change(actor, "organisation.registered").await?;
    if sql::find(&mut change, &new.code).await?.is_some() {
        return Err(Refused::Taken { noun: Noun::Organisation, id: new.code.to_string() });
    }
    let parent = new.code.parent();
    if let Some(parent) = &parent
        && sql::find(&mut change, parent).await?.is_none()
    {
        return Err(Refused::ParentUnknown(parent.clone()));
    }
    if let Some(legacy) = &new.legacy_code
        && sql::legacy_is_taken(&mut change, legacy).await?
    {
        return Err(Refused::Taken { noun: Noun::Organisation, id: legacy.to_string() });
    }
    let organisation = Organisation {
        code: new.code,
        parent,
        name: new.names.name,
        name_en: new.names.name_en,
        legacy_code: new.legacy_code,
        registered_at: change.time(),
    };
    sql::insert(&mut change, &organisation).await?;
    change.record(subject(&organisation.code)).await?;
    registry.publisher.publish(Some(actor)).await?;
    Ok(organisation)
}

/// Gives an organisation other names.
pub async fn rename(
    registry: &Registry,
    actor: &Actor,
    code: &OrganisationCode,
    names: Names,
    seen: &IfMatch,
) -> Result<Organisation, Refused> {
    must_run_the_platform(actor)?;
    let mut change = registry.recorder.change(actor, "organisation.renamed").await?;
    let found = sql::find(&mut change, code).await?;
    let mut organisation = found.ok_or_else(|| unknown(code))?;
    seen.require(&organisation)?;
    organisation.name = names.name;
    organisation.name_en = names.name_en;
    sql::rename(&mut change, &organisation).await?;
    change.record(subject(code)).await?;
    registry.publisher.publish(Some(actor)).await?;
    Ok(organisation)
}

pub(crate) fn unknown(code: &OrganisationCode) -> Refused {
    Refused::Unknown { noun: Noun::Organisation, id: code.to_string() }
}

fn subject(code: &OrganisationCode) -> BTreeMap<String, String> {
    BTreeMap::from([("organisation".to_owned(), code.to_string())])
}
