//! Every way a command of the registry ends without doing what was asked, and what people are told.
//!
//! Refusals of the rules ([`Refused::Step`], [`Refused::Taken`], …) are answers; failures
//! ([`Refused::Record`], [`Refused::Store`], …) are the platform's fault, and nothing was changed
//! unless [`Refused::NotInForce`] says so.

use evidence::HistoryError;
use keys::KeyError;
use store::StoreError;
use wire::ambient::UtcMicros;
use wire::checkpoint::Origin;
use wire::error_code::ErrorCode;
use wire::id::{ConnectionId, SystemId};
use wire::organisation_code::OrganisationCode;
use wire::problem::Text;
use wire::signature::Algorithm;

use crate::connection::lifecycle::{Party, State, Step, StepRefusal};
use crate::credential::MAX_PER_SYSTEM;
use crate::node::NodeRefused;
use evidence::RecordError;
use web::Refusal;

/// The things that the registry knows, in the words of the glossary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noun {
    /// `OrganisationCode` and names.
    Organisation,
    /// An information system of an organisation.
    System,
    /// A key of a system.
    Credential,
    /// A version of a service.
    Service,
    /// A permission to use a service.
    Connection,
    /// A process of the platform.
    Node,
}

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A field breaks its rule. Caller's fault; a corrected request may succeed.
    #[error("{}", .0.0.detail.en)]
    Field(Refusal),
    /// The actor may not do this. Caller's fault.
    #[error("only {} may do this", .0.en)]
    NotPermitted(Text),
    /// There is no such thing. Caller's fault.
    #[error("there is no {} {id}", .noun.en())]
    Unknown {
        /// What was looked for.
        noun: Noun,
        /// Under which name.
        id: String,
    },
    /// There is one of that name already. Caller's fault.
    #[error("the {} {id} is registered already", .noun.en())]
    Taken {
        /// What was to be registered.
        noun: Noun,
        /// Under which name.
        id: String,
    },
    /// An organisation whose parent is not registered. Caller's fault.
    #[error("the organisation {0} above it is not registered")]
    ParentUnknown(OrganisationCode),
    /// The credential is revoked or past its time. Caller's fault.
    #[error("the credential {0} is not valid any more")]
    CredentialNotValid(String),
    /// There is an amendment of this connection under way. Caller's fault.
    #[error("the connection is being amended by {0} already")]
    AmendedAlready(ConnectionId),
    /// The system has as many credentials as it may. Caller's fault.
    #[error("the system {0} has too many credentials")]
    TooManyCredentials(SystemId),
    /// A successor must have the algorithm of the credential it follows. Caller's fault.
    #[error("the credential to be rotated is for {0}")]
    OtherAlgorithm(Algorithm),
    /// The node is retired already. Caller's fault.
    #[error("the node {origin} is retired: it decides until {until}")]
    NodeRetired {
        /// Its name.
        origin: Origin,
        /// Until when it decides.
        until: UtcMicros,
    },
    /// Without this node nobody would decide. Caller's fault.
    #[error("{0} is the only node that does not retire")]
    LastNode(Origin),
    /// The lifecycle does not allow the step. Caller's fault.
    #[error(transparent)]
    Step(#[from] StepRefusal),
    /// The change could not be made or recorded. Platform's fault; the same request may be sent
    /// again.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The database could not be read. Platform's fault; the same request may be sent again.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A secret could not be sealed or opened. Platform's fault.
    #[error(transparent)]
    Secret(#[from] KeyError),
    /// The history of the directory could not be read. Platform's fault.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// Something of ours cannot be written in canonical form. Platform's fault.
    #[error("not writable: {0}")]
    NotWritable(String),
    /// The change is made and recorded, but gateways could not be told yet; they will be without
    /// anyone asking again. Platform's fault.
    #[error("the change is recorded but not in force yet: {0}")]
    NotInForce(String),
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Field(refusal)
    }
}

impl From<NodeRefused> for Refused {
    fn from(refused: NodeRefused) -> Self {
        match refused {
            NodeRefused::Unknown(origin) => {
                Self::Unknown { noun: Noun::Node, id: origin.to_string() }
            }
            NodeRefused::Retired { origin, until } => Self::NodeRetired { origin, until },
            NodeRefused::Last(origin) => Self::LastNode(origin),
            NodeRefused::Store(error) => Self::Store(error),
            NodeRefused::Record(error) => Self::Record(error),
        }
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let (code, detail) = match refused {
            Refused::Field(refusal) => return refusal,
            Refused::NotPermitted(who) => (ErrorCode::RoleNotPermitted, only(&who)),
            Refused::Unknown { noun, id } => (ErrorCode::ResourceNotFound, unknown(noun, &id)),
            Refused::Taken { noun, id } => (ErrorCode::ResourceExists, taken(noun, &id)),
            Refused::ParentUnknown(code) => (ErrorCode::ResourceConflict, parent_unknown(&code)),
            Refused::CredentialNotValid(keyid) => (ErrorCode::ResourceConflict, not_valid(&keyid)),
            Refused::AmendedAlready(id) => (ErrorCode::ResourceConflict, amended_already(&id)),
            Refused::TooManyCredentials(system) => {
                (ErrorCode::ResourceConflict, too_many_credentials(&system))
            }
            Refused::OtherAlgorithm(algorithm) => {
                (ErrorCode::ResourceConflict, other_algorithm(algorithm))
            }
            Refused::NodeRetired { origin, until } => {
                (ErrorCode::ResourceConflict, node_retired(&origin, until))
            }
            Refused::LastNode(origin) => (ErrorCode::ResourceConflict, last_node(&origin)),
            Refused::Step(refusal) => step(&refusal),
            Refused::Record(error) => (error.code(), failed(&error)),
            Refused::Store(error) => (ErrorCode::DatabaseUnavailable, failed(&error)),
            Refused::Secret(error) => (ErrorCode::PlatformInternal, failed(&error)),
            Refused::NotWritable(why) => {
                tracing::error!(%why, "a command of the registry failed");
                (ErrorCode::PlatformInternal, nothing_changed())
            }
            Refused::History(error) => (ErrorCode::PlatformInternal, failed(&error)),
            Refused::NotInForce(_) => (ErrorCode::LogUnavailable, not_in_force()),
        };
        Self::new(code, detail)
    }
}

fn only(who: &Text) -> Text {
    Text::new(format!("Chỉ {} được làm việc này.", who.vi), format!("Only {} may do this.", who.en))
}

fn unknown(noun: Noun, id: &str) -> Text {
    Text::new(
        format!("Không có {} «{id}».", noun.vi()),
        format!("There is no {} `{id}`.", noun.en()),
    )
}

fn taken(noun: Noun, id: &str) -> Text {
    Text::new(
        format!("Đã có {} «{id}».", noun.vi()),
        format!("The {} `{id}` is registered already.", noun.en()),
    )
}

fn parent_unknown(code: &OrganisationCode) -> Text {
    Text::new(
        format!("Cơ quan cấp trên «{code}» chưa được đăng ký."),
        format!("The organisation `{code}` above it is not registered."),
    )
}

fn not_valid(keyid: &str) -> Text {
    Text::new(
        format!("Khóa «{keyid}» đã bị thu hồi hoặc đã hết hạn."),
        format!("The credential `{keyid}` is revoked or past its time."),
    )
}

fn amended_already(id: &ConnectionId) -> Text {
    Text::new(
        format!("Kết nối này đang được sửa đổi bằng «{id}»; hãy rút đề nghị đó hoặc chờ kết quả."),
        format!("This connection is being amended by `{id}`; withdraw that one or await its end."),
    )
}

fn too_many_credentials(system: &SystemId) -> Text {
    Text::new(
        format!(
            "Hệ thống «{system}» đã có {MAX_PER_SYSTEM} khóa, kể cả khóa hết hạn hoặc bị thu hồi \
             trong 30 ngày qua."
        ),
        format!(
            "The system `{system}` has {MAX_PER_SYSTEM} credentials, those that expired or were \
             revoked within the last 30 days included."
        ),
    )
}

fn other_algorithm(algorithm: Algorithm) -> Text {
    Text::new(
        format!("Khóa thay thế phải cùng thuật toán: {algorithm}."),
        format!("The successor must be of the same algorithm: {algorithm}."),
    )
}

fn node_retired(origin: &Origin, until: UtcMicros) -> Text {
    Text::new(
        format!(
            "Máy chủ «{origin}» đã được rút khỏi nền tảng; thời điểm thôi quyết định: {until}."
        ),
        format!("The node `{origin}` is retired already: it decides until {until}."),
    )
}

fn last_node(origin: &Origin) -> Text {
    Text::new(
        format!(
            "«{origin}» là máy chủ duy nhất chưa được rút; cần đưa một máy chủ khác vào hoạt động \
             trước."
        ),
        format!("`{origin}` is the only node that is not retired: let another one enter first."),
    )
}

/// What failed stands in our own log; the caller cannot mend it and need not know it.
fn failed(error: &dyn std::error::Error) -> Text {
    tracing::error!(%error, "a command of the registry failed");
    nothing_changed()
}

fn nothing_changed() -> Text {
    Text::new("Nền tảng gặp lỗi; chưa có gì thay đổi.", "The platform failed; nothing was changed.")
}

fn not_in_force() -> Text {
    Text::new(
        "Thay đổi đã được ghi nhận nhưng chưa công bố được tới các cổng; nền tảng sẽ tự công bố.",
        "The change is recorded but gateways could not be told yet; they will be without anyone \
         asking again.",
    )
}

fn step(refusal: &StepRefusal) -> (ErrorCode, Text) {
    match *refusal {
        StepRefusal::NotYours { by, .. } => (ErrorCode::RoleNotPermitted, only(&parties(by))),
        StepRefusal::NotFromHere { step, state } => (
            ErrorCode::ConnectionStepNotPossible,
            Text::new(
                format!(
                    "Kết nối đang ở trạng thái «{}», không thể thực hiện bước «{}».",
                    state.vi(),
                    step.vi()
                ),
                format!("A connection that is {state} cannot take the step {step}."),
            ),
        ),
        StepRefusal::SameActor { step, earlier } => (
            ErrorCode::DutiesNotSeparated,
            Text::new(
                format!(
                    "Người đã thực hiện bước «{}» không được thực hiện bước «{}» của cùng kết nối.",
                    earlier.vi(),
                    step.vi()
                ),
                format!("Whoever took the step {earlier} may not take the step {step} as well."),
            ),
        ),
        StepRefusal::ReasonMissing { step } => (
            ErrorCode::FieldInvalid,
            Text::new(
                format!("Bước «{}» phải nêu lý do (trường «reason»).", step.vi()),
                format!("The step {step} needs a reason (the field `reason`)."),
            ),
        ),
    }
}

/// Some parties in a sentence.
fn parties(parties: &[Party]) -> Text {
    let vi: Vec<_> = parties.iter().map(|party| party.vi()).collect();
    let en: Vec<_> = parties.iter().map(|party| party.en()).collect();
    Text::new(vi.join(" hoặc "), en.join(" or "))
}

impl Noun {
    fn vi(self) -> &'static str {
        match self {
            Self::Organisation => "cơ quan, tổ chức",
            Self::System => "hệ thống thông tin",
            Self::Credential => "khóa",
            Self::Service => "dịch vụ",
            Self::Connection => "kết nối",
            Self::Node => "máy chủ",
        }
    }

    fn en(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::System => "system",
            Self::Credential => "credential",
            Self::Service => "service",
            Self::Connection => "connection",
            Self::Node => "node",
        }
    }
}

impl Party {
    fn vi(self) -> &'static str {
        match self {
            Self::Consumer => "quản trị của cơ quan khai thác",
            Self::Provider => "quản trị của cơ quan cung cấp",
            Self::Operator => "đơn vị vận hành",
            Self::StateManager => "cơ quan quản lý nhà nước",
            Self::Platform => "nền tảng",
        }
    }

    fn en(self) -> &'static str {
        match self {
            Self::Consumer => "the consumer's administrator",
            Self::Provider => "the provider's administrator",
            Self::Operator => "the operator",
            Self::StateManager => "the state manager",
            Self::Platform => "the platform",
        }
    }
}

impl State {
    fn vi(self) -> &'static str {
        match self {
            Self::Draft => "bản nháp",
            Self::Submitted => "đã gửi",
            Self::Returned => "trả lại để bổ sung",
            Self::Consented => "bên cung cấp đã đồng ý",
            Self::Testing => "đang thử nghiệm",
            Self::Approved => "đã phê duyệt",
            Self::Active => "đang hoạt động",
            Self::Suspended => "tạm dừng",
            Self::Ended => "đã chấm dứt",
            Self::Withdrawn => "đã rút",
            Self::Refused => "bị từ chối",
        }
    }
}

impl Step {
    fn vi(self) -> &'static str {
        match self {
            Self::Request => "đề nghị",
            Self::Revise => "sửa",
            Self::Submit => "gửi",
            Self::Return => "trả lại",
            Self::Consent => "đồng ý",
            Self::Test => "thử nghiệm",
            Self::Approve => "phê duyệt",
            Self::Activate => "kích hoạt",
            Self::Suspend => "tạm dừng",
            Self::Resume => "khôi phục",
            Self::End => "chấm dứt",
            Self::Withdraw => "rút",
            Self::Refuse => "từ chối",
            Self::Replace => "thay thế",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_step_names_state_and_step_in_vietnamese() {
        let refusal = StepRefusal::NotFromHere { step: Step::Submit, state: State::Submitted };
        let (code, text) = step(&refusal);
        assert_eq!(code, ErrorCode::ConnectionStepNotPossible);
        assert_eq!(text.vi, "Kết nối đang ở trạng thái «đã gửi», không thể thực hiện bước «gửi».");
    }
}
