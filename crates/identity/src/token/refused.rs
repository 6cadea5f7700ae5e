//! Every way a command on tokens ends without doing what was asked, and what people are told.

use evidence::RecordError;
use store::StoreError;
use web::{Refusal, field};
use wire::error_code::ErrorCode;
use wire::id::Role;
use wire::organisation_code::OrganisationCode;
use wire::problem::Text;

use super::TokenId;

/// Why a command did not do what was asked. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The actor may not do this. Caller's fault.
    #[error("the role {by} may not do this")]
    NotPermitted {
        /// The actor's role.
        by: Role,
    },
    /// The time of expiry lies in the past or too far ahead. Caller's fault.
    #[error("a token expires later than now and within {0} days")]
    Expiry(u32),
    /// There is no such token, or the actor may not know of it. Caller's fault.
    #[error("there is no token {0}")]
    Unknown(TokenId),
    /// Nobody can act in an organisation that does not take part. Caller's fault.
    #[error("the organisation {0} is not registered")]
    NoSuchOrganisation(OrganisationCode),
    /// Whether it takes part cannot be told now. Platform's fault; the same request may be sent
    /// again.
    #[error("{}", .0.0.detail.en)]
    Organisations(Refusal),
    /// The operator makes tokens of an organisation only until it can itself. Caller's fault.
    #[error("{0} has an administrator, who makes its tokens")]
    HasAdministrator(OrganisationCode),
    /// Nobody could make another token of this role. Caller's fault.
    #[error("this is the last valid token of the role {0}")]
    LastOfRole(Role),
    /// The change could not be made or recorded. Platform's fault; the same request may be sent
    /// again.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The database could not be read. Platform's fault; the same request may be sent again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let (code, detail) = match refused {
            Refused::NotPermitted { by } => (ErrorCode::RoleNotPermitted, not_permitted(by)),
            Refused::Expiry(days) => (ErrorCode::FieldInvalid, expiry(days)),
            Refused::Unknown(id) => (ErrorCode::ResourceNotFound, unknown(id)),
            Refused::NoSuchOrganisation(organisation) => {
                return field::refused("organisation", &no_such_organisation(&organisation));
            }
            Refused::Organisations(refusal) => return refusal,
            Refused::HasAdministrator(organisation) => {
                (ErrorCode::ResourceConflict, has_administrator(&organisation))
            }
            Refused::LastOfRole(role) => (ErrorCode::ResourceConflict, last_of_role(role)),
            Refused::Record(RecordError::DoneAlready) => {
                (ErrorCode::IdempotencyDoneAlready, web::idempotency::done_already())
            }
            Refused::Record(error) => (error.code(), failed(&error)),
            Refused::Store(error) => (ErrorCode::DatabaseUnavailable, failed(&error)),
        };
        Self::new(code, detail)
    }
}

fn no_such_organisation(code: &OrganisationCode) -> Text {
    Text::new(
        format!("Cơ quan, tổ chức «{code}» chưa được đăng ký trên nền tảng."),
        format!("The organisation `{code}` is not registered on the platform."),
    )
}

fn not_permitted(by: Role) -> Text {
    Text::new(
        format!("Vai trò «{by}» không được làm việc này với mã truy cập."),
        format!("The role `{by}` may not do this with tokens."),
    )
}

fn expiry(days: u32) -> Text {
    Text::new(
        format!("Trường «expires_at» phải sau hiện tại và không quá {days} ngày."),
        format!("The field `expires_at` must lie ahead of now, by at most {days} days."),
    )
}

fn unknown(id: TokenId) -> Text {
    Text::new(format!("Không có mã truy cập «{id}»."), format!("There is no token `{id}`."))
}

fn has_administrator(organisation: &OrganisationCode) -> Text {
    Text::new(
        format!(
            "«{organisation}» đã có quản trị, chính quản trị đó cấp mã cho cơ quan mình; nếu quản \
             trị bị mất mã, hãy thu hồi mã đó trước."
        ),
        format!(
            "`{organisation}` has an administrator, who makes the tokens of that organisation; if \
             the administrator's token is lost, revoke it first."
        ),
    )
}

fn last_of_role(role: Role) -> Text {
    Text::new(
        format!(
            "Đây là mã truy cập còn hiệu lực cuối cùng của vai trò «{role}»; hãy tạo mã khác trước."
        ),
        format!("This is the last valid token of the role `{role}`; make another one first."),
    )
}

/// What failed stands in our own log; the caller cannot mend it and need not know it.
pub(super) fn failed(error: &dyn std::error::Error) -> Text {
    tracing::error!(%error, "a command on tokens failed");
    Text::new("Nền tảng gặp lỗi; chưa có gì thay đổi.", "The platform failed; nothing was changed.")
}
