//! What is said of each refusal to whoever asked.

use wire::ambient::UtcMicros;
use wire::checkpoint::Origin;
use wire::id::{ConnectionId, SystemId};
use wire::organisation_code::OrganisationCode;
use wire::problem::Text;
use wire::signature::Algorithm;

use super::Noun;
use crate::connection::condition::Condition;
use crate::connection::lifecycle::Party;
use crate::connection::parties_in_words;
use crate::credential::MAX_PER_SYSTEM;

pub(crate) fn only(who: &Text) -> Text {
    Text::new(format!("Chỉ {} được làm việc này.", who.vi), format!("Only {} may do this.", who.en))
}

pub(super) fn unknown(noun: Noun, id: &str) -> Text {
    Text::new(
        format!("Không có {} «{id}».", noun.vi()),
        format!("There is no {} `{id}`.", noun.en()),
    )
}

pub(super) fn taken(noun: Noun, id: &str) -> Text {
    Text::new(
        format!("Đã có {} «{id}».", noun.vi()),
        format!("The {} `{id}` is registered already.", noun.en()),
    )
}

pub(super) fn closed(noun: Noun, id: &str, at: UtcMicros) -> Text {
    Text::new(
        format!("{} «{id}» đã chấm dứt từ {at}.", capital(noun.vi())),
        format!("The {} `{id}` is closed since {at}.", noun.en()),
    )
}

/// How many of what is in the way are named; the rest is counted.
const NAMED: usize = 20;

pub(super) fn still_used(noun: Noun, id: &str, used_by: &[String]) -> Text {
    let named = used_by.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let (more_vi, more_en) = match used_by.len().saturating_sub(NAMED) {
        0 => (String::new(), String::new()),
        more => (format!(" và {more} mục khác"), format!(" and {more} more")),
    };
    Text::new(
        format!("{} «{id}» vẫn đang được dùng bởi: {named}{more_vi}.", capital(noun.vi())),
        format!("The {} `{id}` is still used by: {named}{more_en}.", noun.en()),
    )
}

pub(super) fn names_taken(ids: &[String]) -> Text {
    let named = ids.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    Text::new(
        format!(
            "Những mã hệ thống này đã có nơi dùng hoặc bị trùng: {named}; cần đặt mã khác trong \
             «moves»."
        ),
        format!(
            "These ids of systems are taken, or asked for twice: {named}; give others in `moves`."
        ),
    )
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

pub(super) fn parent_unknown(code: &OrganisationCode) -> Text {
    Text::new(
        format!("Cơ quan cấp trên «{code}» chưa được đăng ký."),
        format!("The organisation `{code}` above it is not registered."),
    )
}

pub(super) fn source_taken(item: &str, set: &str) -> Text {
    Text::new(
        format!("Trường dữ liệu «{item}» đã có nguồn tin cậy duy nhất là tập dữ liệu «{set}»."),
        format!("The data item `{item}` has its one source in the data set `{set}` already."),
    )
}

pub(super) fn not_valid(keyid: &str) -> Text {
    Text::new(
        format!("Khóa «{keyid}» đã bị thu hồi hoặc đã hết hạn."),
        format!("The credential `{keyid}` is revoked or past its time."),
    )
}

pub(super) fn amended_already(id: &ConnectionId) -> Text {
    Text::new(
        format!("Kết nối này đang được sửa đổi bằng «{id}»; hãy rút đề nghị đó hoặc chờ kết quả."),
        format!("This connection is being amended by `{id}`; withdraw that one or await its end."),
    )
}

pub(super) fn purpose_served(id: &ConnectionId) -> Text {
    Text::new(
        format!(
            "Kết nối «{id}» của cùng hệ thống, dịch vụ và mục đích đang có hiệu lực; hãy sửa đổi \
             hoặc gia hạn kết nối đó."
        ),
        format!(
            "The connection `{id}` of the same system, service and purpose is in force; amend or \
             renew that one."
        ),
    )
}

pub(super) fn condition_codes(unmet: &[Condition]) -> String {
    let codes: Vec<_> = unmet.iter().map(|condition| condition.code.as_str()).collect();
    codes.join(", ")
}

pub(super) fn conditions_unmet(unmet: &[Condition]) -> Text {
    let codes = condition_codes(unmet);
    let vi: Vec<_> = unmet.iter().map(|condition| condition.why.vi.as_ref()).collect();
    let en: Vec<_> = unmet.iter().map(|condition| condition.why.en.as_ref()).collect();
    Text::new(
        format!("Chưa đáp ứng điều kiện {codes}: {}", vi.join(" ")),
        format!("Conditions that are not met: {codes}. {}", en.join(" ")),
    )
}

pub(super) fn not_as_agreed(id: &ConnectionId) -> Text {
    Text::new(
        format!(
            "Nội dung của kết nối «{id}» khác với thỏa thuận đã phê duyệt; hãy chấm dứt kết nối này \
             và lập đề nghị mới."
        ),
        format!("The connection `{id}` is not what its agreement says: end it and request anew."),
    )
}

pub(super) fn suspension_planned(id: &ConnectionId) -> Text {
    Text::new(
        format!("Việc tạm ngừng kết nối «{id}» đã được thông báo; hãy hủy kế hoạch đó trước."),
        format!("A suspension of the connection `{id}` is announced already; call it off first."),
    )
}

pub(super) fn no_suspension_planned(id: &ConnectionId) -> Text {
    Text::new(
        format!("Kết nối «{id}» không có kế hoạch tạm ngừng nào."),
        format!("No suspension of the connection `{id}` is announced."),
    )
}

pub(super) fn too_many_credentials(system: &SystemId) -> Text {
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

pub(super) fn other_algorithm(algorithm: Algorithm) -> Text {
    Text::new(
        format!("Khóa thay thế phải cùng thuật toán: {algorithm}."),
        format!("The successor must be of the same algorithm: {algorithm}."),
    )
}

pub(super) fn node_retired(origin: &Origin, until: UtcMicros) -> Text {
    Text::new(
        format!(
            "Máy chủ «{origin}» đã được rút khỏi nền tảng; thời điểm thôi quyết định: {until}."
        ),
        format!("The node `{origin}` is retired already: it decides until {until}."),
    )
}

pub(super) fn last_node(origin: &Origin) -> Text {
    Text::new(
        format!(
            "«{origin}» là máy chủ duy nhất chưa được rút; cần đưa một máy chủ khác vào hoạt động \
             trước."
        ),
        format!("`{origin}` is the only node that is not retired: let another one enter first."),
    )
}

/// What failed stands in our own log; the caller cannot mend it and need not know it.
pub(super) fn failed(error: &dyn std::error::Error) -> Text {
    tracing::error!(%error, "a command of the registry failed");
    nothing_changed()
}

pub(super) fn nothing_changed() -> Text {
    Text::new("Nền tảng gặp lỗi; chưa có gì thay đổi.", "The platform failed; nothing was changed.")
}

pub(super) fn not_in_force() -> Text {
    Text::new(
        "Thay đổi đã được ghi nhận nhưng chưa công bố được tới các cổng; nền tảng sẽ tự công bố.",
        "The change is recorded but gateways could not be told yet; they will be without anyone \
         asking again.",
    )
}

pub(super) fn not_waivable(by: &[Party]) -> Text {
    if by.is_empty() {
        return Text::new(
            "Quy định hiện hành không cho phép miễn thử nghiệm.",
            "The rules in force let nobody waive a test.",
        );
    }
    let by = parties_in_words(by);
    Text::new(
        format!("Theo quy định hiện hành, chỉ {} được miễn thử nghiệm.", by.vi),
        format!("By the rules in force only {} may waive a test.", by.en),
    )
}
