//! Registering code lists, publishing their versions, retiring them.

use std::collections::BTreeMap;

use evidence::{Actor, Change};
use web::IfMatch;
use wire::ambient::UtcMicros;
use wire::canonical::canonical_of;
use wire::digest::{ContentDigest, DigestAlgorithm};
use wire::id::ServiceCode;
use wire::organisation_code::OrganisationCode;
use wire::problem::Text;

use super::answer::CodeListView;
use super::difference::{ChangeKind, EntryChange, count, difference};
use super::entry::Entry;
use super::rules::Entries;
use super::{CodeList, CodeListAbout, Version, sql};
use crate::Registry;
use crate::authority::must_administer;
use crate::calendar::Day;
use crate::organisation;
use crate::refused::{Noun, Refused};

/// A version that is to be published.
#[derive(Debug, Clone)]
pub(crate) struct NewVersion {
    pub(crate) effective_on: Day,
    pub(crate) decision: String,
    pub(crate) entries: Entries,
    /// The digest that a preview told, if the publisher holds to it.
    pub(crate) previewed: Option<String>,
}

pub(crate) async fn register(
    registry: &Registry,
    actor: &Actor,
    code: ServiceCode,
    owner: OrganisationCode,
    about: CodeListAbout,
) -> Result<CodeList, Refused> {
    must_administer(actor, &owner)?;
    let mut change = registry.recorder.change(actor, "code_list.registered").await?;
    if organisation::sql::find(&mut change, &owner).await?.is_none() {
        return Err(Refused::Unknown { noun: Noun::Organisation, id: owner.to_string() });
    }
    if sql::find_within(&mut change, &code).await?.is_some() {
        return Err(Refused::Taken { noun: Noun::CodeList, id: code.to_string() });
    }
    let new = CodeList {
        code,
        organisation: owner,
        about,
        last: None,
        registered_at: change.time(),
        retired_at: None,
        successor: None,
    };
    sql::insert(&mut change, &new).await?;
    change.record(subject(&new)).await?;
    Ok(new)
}

pub(crate) async fn change(
    registry: &Registry,
    actor: &Actor,
    code: &ServiceCode,
    about: CodeListAbout,
    seen: &IfMatch,
) -> Result<CodeList, Refused> {
    must_administer(actor, &owner(registry, code).await?)?;
    let mut change = registry.recorder.change(actor, "code_list.changed").await?;
    let mut list = load(&mut change, code, seen).await?;
    must_administer(actor, &list.organisation)?;
    list.about = about;
    sql::update(&mut change, &list).await?;
    change.record(subject(&list)).await?;
    Ok(list)
}

/// It is no longer kept: no version follows. What was published stays readable.
pub(crate) async fn retire(
    registry: &Registry,
    actor: &Actor,
    code: &ServiceCode,
    successor: Option<ServiceCode>,
    seen: &IfMatch,
) -> Result<CodeList, Refused> {
    must_administer(actor, &owner(registry, code).await?)?;
    let mut change = registry.recorder.change(actor, "code_list.retired").await?;
    let mut list = load(&mut change, code, seen).await?;
    must_administer(actor, &list.organisation)?;
    if let Some(successor) = &successor {
        let found = sql::find_within(&mut change, successor).await?;
        let found = found.ok_or_else(|| unknown(successor))?;
        if found.code == list.code || found.retired_at.is_some() {
            return Err(Refused::CodeList(Text::new(
                "Danh mục thay thế phải là một danh mục khác còn được duy trì.",
                "The successor must be another list that is still kept.",
            )));
        }
    }
    list.retired_at = Some(change.time());
    list.successor = successor;
    sql::update(&mut change, &list).await?;
    change.record(subject(&list)).await?;
    Ok(list)
}

/// What publishing would do, without doing it.
pub(crate) async fn preview(
    registry: &Registry,
    actor: &Actor,
    code: &ServiceCode,
    new: &NewVersion,
) -> Result<(Version, Vec<EntryChange>), Refused> {
    must_administer(actor, &owner(registry, code).await?)?;
    let list = sql::find(&registry.database, code).await?.ok_or_else(|| unknown(code))?;
    must_be_kept(&list)?;
    let before = sql::last_entries(&registry.database, code).await?;
    let now = registry.clock.now();
    let in_force = sql::version_on(&registry.database, code, Day::of(now)).await?;
    planned(&list, in_force.as_ref(), &before, new, now)
}

/// Publishes the next version; what says the same as the version published last makes no new one, and
/// the answer says so. One that was announced and is not in force yet may be superseded by one of an
/// earlier day, as when its day was mistyped.
pub(crate) async fn publish(
    registry: &Registry,
    actor: &Actor,
    code: &ServiceCode,
    new: &NewVersion,
    seen: &IfMatch,
) -> Result<(Version, bool), Refused> {
    must_administer(actor, &owner(registry, code).await?)?;
    let mut change = registry.recorder.change(actor, "code_list.published").await?;
    let list = load(&mut change, code, seen).await?;
    must_administer(actor, &list.organisation)?;
    let before = sql::last_entries(&mut change, code).await?;
    let now = change.time();
    let in_force = sql::version_on(&mut change, code, Day::of(now)).await?;
    let (version, changes) = planned(&list, in_force.as_ref(), &before, new, now)?;
    if new.previewed.as_ref().is_some_and(|previewed| *previewed != version.digest) {
        return Err(Refused::CodeList(Text::new(
            "Nội dung tải lên khác với nội dung đã xem trước.",
            "What was uploaded is not what was previewed.",
        )));
    }
    let says_the_same = |last: &&Version| {
        changes.is_empty()
            && (last.effective_on, &last.decision) == (version.effective_on, &version.decision)
    };
    if let Some(last) = list.last.as_ref().filter(says_the_same) {
        return Ok((last.clone(), false));
    }
    sql::publish(&mut change, code, &version, &changes).await?;
    let mut subject = subject(&list);
    subject.extend([
        ("version".to_owned(), version.number.to_string()),
        ("effective_on".to_owned(), version.effective_on.to_string()),
        ("digest".to_owned(), version.digest.clone()),
        ("added".to_owned(), version.added.to_string()),
        ("changed".to_owned(), version.changed.to_string()),
        ("removed".to_owned(), version.removed.to_string()),
    ]);
    change.record(subject).await?;
    Ok((version, true))
}

fn planned(
    list: &CodeList,
    in_force: Option<&Version>,
    before: &Entries,
    new: &NewVersion,
    now: UtcMicros,
) -> Result<(Version, Vec<EntryChange>), Refused> {
    let number = list.last.as_ref().map_or(1, |last| last.number.saturating_add(1));
    if let Some(now) = in_force.filter(|now| new.effective_on < now.effective_on) {
        let (number, day) = (now.number, now.effective_on);
        return Err(Refused::CodeList(Text::new(
            format!(
                "Phiên bản {number} đang có hiệu lực từ {day}; phiên bản sau không được sớm hơn."
            ),
            format!("Version {number} is in force since {day}; the next must not be earlier."),
        )));
    }
    let changes = difference(before, &new.entries, number);
    let entries: Vec<&Entry> = new.entries.values().collect();
    let canonical = canonical_of(&entries);
    let canonical = canonical.map_err(|error| Refused::NotWritable(error.to_string()))?;
    let version = Version {
        number,
        effective_on: new.effective_on,
        decision: new.decision.clone(),
        digest: ContentDigest::of(DigestAlgorithm::Sha256, &canonical).to_string(),
        entries: u32::try_from(entries.len()).unwrap_or(u32::MAX),
        added: count(&changes, ChangeKind::Added),
        changed: count(&changes, ChangeKind::Changed),
        removed: count(&changes, ChangeKind::Removed),
        published_at: now,
    };
    Ok((version, changes))
}

/// Whose a list is, so that nothing is begun for whom it is not.
pub(super) async fn owner(
    registry: &Registry,
    code: &ServiceCode,
) -> Result<OrganisationCode, Refused> {
    let found = sql::find(&registry.database, code).await?;
    found.map(|list| list.organisation).ok_or_else(|| unknown(code))
}

async fn load(
    change: &mut Change,
    code: &ServiceCode,
    seen: &IfMatch,
) -> Result<CodeList, Refused> {
    let list = sql::find_within(change, code).await?.ok_or_else(|| unknown(code))?;
    let today = Day::of(change.time());
    let in_force = sql::version_on(&mut *change, code, today).await?;
    seen.require(&CodeListView::new(list.clone(), in_force))?;
    must_be_kept(&list)?;
    Ok(list)
}

fn must_be_kept(list: &CodeList) -> Result<(), Refused> {
    match list.retired_at {
        None => Ok(()),
        Some(at) => Err(Refused::Closed { noun: Noun::CodeList, id: list.code.to_string(), at }),
    }
}

pub(super) fn unknown(code: &ServiceCode) -> Refused {
    Refused::Unknown { noun: Noun::CodeList, id: code.to_string() }
}

fn subject(list: &CodeList) -> BTreeMap<String, String> {
    let mut subject = BTreeMap::from([
        ("code_list".to_owned(), list.code.to_string()),
        ("organisation".to_owned(), list.organisation.to_string()),
    ]);
    if let Some(successor) = &list.successor {
        subject.insert("successor".to_owned(), successor.to_string());
    }
    subject
}
