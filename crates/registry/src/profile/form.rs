//! What people send about technical profiles, and the bounds it must keep.

use serde::Deserialize;
use utoipa::ToSchema;
use web::{Refusal, field};
use wire::ambient::UtcMicros;
use wire::problem::Text;

use super::Content;
use super::command::{Wanted, WantedAssignment, WantedEnd};
use super::row::{DemandRow, RuleRow};

const TITLE_CHARS: usize = 250;
const BASIS_CHARS: usize = 1_000;
const REASON_CHARS: usize = 1_000;
/// The most rows of a table.
const MAX_ROWS: usize = 200;

/// What is to be previewed or published: a new version of a profile, an assignment, the end of one,
/// or several of these at once.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProfileProposal)]
pub(crate) struct ProposalForm {
    /// A profile, whole. One that came with the platform need not be sent to be assigned.
    profile: Option<ProfileForm>,
    /// For whom a profile holds.
    #[schema(example = json!({"profile": "2026-modern", "from": "2030-01-01T00:00:00Z"}))]
    assignment: Option<AssignmentForm>,
    /// Which assignment ends, and when.
    end: Option<EndForm>,
    /// Until when consequences are looked for (RFC 3339, UTC); not before now.
    #[schema(format = DateTime, example = "2031-01-01T00:00:00Z")]
    date: String,
    /// `digest` of the preview of just this; to publish only.
    preview: Option<String>,
    /// Why; to publish only. It is shown beside what it is about, and never stands in the log.
    reason: Option<String>,
}

/// A profile, whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileForm {
    /// What it is called: a-z, 0-9 and hyphens.
    #[schema(example = "2026-modern")]
    code: String,
    /// What people call it.
    #[schema(example = "Hướng dẫn kỹ thuật 2026")]
    title: String,
    /// On which documents it rests.
    #[schema(example = "Văn bản hướng dẫn kỹ thuật của Sở Khoa học và Công nghệ")]
    basis: String,
    /// What is allowed: 1 to 200 rows, of which no two allow the same at the same time. Nothing else
    /// is allowed.
    rules: Vec<RuleRow>,
    /// What services demand beside: at most 200 rows.
    demands: Option<Vec<DemandRow>>,
}

/// For whom a profile holds. What is assigned to a system goes before what is assigned to the city,
/// and a later assignment before an earlier.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProfileAssignmentForm)]
pub(super) struct AssignmentForm {
    /// Which profile.
    #[schema(example = "2026-modern")]
    profile: String,
    /// For which system; for the whole city when left out.
    system: Option<String>,
    /// From when (RFC 3339, UTC), not before now; at once when left out.
    #[schema(format = DateTime, example = "2030-01-01T00:00:00Z")]
    from: Option<String>,
    /// Until when (RFC 3339, UTC), exclusive; for ever when left out.
    #[schema(format = DateTime)]
    until: Option<String>,
}

/// Which assignment ends, and when.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProfileAssignmentEnd)]
pub(super) struct EndForm {
    /// Its number.
    number: u64,
    /// When (RFC 3339, UTC): not before now and not after the end that is set already; at once when
    /// left out.
    #[schema(format = DateTime)]
    until: Option<String>,
}

/// What is wanted, the digest that was seen, and why.
pub(super) struct Read {
    pub(super) wanted: Wanted,
    pub(super) preview: Option<String>,
    pub(super) reason: Option<String>,
}

impl ProposalForm {
    pub(super) fn read(self) -> Result<Read, Refusal> {
        if self.profile.is_none() && self.assignment.is_none() && self.end.is_none() {
            return Err(field::missing("profile"));
        }
        let profile = self.profile.map(|profile| {
            let code = field::parse("profile.code", &profile.code)?;
            Ok::<_, Refusal>((code, profile.read()?))
        });
        let reason = self.reason.map(|reason| field::sentence("reason", &reason, REASON_CHARS));
        let wanted = Wanted {
            profile: profile.transpose()?,
            assignment: self.assignment.map(AssignmentForm::read).transpose()?,
            end: self.end.map(EndForm::read).transpose()?,
            date: field::parse("date", &self.date)?,
        };
        Ok(Read { wanted, preview: self.preview, reason: reason.transpose()? })
    }
}

impl ProfileForm {
    fn read(self) -> Result<Content, Refusal> {
        let demands = self.demands.unwrap_or_default();
        for (name, rows) in
            [("profile.rules", self.rules.len()), ("profile.demands", demands.len())]
        {
            if rows > MAX_ROWS {
                let vi = format!("danh sách tối đa {MAX_ROWS} dòng.");
                let en = format!("a list of at most {MAX_ROWS} rows.");
                return Err(field::invalid(name, &Text::new(vi, en)));
            }
        }
        let rule = |(place, row): (usize, RuleRow)| row.read(&format!("profile.rules[{place}]"));
        let demand =
            |(place, row): (usize, DemandRow)| row.read(&format!("profile.demands[{place}]"));
        Ok(Content {
            title: field::sentence("profile.title", &self.title, TITLE_CHARS)?,
            basis: field::sentence("profile.basis", &self.basis, BASIS_CHARS)?,
            rules: self.rules.into_iter().enumerate().map(rule).collect::<Result<_, _>>()?,
            demands: demands.into_iter().enumerate().map(demand).collect::<Result<_, _>>()?,
        })
    }
}

impl AssignmentForm {
    fn read(self) -> Result<WantedAssignment, Refusal> {
        let from = field::parse_optional("assignment.from", self.from.as_deref())?;
        let until: Option<UtcMicros> =
            field::parse_optional("assignment.until", self.until.as_deref())?;
        Ok(WantedAssignment {
            system: field::parse_optional("assignment.system", self.system.as_deref())?,
            profile: field::parse("assignment.profile", &self.profile)?,
            from,
            until,
        })
    }
}

impl EndForm {
    fn read(self) -> Result<WantedEnd, Refusal> {
        let until = field::parse_optional("end.until", self.until.as_deref())?;
        Ok(WantedEnd { number: self.number, until })
    }
}
