//! A reading of evidence is evidence: it is in the log before its answer leaves.

use std::collections::BTreeMap;
use std::fmt::Display;

use evidence::{Actor, RecordError, Recorder};
use web::Refusal;
use wire::error_code::ErrorCode;
use wire::problem::Text;

/// The action of all entries made here.
const ACTION: &str = "evidence.read";

/// Somebody asks to read something.
pub(super) struct Reading<'a> {
    pub(super) recorder: &'a Recorder,
    pub(super) actor: &'a Actor,
    /// What is asked for: a call, an entry, a bundle of entries.
    pub(super) subject: BTreeMap<String, String>,
}

impl Reading<'_> {
    /// Records that it was read. Without this entry no answer may leave.
    pub(super) async fn record(self) -> Result<(), Refusal> {
        self.note("ok").await
    }

    /// Records that it was not permitted, and says so.
    pub(super) async fn refuse(self) -> Refusal {
        let role = self.actor.role.as_str();
        let code = ErrorCode::RoleNotPermitted;
        let refusal = Refusal::new(
            code,
            Text::new(
                format!(
                    "Vai trò «{role}» của cơ quan này không được xem bằng chứng này. Được xem: cơ \
                     quan gọi, cơ quan cung cấp, kiểm tra, đơn vị vận hành, cơ quan quản lý nhà \
                     nước."
                ),
                format!(
                    "The role `{role}` of this organisation may not see this evidence. Those who \
                     may: the caller's and the provider's organisations, auditors, the operator, \
                     the state manager."
                ),
            ),
        );
        match self.note(code.as_str()).await {
            Ok(()) => refusal,
            Err(unrecorded) => unrecorded,
        }
    }

    async fn note(self, outcome: &str) -> Result<(), Refusal> {
        let noted = self.recorder.access(self.actor, ACTION, self.subject, outcome).await;
        noted.map(drop).map_err(|error| unrecorded(&error))
    }
}

/// The refusal when a reading could not be recorded.
fn unrecorded(error: &RecordError) -> Refusal {
    Refusal::new(
        error.code(),
        Text::new(
            "Nhật ký bằng chứng không ghi được, nên không có bằng chứng nào được đọc.",
            format!("The reading could not be recorded, so nothing is read: {error}."),
        ),
    )
}

/// The refusal when the log or the history cannot be read.
pub(super) fn unreadable(error: &dyn Display) -> Refusal {
    tracing::error!(%error, "evidence could not be read");
    Refusal::new(
        ErrorCode::LogUnavailable,
        Text::new(
            "Nền tảng không đọc được nhật ký bằng chứng.",
            "The platform could not read the evidence log.",
        ),
    )
}

/// The refusal for a flaw of this program.
pub(super) fn internal(error: &dyn Display) -> Refusal {
    tracing::error!(%error, "an evidence answer could not be made");
    Refusal::new(
        ErrorCode::PlatformInternal,
        Text::new("Lỗi của nền tảng.", "A flaw of the platform."),
    )
}
