//! Calls of before, judged by a registry that is not in force yet.
//!
//! The import is written within a transaction that is never committed; the directory is built from
//! what would stand there, and whoever carries calls says what would become of each.

use std::collections::HashMap;
use std::sync::Arc;

use keys::Zeroizing;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::ambient::UtcMicros;
use wire::directory::Directory;
use wire::error_code::ErrorCode;
use wire::id::{KeyId, SystemId};

/// The most calls that are judged at once.
pub const MOST_CALLS: usize = 100_000;

/// A call that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordedCall {
    /// Which system called.
    #[schema(value_type = String, example = "H23.05/mot-cua")]
    pub consumer: SystemId,
    /// Signed with which credential, if that is known: it is looked for too.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub keyid: Option<KeyId>,
    /// The method.
    #[schema(example = "GET")]
    pub method: String,
    /// The path at the gateway, with the code of that time.
    #[schema(example = "/H23.12/don-vi-hanh-chinh/danh-muc/v1/units")]
    pub path: String,
    /// The purpose that the call named.
    #[serde(default)]
    pub purpose: Option<String>,
}

/// Judges calls by a directory, as it would be done at the gateway.
pub trait CallJudge: Send + Sync {
    /// What would become of each call at `now`: nothing wrong, or the code of the refusal.
    fn judge(
        &self,
        directory: Arc<Directory>,
        hmac_secrets: HashMap<KeyId, Zeroizing<Vec<u8>>>,
        calls: &[RecordedCall],
        now: UtcMicros,
    ) -> Vec<Result<(), ErrorCode>>;
}

/// What a rehearsal says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Rehearsed {
    /// How many calls were judged.
    pub calls: usize,
    /// How many would pass now, before the import.
    pub passing_before: usize,
    /// How many would pass after it.
    pub passing_after: usize,
    /// Those that would not pass after it; at most 1000 of them.
    pub failing: Vec<FailingCall>,
}

/// A call that would not pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FailingCall {
    /// The call.
    #[serde(flatten)]
    pub call: RecordedCall,
    /// The code of the refusal.
    #[schema(value_type = String)]
    pub code: ErrorCode,
    /// Whether it passes now.
    pub passes_now: bool,
}

/// Failing calls that are named.
const MOST_NAMED: usize = 1_000;

/// Compares what becomes of the calls before and after.
pub(crate) fn compare(
    calls: Vec<RecordedCall>,
    before: &[Result<(), ErrorCode>],
    after: &[Result<(), ErrorCode>],
) -> Rehearsed {
    let passing = |judged: &[Result<(), ErrorCode>]| judged.iter().filter(|it| it.is_ok()).count();
    let (passing_before, passing_after) = (passing(before), passing(after));
    let count = calls.len();
    let judged = calls.into_iter().zip(before).zip(after);
    let failing = judged.filter_map(|((call, before), after)| {
        let code = after.err()?;
        Some(FailingCall { call, code, passes_now: before.is_ok() })
    });
    let failing = failing.take(MOST_NAMED).collect();
    Rehearsed { calls: count, passing_before, passing_after, failing }
}
