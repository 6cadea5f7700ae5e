//! The lifecycle in words, for whoever is refused a step.

use wire::error_code::ErrorCode;
use wire::problem::Text;

use super::lifecycle::{Party, State, Step, StepRefusal};
use crate::refused::only;

/// The code and the text of a step that may not be taken.
pub(crate) fn refused_step(refusal: &StepRefusal) -> (ErrorCode, Text) {
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
        StepRefusal::NotYet { step, after } => {
            let one_of = |name: fn(Step) -> &'static str, or: &str| {
                let names: Vec<_> = after.one_of.iter().map(|step| name(*step)).collect();
                names.join(or)
            };
            let (vi, en) = (one_of(Step::vi, "» hoặc «"), one_of(Step::as_str, " or "));
            (
                ErrorCode::ConnectionStepNotPossible,
                Text::new(
                    format!("Trước bước «{}» phải có bước «{vi}».", step.vi()),
                    format!("Before the step {step} comes {en}."),
                ),
            )
        }
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
pub(crate) fn parties(parties: &[Party]) -> Text {
    let vi: Vec<_> = parties.iter().map(|party| party.vi()).collect();
    let en: Vec<_> = parties.iter().map(|party| party.en()).collect();
    Text::new(vi.join(" hoặc "), en.join(" or "))
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
            Self::Suspended => "tạm ngừng",
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
            Self::ConfirmTest => "xác nhận kết quả thử nghiệm",
            Self::WaiveTest => "miễn thử nghiệm",
            Self::Approve => "phê duyệt",
            Self::Activate => "kích hoạt",
            Self::AnnounceSuspension => "thông báo tạm ngừng theo kế hoạch",
            Self::CallOffSuspension => "hủy kế hoạch tạm ngừng",
            Self::Pause => "tạm ngừng theo kế hoạch",
            Self::Suspend => "tạm ngừng",
            Self::TellConsumer => "thông báo cho bên khai thác",
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
        let (code, text) = refused_step(&refusal);
        assert_eq!(code, ErrorCode::ConnectionStepNotPossible);
        assert_eq!(text.vi, "Kết nối đang ở trạng thái «đã gửi», không thể thực hiện bước «gửi».");
    }
}
