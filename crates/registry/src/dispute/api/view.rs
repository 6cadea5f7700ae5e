//! How disputes and their steps are answered.

use serde::Serialize;
use utoipa::ToSchema;
use wire::ambient::UtcMicros;
use wire::checkpoint::Origin;
use wire::id::{ConnectionId, DisputeId};

use super::super::command::is_overdue;
use super::super::life::{DisputeStep, possible_steps};
use super::super::{About, Dispute, Effect, Outcome, TakenStep};
use crate::connection::api::view::ActorView;

/// One dispute.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dispute)]
pub(crate) struct DisputeView {
    /// Its id.
    #[schema(value_type = String, example = "019abcde-0000-7000-8000-000000000000")]
    id: DisputeId,
    /// About which connection.
    #[schema(value_type = String)]
    connection: ConnectionId,
    /// What is objected to: `decision`, `data`, `use` or `other`.
    #[schema(example = "data")]
    about: &'static str,
    /// The number of the step of the connection that is objected to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    step: Option<u32>,
    /// Which side opened it: `consumer` or `provider`.
    #[schema(example = "consumer")]
    opened_by: &'static str,
    /// Who answers: `consumer`, `provider`, `operator` or `state_manager`.
    #[schema(example = "provider")]
    against: &'static str,
    /// Where it stands: `open`, `answered`, `referred`, `decided`, `settled` or `withdrawn`.
    #[schema(example = "open")]
    state: &'static str,
    /// The steps that lead on from here.
    next_steps: Vec<&'static str>,
    /// What is objected to, in words.
    claim: String,
    /// What is asked for.
    wanted: String,
    /// What was decided: `upheld`, `partly_upheld` or `rejected`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    outcome: Option<&'static str>,
    /// What the decision did to the connection: `suspend` or `resume`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    effect: Option<&'static str>,
    /// By when it is to be answered or decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    due: Option<UtcMicros>,
    /// Whether all days on the way to that were checked in the calendar of working days.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    verified: Option<bool>,
    /// Whether that has passed.
    overdue: bool,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    opened_at: UtcMicros,
}

impl DisputeView {
    /// A dispute as it is shown at `now`.
    pub(in crate::dispute) fn new(dispute: Dispute, now: UtcMicros) -> Self {
        Self {
            overdue: is_overdue(&dispute, now),
            id: dispute.id,
            connection: dispute.connection,
            about: About::as_str(dispute.about),
            step: dispute.step,
            opened_by: dispute.opened_by.as_str(),
            against: dispute.against.as_str(),
            state: dispute.state.as_str(),
            next_steps: possible_steps(dispute.state).map(DisputeStep::as_str).collect(),
            claim: dispute.claim,
            wanted: dispute.wanted,
            outcome: dispute.outcome.map(Outcome::as_str),
            effect: dispute.effect.map(Effect::as_str),
            verified: dispute.due.map(|_| dispute.verified),
            due: dispute.due,
            opened_at: dispute.opened_at,
        }
    }
}

/// One step of a dispute.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DisputeStep)]
pub(crate) struct DisputeStepView {
    /// 0 is the opening.
    number: u32,
    /// Which step: `open`, `answer`, `settle`, `refer`, `decide` or `withdraw`.
    #[schema(example = "answer")]
    step: &'static str,
    /// The state it led to.
    #[schema(example = "answered")]
    state: &'static str,
    /// Who took it.
    actor: ActorView,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: UtcMicros,
    /// What was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<String>,
    /// Where its entry stands: `<log origin>/<index>`. Absent while the log catches up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "lgsp.haiphong.example/log/42")]
    entry: Option<String>,
}

impl DisputeStepView {
    pub(super) fn new(taken: TakenStep, entry: Option<(Origin, u64)>) -> Self {
        Self {
            number: taken.number,
            step: taken.step.as_str(),
            state: taken.state.as_str(),
            actor: ActorView::from(taken.by),
            at: taken.at,
            words: taken.words,
            entry: entry.map(|(origin, index)| format!("{origin}/{index}")),
        }
    }
}
