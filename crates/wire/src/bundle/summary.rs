//! `tom-tat.txt`: the summary for a reader, in Vietnamese, a function of the other files.
//!
//! Its wording is part of the bundle's form, version 1; a snapshot in the tests holds it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::CALLED;
use super::caller::{CallerProof, caller_proof};
use super::provider::{PROVIDER_CREDENTIAL, ProviderProof, provider_proof};
use super::statement::Proofs;
use super::verdict::verdict;
use super::wording::{action_vi, caller, label_vi, outcome_vi, plain, service, time_vi};
use super::{Bundle, EntryPart, Revealed};
use crate::entry::Entry;
use crate::problem::{Language, Text};

/// The summary. Whoever reads it relies on it only after `lgsp verify` accepted the bundle.
pub(super) fn write(bundle: &Bundle) -> String {
    // A signature that does not verify is refused by `verify`; here it simply proves nothing.
    let proofs = Proofs {
        caller: caller_proof(bundle).unwrap_or(CallerProof::NotRevealed),
        provider: provider_proof(bundle).unwrap_or(ProviderProof::NotRevealed),
    };
    let verdict = verdict(bundle, proofs);
    let mut text = Lines(String::new());
    text.line("BẢN TÓM TẮT GÓI BẰNG CHỨNG");
    text.line("Nền tảng tích hợp, chia sẻ dữ liệu (LGSP)");
    text.line("");
    text.line(
        "Bản tóm tắt này được lập tự động từ các tệp khác trong gói để tiện theo dõi. Chỉ được",
    );
    text.line(
        "căn cứ vào nội dung dưới đây khi lệnh \"lgsp verify\" kết luận gói bằng chứng hợp lệ.",
    );
    text.heading("I. SỰ VIỆC");
    for (entry, part) in bundle.entries.iter().zip(&bundle.parts.entries) {
        event(&mut text, bundle, entry, part);
    }
    text.heading("II. NHỮNG ĐIỀU ĐƯỢC CHỨNG MINH");
    text.numbered(&verdict.proved);
    text.heading("III. NHỮNG ĐIỀU CHƯA ĐƯỢC CHỨNG MINH VÀ LÝ DO");
    text.numbered(&verdict.not_proved);
    text.heading("IV. NỘI DUNG CÔNG BỐ");
    let before = text.0.len();
    for part in &bundle.parts.entries {
        openings(&mut text, part);
    }
    if text.0.len() == before {
        text.line("Không có.");
    }
    text.0
}

fn event(text: &mut Lines, bundle: &Bundle, entry: &Entry, part: &EntryPart) {
    let unknown = || "không xác định".to_owned();
    text.line(&format!("Bản ghi số {} của nhật ký {}", part.index, bundle.checkpoint.origin));
    text.line(&format!("- Thời điểm ghi: {}, tức {} (UTC)", time_vi(entry.time), entry.time));
    text.line(&format!("- Bên gọi: {}", caller(bundle, entry).unwrap_or_else(unknown)));
    if let Some(keyid) = entry.actor.as_ref().and_then(|actor| actor.credential.as_ref()) {
        text.line(&format!("- Khóa của bên gọi: {}", plain(keyid)));
    }
    if let Some(service) = service(bundle, entry) {
        text.line(&format!("- Dịch vụ: {service}"));
    }
    text.line(&format!("- Diễn biến: {}", action_vi(entry)));
    text.line(&format!("- Kết quả: {}", outcome_vi(&entry.outcome)));
    // The service was said in words already.
    for (name, value) in entry.subject.iter().filter(|(name, _)| *name != "service") {
        text.line(&format!("- {}: {}", subject_vi(name), plain(value)));
    }
}

fn subject_vi(name: &str) -> &str {
    match name {
        "request_id" => "Mã lượt gọi",
        "connection" => "Mã kết nối",
        "purpose" => "Mục đích",
        "operation" => "Thao tác",
        CALLED => "Được gọi bằng tên cũ",
        PROVIDER_CREDENTIAL => "Khóa của bên cung cấp",
        "reason" => "Lý do",
        "bytes" => "Số byte",
        "count" => "Số lần",
        "source" => "Mạng nguồn",
        other => other,
    }
}

fn openings(text: &mut Lines, part: &EntryPart) {
    for (label, revealed) in &part.revealed {
        text.line(&format!("Bản ghi số {}, {}:", part.index, label_vi(*label)));
        match revealed {
            Revealed::Lines(lines) => {
                for proof in lines {
                    let (number, size) = (u64::from(proof.index) + 1, proof.size);
                    text.line(&format!("  {number}/{size}: {}", plain(&proof.line)));
                }
            }
            Revealed::Body(body) => {
                text.line(&format!("  SHA-256 (hex): {}", hex::encode(body.sha256)));
            }
            Revealed::Text(shown) => {
                for line in shown.text.split('\n') {
                    text.line(&format!("  | {}", plain(line)));
                }
            }
            Revealed::Bytes(shown) => {
                text.line(&format!("  (base64) {}", STANDARD.encode(&shown.bytes)));
            }
        }
    }
}

/// A text being written line by line.
struct Lines(String);

impl Lines {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn heading(&mut self, heading: &str) {
        self.line("");
        self.line(heading);
    }

    fn numbered(&mut self, texts: &[Text]) {
        for (position, text) in texts.iter().enumerate() {
            let number = position + 1;
            self.line(&format!("{number}. {}", text.in_language(Language::Vietnamese)));
        }
    }
}
