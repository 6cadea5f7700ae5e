//! The registry's rehearsals, judged by the gateway's own code.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use gateway::{DirectorySnapshot, Rehearsal, rehearse};
use keys::Zeroizing;
use registry::import::rehearsal::{CallJudge, RecordedCall};
use wire::ambient::UtcMicros;
use wire::directory::Directory;
use wire::error_code::ErrorCode;
use wire::id::KeyId;

/// Judges as a gateway would.
pub(super) struct GatewayJudge;

impl CallJudge for GatewayJudge {
    fn judge(
        &self,
        directory: Arc<Directory>,
        hmac_secrets: HashMap<KeyId, Zeroizing<Vec<u8>>>,
        calls: &[RecordedCall],
        now: UtcMicros,
    ) -> Vec<Result<(), ErrorCode>> {
        let calls = calls.iter().map(|call| Rehearsal {
            consumer: &call.consumer,
            keyid: call.keyid.as_ref(),
            method: &call.method,
            path: &call.path,
            purpose: call.purpose.as_deref(),
        });
        rehearse(&DirectorySnapshot { directory, hmac_secrets }, calls, now)
    }
}
