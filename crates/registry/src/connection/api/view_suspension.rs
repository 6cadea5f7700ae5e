//! How suspensions are answered.

use serde::Serialize;
use utoipa::ToSchema;
use wire::ambient::UtcMicros;

use super::super::suspension::Suspension;

/// A suspension of a connection.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Suspension)]
pub(crate) struct SuspensionView {
    /// 0 is the first of the connection.
    number: u32,
    /// Whether it was announced ahead.
    planned: bool,
    /// When it was announced.
    #[schema(value_type = String, format = DateTime)]
    announced_at: UtcMicros,
    /// From when calls are refused.
    #[schema(value_type = String, format = DateTime)]
    from: UtcMicros,
    /// When calls are expected to pass again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expected_recovery: Option<UtcMicros>,
    /// What was violated, or why it is planned.
    content: String,
    /// What is done about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    measures: Option<String>,
    /// What restores the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    restored_when: Option<String>,
    /// When the consumer had been told of an immediate one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    told_at: Option<UtcMicros>,
    /// When it was over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    over_at: Option<UtcMicros>,
}

impl From<Suspension> for SuspensionView {
    fn from(suspension: Suspension) -> Self {
        Self {
            number: suspension.number,
            planned: suspension.planned,
            announced_at: suspension.announced_at,
            from: suspension.from,
            expected_recovery: suspension.expected_recovery,
            content: suspension.content,
            measures: suspension.measures,
            restored_when: suspension.restored_when,
            told_at: suspension.told_at,
            over_at: suspension.over_at,
        }
    }
}
