//! What readers of code lists are shown.

use serde::Serialize;
use utoipa::ToSchema;
use wire::ambient::UtcMicros;
use wire::id::ServiceCode;
use wire::organisation_code::OrganisationCode;

use super::difference::EntryChange;
use super::entry::Entry;
use super::succession::Succession;
use super::{CodeList, CodeListAbout, Version};
use crate::calendar::Day;

/// A code list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CodeList)]
pub(crate) struct CodeListView {
    /// Its code, of the whole city.
    #[schema(value_type = String, example = "don-vi-hanh-chinh")]
    code: ServiceCode,
    /// Whose it is.
    #[schema(value_type = String, example = "H24.12")]
    organisation: OrganisationCode,
    /// What is said of it.
    about: CodeListAbout,
    /// The version in force today, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_force: Option<Version>,
    /// The version published last, if its day has yet to come.
    #[serde(skip_serializing_if = "Option::is_none")]
    announced: Option<Version>,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    registered_at: UtcMicros,
    /// Since when it is no longer kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    retired_at: Option<UtcMicros>,
    /// Which list is to be used in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    successor: Option<ServiceCode>,
}

impl CodeListView {
    pub(super) fn new(list: CodeList, in_force: Option<Version>) -> Self {
        Self {
            announced: list.last.filter(|last| Some(last) != in_force.as_ref()),
            code: list.code,
            organisation: list.organisation,
            about: list.about,
            in_force,
            registered_at: list.registered_at,
            retired_at: list.retired_at,
            successor: list.successor,
        }
    }
}

/// Entries of a version, a page of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CodeListEntries)]
pub(super) struct EntriesView {
    /// Of which version.
    #[schema(example = 1)]
    pub(super) version: u32,
    /// The entries, in the order of their codes and days.
    pub(super) items: Vec<Entry>,
    /// What to send as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

/// One entry.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CodeListEntryView)]
pub(super) struct EntryView {
    /// Of which version.
    #[schema(example = 1)]
    pub(super) version: u32,
    /// The entry.
    pub(super) entry: Entry,
    /// The entries whose place it took.
    pub(super) predecessors: Vec<Entry>,
}

/// What became of a code.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CodeListSuccession)]
pub(super) struct SuccessionView {
    /// By which version.
    #[schema(example = 1)]
    version: u32,
    /// Up to which day.
    #[schema(value_type = String, format = Date)]
    as_of: Day,
    /// What the code meant.
    asked: Entry,
    /// What takes its place on that day: itself, if it is valid then; several, if it was divided;
    /// none, if it ended and left nothing.
    resolved: Vec<Entry>,
    /// Codes on the way that ended and left nothing.
    ended: Vec<String>,
}

impl SuccessionView {
    pub(super) fn new(version: u32, as_of: Day, asked: Entry, became: Succession) -> Self {
        let Succession { resolved, ended } = became;
        Self { version, as_of, asked, resolved, ended }
    }
}

/// What is other in one version than in another, a page of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CodeListChanges)]
pub(super) struct ChangesView {
    /// The version that the reader has.
    #[schema(example = 0)]
    pub(super) since: u32,
    /// The version that the reader has when all pages are read: `since` of the next question.
    #[schema(example = 1)]
    pub(super) to: u32,
    /// The changes, in the order of the entries' codes and days.
    pub(super) items: Vec<EntryChange>,
    /// What to send as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

/// What publishing would change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CodeListPreview)]
pub(super) struct PreviewView {
    /// The version that would be published.
    pub(super) version: Version,
    /// What it changes, in the order of the entries' codes and days; the first 200.
    pub(super) changes: Vec<EntryChange>,
}
