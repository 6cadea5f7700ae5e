//! How profiles, assignments and previews are shown.

use serde::Serialize;
use utoipa::ToSchema;
use web::{Refusal, field};
use wire::ambient::UtcMicros;
use wire::id::{ProfileCode, SystemId};
use wire::problem::Text;

use crate::profile::command::Published;
use crate::profile::preview::{BrokenSystem, Totals};
use crate::profile::row::{DemandRow, RuleRow};
use crate::profile::{Act, Assignment, ProfileVersion};

/// A version of a technical profile.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Profile)]
pub(super) struct ProfileView {
    /// What it is called.
    #[schema(value_type = String, example = "2026-modern")]
    code: ProfileCode,
    /// 0 came with the platform; the highest is in force.
    version: u32,
    /// What people call it.
    title: String,
    /// On which documents it rests.
    basis: String,
    /// What is allowed; nothing else is.
    rules: Vec<RuleRow>,
    /// What services demand beside.
    demands: Vec<DemandRow>,
    /// Who published it, when and why; absent for what came with the platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<Act>,
}

/// For whom a profile holds: what is assigned to a system goes before what is assigned to the city,
/// and a later number before an earlier.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProfileAssignment)]
pub(super) struct AssignmentView {
    /// Its number.
    number: u64,
    /// For which system; absent: for the whole city.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    system: Option<SystemId>,
    /// Which profile.
    #[schema(value_type = String, example = "2026-modern")]
    profile: ProfileCode,
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    from: UtcMicros,
    /// Until when, exclusive; absent: for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<UtcMicros>,
    /// Who made it, when and why.
    made: Act,
    /// Who set another end, when and why; absent if nobody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<Act>,
}

/// What a proposal breaks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProfilePreview)]
pub(super) struct PreviewView {
    /// What to send as `preview` to publish just this, while its consequences are just these. It
    /// covers all pages.
    pub(super) digest: String,
    /// Until which date it was looked.
    #[schema(value_type = String, format = DateTime)]
    pub(super) date: UtcMicros,
    /// How much there is on all pages.
    pub(super) totals: Totals,
    /// How far back this node's log was read for what was used last; absent if it was read as far as
    /// was needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) last_use_read_back_to: Option<UtcMicros>,
    /// Who is concerned, in the order of their ids.
    pub(super) items: Vec<BrokenSystem>,
    /// What to send as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

/// What was published.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProfilePublication)]
pub(super) struct PublicationView {
    /// The new version of a profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<ProfileView>,
    /// The new assignment.
    #[serde(skip_serializing_if = "Option::is_none")]
    assignment: Option<AssignmentView>,
    /// The assignment that got another end.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<AssignmentView>,
}

pub(super) fn not_a_number(name: &str) -> Refusal {
    field::invalid(name, &Text::new("một số tự nhiên.", "a natural number."))
}

impl From<ProfileVersion> for ProfileView {
    fn from(version: ProfileVersion) -> Self {
        let content = version.content;
        Self {
            code: version.code,
            version: version.version,
            title: content.title,
            basis: content.basis,
            rules: content.rules.into_iter().map(RuleRow::from).collect(),
            demands: content.demands.into_iter().map(DemandRow::from).collect(),
            published: version.published,
        }
    }
}

impl From<Assignment> for AssignmentView {
    fn from(assignment: Assignment) -> Self {
        let Assignment { number, system, profile, from, until, made, ended } = assignment;
        Self { number, system, profile, from, until, made, ended }
    }
}

impl From<Published> for PublicationView {
    fn from(published: Published) -> Self {
        Self {
            profile: published.profile.map(Into::into),
            assignment: published.assignment.map(Into::into),
            ended: published.ended.map(Into::into),
        }
    }
}
