//! What people send about disputes, and how it becomes types.

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use web::{PageRequest, Refusal, field};
use wire::ambient::UtcMicros;
use wire::problem::Text;

use super::super::command::{DecidedEffect, Decision, NewDispute};
use super::super::life::DisputeState;
use super::super::sql::Filter;
use super::super::{About, Effect, Outcome};
use crate::connection::lifecycle::Party;

/// The longest statement, in characters.
const WORDS_CHARS: usize = 2_000;

/// A dispute to open.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DisputeForm {
    /// About which connection.
    #[schema(example = "019abcde-0000-7000-8000-000000000000")]
    connection: String,
    /// What is objected to: `decision` (a step of the connection, with its number in `step`), `data`,
    /// `use` or `other`.
    #[schema(example = "data")]
    about: String,
    /// The number of the step in the history of the connection.
    step: Option<u32>,
    /// What is objected to, in words: at most 2000 characters.
    #[schema(example = "Danh mục thiếu 03 đơn vị hành chính so với nghị quyết")]
    claim: String,
    /// What is asked for: at most 2000 characters.
    #[schema(example = "Bổ sung dữ liệu và xác nhận bằng văn bản")]
    wanted: String,
}

/// An answer, or why a decision is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DisputeWords)]
pub(crate) struct WordsForm {
    /// What is said: at most 2000 characters.
    #[schema(example = "Dữ liệu đã được bổ sung ngày 25/11/2026")]
    words: String,
}

/// Why, if somebody wants to say so.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DisputeReason)]
pub(crate) struct ReasonForm {
    /// Why: at most 2000 characters.
    #[schema(example = "Hai bên đã thống nhất")]
    reason: Option<String>,
}

/// A decision about a dispute.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DisputeDecision)]
pub(crate) struct DecisionForm {
    /// `upheld`, `partly_upheld` or `rejected`.
    #[schema(example = "partly_upheld")]
    outcome: String,
    /// Why: at most 2000 characters.
    #[schema(example = "Dữ liệu thiếu thật, đã được bổ sung trong thời hạn")]
    reasons: String,
    /// What follows for the connection, unless the dispute is rejected: `suspend`, `resume`; nothing
    /// if left out.
    effect: Option<String>,
    /// Needed to suspend: what is done about it.
    measures: Option<String>,
    /// Needed to suspend: what restores the connection.
    restored_when: Option<String>,
}

/// Which disputes to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DisputeQuery {
    /// Only those about this connection.
    connection: Option<String>,
    /// Only those in this state: `open`, `answered`, `referred`, `decided`, `settled` or `withdrawn`.
    state: Option<String>,
    /// Only those against the `consumer`, the `provider`, the `operator` or the `state_manager`.
    against: Option<String>,
    /// Only those in which a deadline has passed (`true`).
    overdue: Option<bool>,
    /// `next` of the page before.
    after: Option<String>,
    /// Items on the page: 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

impl DisputeForm {
    pub(super) fn read(self) -> Result<NewDispute, Refusal> {
        let about = one_of("about", &self.about, About::ALL)?;
        if (about == About::Decision) != self.step.is_some() {
            let reason = Text::new(
                "Khiếu nại về một quyết định cần số thứ tự của bước; các khiếu nại khác thì không.",
                "A dispute about a decision needs the number of the step; others take none.",
            );
            return Err(field::refused("step", &reason));
        }
        Ok(NewDispute {
            connection: field::parse("connection", &self.connection)?,
            about,
            step: self.step,
            claim: field::sentence("claim", &self.claim, WORDS_CHARS)?,
            wanted: field::sentence("wanted", &self.wanted, WORDS_CHARS)?,
        })
    }
}

impl WordsForm {
    pub(super) fn read(self) -> Result<String, Refusal> {
        field::sentence("words", &self.words, WORDS_CHARS)
    }
}

impl ReasonForm {
    pub(super) fn read(self) -> Result<Option<String>, Refusal> {
        self.reason.map(|reason| field::sentence("reason", &reason, WORDS_CHARS)).transpose()
    }
}

impl DecisionForm {
    pub(super) fn read(self) -> Result<Decision, Refusal> {
        let outcome = one_of("outcome", &self.outcome, Outcome::ALL)?;
        let effect = self.effect.as_deref().map(|text| one_of("effect", text, Effect::ALL));
        let effect = effect.transpose()?;
        if effect.is_some() && outcome == Outcome::Rejected {
            let reason = Text::new(
                "Khiếu nại không được chấp nhận thì kết nối giữ nguyên.",
                "A dispute that is rejected leaves the connection as it is.",
            );
            return Err(field::refused("effect", &reason));
        }
        let sentence = |name: &str, text: Option<String>| match text {
            Some(text) => field::sentence(name, &text, WORDS_CHARS),
            None => Err(field::missing(name)),
        };
        let effect = match effect {
            Some(Effect::Suspend) => Some(DecidedEffect::Suspend {
                measures: sentence("measures", self.measures)?,
                restored_when: sentence("restored_when", self.restored_when)?,
            }),
            other => {
                // Silently ignored, they would be believed to hold.
                for (name, said) in
                    [("measures", self.measures), ("restored_when", self.restored_when)]
                {
                    if said.is_some() {
                        let reason = Text::new(
                            "Chỉ dùng khi quyết định tạm ngừng kết nối.",
                            "It goes with a suspension only.",
                        );
                        return Err(field::refused(name, &reason));
                    }
                }
                other.map(|_| DecidedEffect::Resume)
            }
        };
        let reasons = field::sentence("reasons", &self.reasons, WORDS_CHARS)?;
        Ok(Decision { outcome, reasons, effect })
    }
}

impl DisputeQuery {
    pub(super) fn read(self, now: UtcMicros) -> Result<(Filter, PageRequest), Refusal> {
        let state = self.state.as_deref().map(|text| one_of("state", text, DisputeState::ALL));
        let parties = || Party::ALL.iter().copied().filter(|party| *party != Party::Platform);
        let parties: Vec<_> = parties().collect();
        let against = self.against.as_deref().map(|text| one_of("against", text, &parties));
        let filter = Filter {
            connection: field::parse_optional("connection", self.connection.as_deref())?,
            state: state.transpose()?,
            against: against.transpose()?,
            overdue_at: self.overdue.unwrap_or(false).then_some(now),
        };
        Ok((filter, PageRequest::new(self.after, self.limit)?))
    }
}

fn one_of<T: Copy + std::fmt::Display>(name: &str, text: &str, known: &[T]) -> Result<T, Refusal> {
    if let Some(found) = known.iter().find(|one| one.to_string() == text) {
        return Ok(*found);
    }
    let known: Vec<_> = known.iter().map(ToString::to_string).collect();
    let known = known.join(", ");
    let rule = Text::new(format!("một trong các giá trị {known}."), format!("one of {known}."));
    Err(field::invalid(name, &rule))
}
