//! The regulation as data (quy định về kết nối): deadlines, notices, grounds for ending, the clocks
//! of disputes.
//!
//! Read first: [`ConnectionRules`]. What is shipped has the numbers of NĐ 47/2020/NĐ-CP, which was
//! repealed and stays the model; the state manager adds a version with a date when the law moves.
//! A deadline that was set keeps the rules of its own day.
//!
//! **Invariant**: the version in force is the last one whose date has come; versions are never
//! changed. **Trust**: who can add a version can give everybody more time, drop conditions, and name who
//! may waive a test; consent, approval and who takes them stay the lifecycle's.

pub(crate) mod api;
pub(crate) mod command;
mod form;
pub(crate) mod sql;
#[cfg(test)]
pub(crate) mod tests;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::ambient::UtcMicros;

use crate::connection::lifecycle::{Party, State, Step};

/// What the regulation says about connections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionRules {
    /// On which documents this rests.
    #[schema(example = "Quy chế quản lý, vận hành, khai thác LGSP của thành phố")]
    pub basis: String,
    /// Which conditions must be met before a connection is approved, as codes.
    #[schema(example = json!(["identification_code", "credential", "sandbox_test"]))]
    pub conditions: Vec<String>,
    /// Who may waive the test in the sandbox, with a reason; nobody if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>, example = json!(["state_manager"]))]
    pub test_waived_by: Vec<Party>,
    /// By when whoever is waited for has to act.
    pub deadlines: Vec<DeadlineRule>,
    /// How a suspension is announced.
    pub suspension: SuspensionRules,
    /// The clocks of a dispute.
    pub disputes: DisputeRules,
    /// How soon a service is published.
    #[serde(default)]
    pub publication: PublicationRules,
    /// On which grounds a connection may be ended.
    pub grounds: Vec<Ground>,
    /// Who answers for what, as agreements say it.
    pub responsibilities: Responsibilities,
}

/// A time within which somebody has to act while a connection waits for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadlineRule {
    /// What is to be done, as a code.
    #[schema(example = "decision")]
    pub duty: String,
    /// What is to be done, in Vietnamese.
    #[schema(example = "Quyết định về đề nghị kết nối")]
    pub name: String,
    /// Who has to.
    #[schema(value_type = String, example = "state_manager")]
    pub by: Party,
    /// The step from whose day on the days count.
    #[schema(value_type = String, example = "submit")]
    pub since: Step,
    /// In which states it is waited for; in any other the duty is over.
    #[serde(rename = "while")]
    #[schema(value_type = Vec<String>, example = json!(["submitted", "consented", "testing"]))]
    pub waiting: Vec<State>,
    /// How many working days: 1 to 250.
    #[schema(example = 5)]
    pub working_days: u32,
}

/// How a suspension is announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuspensionRules {
    /// How many whole working days a planned one is announced ahead.
    #[schema(example = 7)]
    pub notice_working_days: u32,
    /// Within how many working days the consumer must have been told of an immediate one.
    #[schema(example = 1)]
    pub told_within_working_days: u32,
}

/// The clocks of a dispute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DisputeRules {
    /// How many working days the provider has to answer.
    #[schema(example = 7)]
    pub provider_working_days: u32,
    /// How many the specialised IT unit has after that.
    #[schema(example = 7)]
    pub unit_working_days: u32,
    /// Which unit that is: `operator` or `state_manager`, which it is if left out.
    #[serde(default = "state_manager")]
    #[schema(value_type = Option<String>, example = "state_manager")]
    pub decided_by: Party,
}

/// What versions say that were added before the rules had this.
fn state_manager() -> Party {
    Party::StateManager
}

/// Who answers for what, sentence by sentence, in Vietnamese.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Responsibilities {
    /// The provider.
    #[schema(example = json!(["Bảo đảm dữ liệu cung cấp chính xác, kịp thời"]))]
    pub provider: Vec<String>,
    /// The consumer.
    #[schema(example = json!(["Khai thác dữ liệu đúng mục đích, đúng phạm vi"]))]
    pub consumer: Vec<String>,
    /// The platform.
    #[schema(example = json!(["Ghi nhận đầy đủ các lượt khai thác"]))]
    pub platform: Vec<String>,
}

/// How soon a service is published after its provider declared it ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicationRules {
    /// Within how many working days.
    #[schema(example = 1)]
    pub working_days: u32,
}

impl Default for PublicationRules {
    /// What versions say that were added before the rules had this: as it was shipped.
    fn default() -> Self {
        Self { working_days: 1 }
    }
}

/// A ground on which a connection may be ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ground {
    /// Its code.
    #[schema(example = "no_longer_needed")]
    pub code: String,
    /// What it says, in Vietnamese.
    #[schema(example = "Bên khai thác không còn nhu cầu")]
    pub name: String,
}

/// A version of the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesVersion {
    /// 0 is the one that was shipped.
    pub version: u32,
    /// From when it is in force; `None` for the one that was shipped.
    pub from: Option<UtcMicros>,
    /// What it says.
    pub rules: ConnectionRules,
}

impl ConnectionRules {
    /// The ground with this code.
    pub fn ground(&self, code: &str) -> Option<&Ground> {
        self.grounds.iter().find(|ground| ground.code == code)
    }
}

/// What is there from the start; a test reads the file.
pub(crate) fn shipped() -> Option<ConnectionRules> {
    serde_json::from_str(include_str!("regulation/shipped.json")).ok()
}
