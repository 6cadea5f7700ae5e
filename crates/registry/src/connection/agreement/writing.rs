//! The wording of an agreement, after the form of administrative documents (NĐ 30/2020/NĐ-CP).

use wire::ambient::UtcMicros;

use super::enforced::{Enforced, written};
use super::{Article, Document, Line, PartyPart};
use crate::calendar::Day;
use crate::connection::{Connection, DataItem};
use crate::regulation::ConnectionRules;

/// What the two sides are called, where they are registered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sides {
    pub(crate) consumer: Option<String>,
    pub(crate) consuming_system: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) providing_system: Option<String>,
    pub(crate) service: Option<String>,
}

/// On which occasion a document is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// To be read before it is approved.
    Draft,
    /// At its approval.
    ApprovedAt(UtcMicros),
}

/// The document of what is `enforced`.
pub(crate) fn write(
    enforced: &Enforced,
    sides: &Sides,
    connection: &Connection,
    rules: &ConnectionRules,
    occasion: Occasion,
) -> Document {
    Document {
        title: "THỎA THUẬN KẾT NỐI, CHIA SẺ DỮ LIỆU".to_owned(),
        number: enforced.id.to_string(),
        date: match occasion {
            Occasion::Draft => "DỰ THẢO, chưa có hiệu lực".to_owned(),
            Occasion::ApprovedAt(at) => long_date(at),
        },
        grounds: grounds(enforced, connection, rules),
        parties: parties(enforced, sides),
        articles: vec![
            purpose(enforced, connection),
            scope(enforced, sides, &connection.asked.data_items),
            amount(enforced, connection),
            period(enforced),
            duties("Điều 5. Trách nhiệm của Bên A", &rules.responsibilities.provider),
            duties("Điều 6. Trách nhiệm của Bên B", &rules.responsibilities.consumer),
            duties("Điều 7. Trách nhiệm của nền tảng", &rules.responsibilities.platform),
            ending(rules),
            final_clauses(rules),
        ],
        annex: enforced.lines(),
        entrusted: enforced.entrusted(&connection.asked),
    }
}

fn grounds(enforced: &Enforced, connection: &Connection, rules: &ConnectionRules) -> Vec<String> {
    let mut grounds = vec![
        format!("Căn cứ {};", enforced.legal_basis),
        format!("Căn cứ {};", rules.basis),
        format!(
            "Căn cứ đề nghị kết nối lập ngày {} và ý kiến đồng ý chia sẻ dữ liệu của bên cung cấp.",
            Day::of(connection.requested_at).in_words()
        ),
    ];
    if let Some(amended) = &connection.amends {
        grounds.push(format!(
            "Thỏa thuận này sửa đổi, thay thế thỏa thuận số {amended} kể từ khi được kích hoạt."
        ));
    }
    grounds
}

fn parties(enforced: &Enforced, sides: &Sides) -> Vec<PartyPart> {
    let (consumer, provider) = (&enforced.consumer, enforced.service.system_id());
    let side = |side: &str, name: &Option<String>, code: String, system: String| PartyPart {
        side: side.to_owned(),
        lines: vec![
            line("Tên cơ quan, tổ chức", name.clone().unwrap_or_else(|| code.clone())),
            line("Mã định danh", code),
            line("Hệ thống thông tin", system),
        ],
    };
    vec![
        side(
            "Bên cung cấp dữ liệu (Bên A)",
            &sides.provider,
            provider.organisation.to_string(),
            named(sides.providing_system.as_ref(), &provider.to_string()),
        ),
        side(
            "Bên khai thác dữ liệu (Bên B)",
            &sides.consumer,
            consumer.organisation.to_string(),
            named(sides.consuming_system.as_ref(), &consumer.to_string()),
        ),
    ]
}

fn purpose(enforced: &Enforced, connection: &Connection) -> Article {
    article(
        "Điều 1. Mục đích",
        vec![
            format!("Mục đích khai thác (mã «{}»): {}.", enforced.purpose, connection.asked.usage),
            "Bên B không sử dụng dữ liệu vào mục đích khác.".to_owned(),
        ],
    )
}

fn scope(enforced: &Enforced, sides: &Sides, items: &[DataItem]) -> Article {
    let service = named(sides.service.as_ref(), &enforced.service.to_string());
    let mut clauses = vec![format!("Dịch vụ chia sẻ dữ liệu: {service}.")];
    clauses.extend(items.iter().map(|item| match item.number {
        Some(number) => format!("Dữ liệu: {} (số lượng: {number}).", item.name),
        None => format!("Dữ liệu: {}.", item.name),
    }));
    let operations: Vec<_> = enforced.operations.iter().map(written).collect();
    clauses.push(format!("Các thao tác được phép: {}.", operations.join("; ")));
    clauses.push(if enforced.fields.is_empty() {
        "Các trường dữ liệu: toàn bộ các trường mà những thao tác trên trả về.".to_owned()
    } else {
        format!("Chỉ gồm các trường dữ liệu: {}.", enforced.fields.join("; "))
    });
    article("Điều 2. Phạm vi dữ liệu", clauses)
}

fn amount(enforced: &Enforced, connection: &Connection) -> Article {
    article(
        "Điều 3. Tần suất và hạn mức",
        vec![
            format!("Tần suất khai thác: {}.", connection.asked.frequency),
            format!(
                "Hạn mức: trung bình không quá {} lượt mỗi phút, tức thời không quá {} lượt.",
                enforced.quota.per_minute, enforced.quota.burst
            ),
        ],
    )
}

fn period(enforced: &Enforced) -> Article {
    article(
        "Điều 4. Thời hạn",
        vec![format!(
            "Từ ngày {} đến ngày {} (giờ Việt Nam); thời điểm chính xác ghi tại Phụ lục I.",
            Day::of(enforced.from).in_words(),
            Day::of(enforced.until).in_words()
        )],
    )
}

fn duties(heading: &str, sentences: &[String]) -> Article {
    article(heading, sentences.to_vec())
}

fn ending(rules: &ConnectionRules) -> Article {
    let notice = rules.suspension.notice_working_days;
    let told = rules.suspension.told_within_working_days;
    let mut clauses = vec![
        format!(
            "Tạm ngừng theo kế hoạch được thông báo trước ít nhất {notice:02} ngày làm việc, kèm thời \
             gian dự kiến khôi phục."
        ),
        format!(
            "Khi có vi phạm hoặc nguy cơ mất an toàn, kết nối bị tạm ngừng ngay; Bên B được thông báo \
             trong {told:02} ngày làm việc về nội dung vi phạm, biện pháp xử lý và điều kiện khôi phục."
        ),
    ];
    let ground = |ground: &crate::regulation::Ground| format!("Căn cứ chấm dứt: {}.", ground.name);
    clauses.extend(rules.grounds.iter().map(ground));
    article("Điều 8. Tạm ngừng, chấm dứt", clauses)
}

fn final_clauses(rules: &ConnectionRules) -> Article {
    let (provider, unit) = (rules.disputes.provider_working_days, rules.disputes.unit_working_days);
    article(
        "Điều 9. Giải quyết vướng mắc và hiệu lực",
        vec![
            format!(
                "Bên nhận được khiếu nại, vướng mắc trả lời trong {provider:02} ngày làm việc; nếu không \
                 thống nhất, đơn vị chuyên trách quyết định trong {unit:02} ngày làm việc tiếp theo."
            ),
            "Nền tảng kiểm soát Phụ lục I tại từng lượt khai thác và từ chối lượt khai thác không phù \
             hợp. Nền tảng không kiểm tra nội dung trả lời và việc sử dụng dữ liệu sau khi nhận: Phụ lục II \
             do bên được nêu tại từng dòng chịu trách nhiệm."
                .to_owned(),
            "Nền tảng còn từ chối lượt khai thác theo quy định chung, có thể thay đổi mà không sửa thỏa \
             thuận này: khóa không còn hiệu lực hoặc thuật toán không được phép, địa chỉ mạng ngoài \
             phạm vi đã đăng ký của hệ thống, dịch vụ đã ngừng cung cấp, kết nối đang tạm ngừng."
                .to_owned(),
            "Mọi thay đổi của hai Phụ lục phải được phê duyệt lại theo đúng trình tự, trừ việc cập nhật \
             mã định danh khi sắp xếp, tổ chức lại cơ quan."
                .to_owned(),
        ],
    )
}

fn article(heading: &str, clauses: Vec<String>) -> Article {
    Article { heading: heading.to_owned(), clauses }
}

fn line(label: &str, value: String) -> Line {
    Line { label: label.to_owned(), value }
}

/// A name with its code behind it.
fn named(name: Option<&String>, code: &str) -> String {
    name.map_or_else(|| code.to_owned(), |name| format!("{name} ({code})"))
}

/// The day in Việt Nam as the head of a document has it.
fn long_date(at: UtcMicros) -> String {
    let words = Day::of(at).in_words();
    let mut parts = words.split('/');
    let mut part = || parts.next().unwrap_or_default();
    let (day, month, year) = (part(), part(), part());
    format!("Ngày {day} tháng {month} năm {year}")
}
