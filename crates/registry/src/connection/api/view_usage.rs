//! How the use of a connection is asked for and answered.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wire::ambient::UtcMicros;

use super::super::Asked;
use super::super::agreement::written;
use super::super::usage::Usage;

/// Which period to report on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsageQuery {
    /// From when (RFC 3339, UTC); since the connection was requested if left out.
    pub(super) from: Option<String>,
    /// Until when (RFC 3339, UTC); until now if left out or later.
    pub(super) until: Option<String>,
}

/// How often one operation was called.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OperationUse)]
pub(crate) struct OperationUseView {
    /// Which.
    #[schema(example = "GET /units")]
    operation: String,
    /// Production calls that its provider answered.
    calls: u64,
    /// When the last of them was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    last_at: Option<UtcMicros>,
}

/// How a connection was used, by what stands in the log of the node that answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConnectionUsage)]
pub(crate) struct UsageView {
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    from: UtcMicros,
    /// Up to when the log was read: the end of the period, or where a long log was left off.
    #[schema(value_type = String, format = DateTime)]
    until: UtcMicros,
    /// Whether the whole period was read, and no other node has a log.
    complete: bool,
    /// Each operation that the connection permits.
    operations: Vec<OperationUseView>,
    /// Those that were never called.
    never_used: Vec<String>,
    /// What to ask for in an amendment: the same without what was never used. Absent where all was
    /// used, or nothing, or where the report is not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    proposal: Option<Asked>,
}

impl UsageView {
    pub(super) fn new(usage: Usage, from: UtcMicros, asked: &Asked) -> Self {
        Self {
            from,
            until: usage.until,
            complete: usage.complete,
            never_used: usage.never_used().map(written).collect(),
            proposal: usage.proposal(asked),
            operations: usage
                .operations
                .into_iter()
                .map(|(operation, used)| OperationUseView {
                    operation: written(&operation),
                    calls: used.calls,
                    last_at: used.last_at,
                })
                .collect(),
        }
    }
}
