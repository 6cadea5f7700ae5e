//! What a call brought, for a person or a program.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::{Answer, EntryPlace, Finding, State, Subject};
use serde_json::{Map, Value, json};
use wire::problem::{Language, Text};

use crate::terminal::{complain, say_json, wrapped};

/// To standard error: the status, then one line for each finding.
pub(super) fn to_person(answer: &Answer, findings: &[&Finding], language: Language) {
    let unit = match language {
        Language::Vietnamese => "byte",
        Language::English => "bytes",
    };
    let request_id = answer.request_id.map(|id| format!(" · {id}")).unwrap_or_default();
    complain(format_args!("\n{} · {} {unit}{request_id}", answer.status, answer.length));
    for finding in findings {
        complain(line(finding, language));
    }
    if findings.iter().any(|finding| finding.state == State::Wrong) {
        complain(match language {
            Language::Vietnamese => "Không được dựa vào trả lời này.",
            Language::English => "Do not rely on this answer.",
        });
    }
}

fn line(finding: &Finding, language: Language) -> String {
    let (sign, state) = match (finding.state, language) {
        (State::Proved, _) => ('+', ""),
        (State::NotChecked, Language::Vietnamese) => ('?', "chưa kiểm tra: "),
        (State::NotChecked, Language::English) => ('?', "not checked: "),
        (State::Wrong, _) => ('!', ""),
    };
    let name = name_of(finding.subject, language);
    let text = format!("{state}{}", finding.text.in_language(language));
    let text = wrapped(&text, "             ", 92);
    format!("{sign} {name:10} {}", text.trim_start())
}

const fn name_of(subject: Subject, language: Language) -> &'static str {
    match (subject, language) {
        (Subject::Digest, Language::Vietnamese) => "nội dung",
        (Subject::Signature, Language::Vietnamese) => "chữ ký",
        (Subject::Entry, Language::Vietnamese) => "nhật ký",
        (_, Language::English) => subject.as_str(),
    }
}

/// To standard output: the same as one JSON object. A body that is JSON or text stands in it as
/// that, any other in base64.
pub(super) fn as_json(answer: &Answer, findings: &[&Finding], body: Option<&[u8]>) {
    let checks: Map<String, Value> = findings
        .iter()
        .map(|finding| {
            let Text { vi, en } = &finding.text;
            let value = json!({ "state": finding.state.as_str(), "vi": vi, "en": en });
            (finding.subject.as_str().to_owned(), value)
        })
        .collect();
    let mut report = json!({
        "status": answer.status.as_u16(),
        "request_id": answer.request_id,
        "entry": answer.entry.as_ref().map(ToString::to_string),
        "length": answer.length,
        "checks": checks,
    });
    if let (Some(body), Some(members)) = (body, report.as_object_mut()) {
        let (name, value) = shown(body);
        members.insert(name.to_owned(), value);
    }
    say_json(&report);
}

fn shown(body: &[u8]) -> (&'static str, Value) {
    match (serde_json::from_slice(body), std::str::from_utf8(body)) {
        (Ok(json), _) => ("body", json),
        (Err(_), Ok(text)) => ("body", text.into()),
        (Err(_), Err(_)) => ("body_base64", STANDARD.encode(body).into()),
    }
}

/// An answer without `Lgsp-Entry`.
pub(super) fn no_entry_named() -> Finding {
    Finding {
        subject: Subject::Entry,
        state: State::NotChecked,
        text: Text::new(
            "Trả lời không cho biết bản ghi trong nhật ký.",
            "The answer names no entry of a log.",
        ),
    }
}

/// An entry in a log that nobody said where to read.
pub(super) fn no_log_given(place: &EntryPlace) -> Finding {
    Finding {
        subject: Subject::Entry,
        state: State::NotChecked,
        text: Text::new(
            format!("Bản ghi {place}; thêm --log để kiểm tra trong nhật ký công khai."),
            format!("The entry is {place}; give --log to check it in the public log."),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_was_not_made_does_not_read_as_a_failed_one() {
        let finding = no_entry_named();
        let english = line(&finding, Language::English);
        assert_eq!(english, "? entry      not checked: The answer names no entry of a log.");
        let vietnamese = line(&finding, Language::Vietnamese);
        assert!(vietnamese.starts_with("? nhật ký    chưa kiểm tra: "), "{vietnamese}");
        let wrong = Finding { state: State::Wrong, ..finding };
        assert!(line(&wrong, Language::English).starts_with("! entry      The answer"));
    }

    #[test]
    fn a_body_is_shown_as_what_it_is() {
        assert_eq!(shown(b"{\"a\":1}"), ("body", json!({"a": 1})));
        assert_eq!(shown("xã".as_bytes()), ("body", json!("xã")));
        assert_eq!(shown(&[0xff, 0]), ("body_base64", json!("/wA=")));
    }
}
