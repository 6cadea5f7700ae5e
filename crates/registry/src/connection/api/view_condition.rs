//! How conditions and tests are answered.

use serde::Serialize;
use utoipa::ToSchema;
use wire::ambient::UtcMicros;

use super::super::condition::Condition;
use super::super::sandbox_test::{SandboxTest, TestCall};

/// Something that must be so before a connection is approved.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConnectionCondition)]
pub(crate) struct ConditionView {
    /// `identification_code`, `credential`, `sandbox_test`, `security_level` or `profile`.
    #[schema(example = "sandbox_test")]
    code: &'static str,
    /// Whether approval needs it: the rules of the day demand it; `sandbox_test` is needed always.
    required: bool,
    /// Whether it is so.
    met: bool,
    /// Why it is, or what is missing, in Vietnamese.
    #[schema(example = "Chưa có kết quả thử nghiệm được xác nhận.")]
    why: String,
    /// The same in English.
    #[schema(example = "No test has been confirmed.")]
    why_en: String,
}

/// All that must be so, and the test that was confirmed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConnectionConditions)]
pub(crate) struct ConditionsView {
    /// Whether approval would be refused for one of them.
    blocked: bool,
    /// Each of them.
    conditions: Vec<ConditionView>,
    /// When the operator confirmed the test in the sandbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    tested_at: Option<UtcMicros>,
    /// The calls that made it.
    test_calls: Vec<TestCall>,
}

impl ConditionsView {
    pub(super) fn new(conditions: Vec<Condition>, test: Option<SandboxTest>) -> Self {
        Self {
            blocked: conditions.iter().any(|condition| condition.required && !condition.met),
            conditions: conditions.into_iter().map(ConditionView::from).collect(),
            tested_at: test.as_ref().map(|test| test.confirmed_at),
            test_calls: test.map(|test| test.calls).unwrap_or_default(),
        }
    }
}

impl From<Condition> for ConditionView {
    fn from(condition: Condition) -> Self {
        Self {
            code: condition.code.as_str(),
            required: condition.required,
            met: condition.met,
            why: condition.why.vi.into_owned(),
            why_en: condition.why.en.into_owned(),
        }
    }
}
