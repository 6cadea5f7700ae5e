//! What a visitor is told when the demo runs: where to look, and a call to paste.

use wire::id::Role;

use super::Plan;
use super::manifest::Manifest;
use super::narrator::Narrator;
use crate::terminal::say;

/// Says it.
pub(super) fn say_where_to_look(plan: &Plan, manifest: &Manifest) {
    let tell = Narrator::new(plan.language);
    let folder = plan.folder.path().display();
    let program = program();
    tell.heading("LGSP đang chạy với dữ liệu mẫu.", "LGSP is running, with sample agencies.");
    tell.tell(
        "Mã cơ quan và khóa chỉ để minh họa; danh mục 114 xã, phường, đặc khu là dữ liệu thật.",
        "Codes and keys are illustrative; the list of 114 communes, wards and special zones is real.",
    );
    say("");
    let portal = &manifest.portal;
    let mut rows = vec![
        (tell.choose("Trang chủ", "Start here"), format!("{portal}/")),
        (tell.choose("API điều khiển", "Control API"), format!("{portal}/api/docs")),
        (tell.choose("Mã lỗi", "Error codes"), format!("{portal}/docs/errors")),
        (tell.choose("Cổng gọi dịch vụ", "Gateway"), manifest.gateway.clone()),
        (tell.choose("Số đo", "Metrics"), format!("{}/metrics", manifest.operations)),
        (tell.choose("Token và khóa", "Tokens and keys"), format!("{folder}/demo.json")),
        (tell.choose("Khóa để kiểm chứng", "Trust file"), format!("{folder}/trust.json")),
    ];
    let mut curl = "curl".to_owned();
    if let Some(ca) = &manifest.ca {
        let ca = ca.display();
        rows.push((tell.choose("Chứng thư số gốc", "Root certificate"), ca.to_string()));
        curl = format!("curl --cacert {ca}");
    }
    for (name, place) in rows {
        say(format_args!("   {name:18} {place}"));
    }
    let (Some(log), Some(service)) = (manifest.logs.first(), manifest.services.first()) else {
        return;
    };
    tell.heading("Thử một lượt gọi đã ký", "Try a signed call");
    say(format_args!("   {program} call --demo {folder} GET {}/units", service.url));
    tell.heading("Xem nhật ký bằng chứng", "See the evidence log");
    say(format_args!("   {curl} {}/checkpoint", log.url));
    if let Some(token) = manifest.tokens.iter().find(|token| token.role == Role::Auditor.as_str()) {
        tell.heading(
            "Lấy gói bằng chứng của một lượt gọi và tự kiểm chứng (mã lượt gọi: Lgsp-Request-Id)",
            "Fetch the bundle of a call and verify it yourself (ID: its Lgsp-Request-Id)",
        );
        say(format_args!(
            "   {curl} -H 'Authorization: Bearer {}' {portal}/evidence/v1/bundles/ID -o call.asice",
            token.token
        ));
        say(format_args!("   {program} verify call.asice --trust {folder}/trust.json"));
    }
    say("");
    tell.tell("Ctrl-C để dừng.", "Ctrl-C stops it.");
}

/// Says, in one line, that it has stopped and where its data is.
pub(super) fn say_what_stays(plan: &Plan) {
    let tell = Narrator::new(plan.language);
    let stopped = tell.choose("Đã dừng; dữ liệu còn trong thư mục", "Stopped; the data stays in");
    say(format_args!("\n{stopped} {}", plan.folder.path().display()));
}

/// How this program was called, so that a line can be pasted back.
pub(super) fn program() -> String {
    let called = std::env::args().next().unwrap_or_default();
    if called.is_empty() { "lgsp".to_owned() } else { called }
}
