//! How times, outcomes and names are said to people, in Vietnamese and English.
//!
//! The Vietnamese wording is part of the bundle's form, version 1: the summary is written anew and
//! compared when a bundle is opened. To say something in another way, add a version.

use std::time::Duration;

use super::{Bundle, CommitmentLabel, Revealed, service_of};
use crate::ambient::UtcMicros;
use crate::directory::Record;
use crate::entry::Entry;

/// Vietnam is at UTC+7 all year.
const VIETNAM_OFFSET: Duration = Duration::from_hours(7);

/// `15:00:00 ngày 23/11/2026 (giờ Việt Nam)`.
pub(super) fn time_vi(time: UtcMicros) -> String {
    let (date, clock) = vietnam_time(time);
    format!("{clock} ngày {date} (giờ Việt Nam)")
}

/// `15:00:00 on 23/11/2026 (Vietnam time)`.
pub(super) fn time_en(time: UtcMicros) -> String {
    let (date, clock) = vietnam_time(time);
    format!("{clock} on {date} (Vietnam time)")
}

fn vietnam_time(time: UtcMicros) -> (String, String) {
    let local = time.saturating_add(VIETNAM_OFFSET).to_string();
    let (date, clock) = local.split_once('T').unwrap_or_default();
    let day_first: Vec<&str> = date.split('-').rev().collect();
    let clock = clock.split('.').next().unwrap_or_default();
    (day_first.join("/"), clock.to_owned())
}

/// What happened, as a clause whose subject is the caller.
pub(super) fn action_vi(entry: &Entry) -> String {
    match entry.action.as_str() {
        "call.completed" => "gọi dịch vụ và được trả lời".to_owned(),
        "call.opened" => "gọi dịch vụ, được chấp thuận và bắt đầu được trả lời".to_owned(),
        "call.closed" => "gọi dịch vụ; việc trả lời kết thúc".to_owned(),
        "call.refused" => "gọi dịch vụ và bị từ chối".to_owned(),
        "call.unknown" => {
            "gọi dịch vụ; nền tảng dừng đột ngột trước khi ghi được kết quả".to_owned()
        }
        other => format!("thực hiện \"{}\"", plain(other)),
    }
}

/// What happened, as a clause whose subject is the caller.
pub(super) fn action_en(entry: &Entry) -> String {
    match entry.action.as_str() {
        "call.completed" => "called the service and was answered".to_owned(),
        "call.opened" => "called the service, was let through and began to be answered".to_owned(),
        "call.closed" => "called the service; the answer came to its end".to_owned(),
        "call.refused" => "called the service and was refused".to_owned(),
        "call.unknown" => {
            "called the service; the platform stopped before it could record the outcome".to_owned()
        }
        other => format!("did \"{}\"", plain(other)),
    }
}

/// An outcome: `HTTP 200 (thành công)`, a refusal code, or that it is not known.
pub(super) fn outcome_vi(outcome: &str) -> String {
    match (outcome, status_of(outcome)) {
        (_, Some(status @ 200..=299)) => format!("HTTP {status} (thành công)"),
        (_, Some(status)) => format!("HTTP {status}"),
        ("ok", _) => "thành công".to_owned(),
        ("unknown", _) => "không xác định".to_owned(),
        (code, _) => format!("mã \"{}\"", plain(code)),
    }
}

/// An outcome: `HTTP 200`, a refusal code, or that it is not known.
pub(super) fn outcome_en(outcome: &str) -> String {
    match (outcome, status_of(outcome)) {
        (_, Some(status)) => format!("HTTP {status}"),
        (code, _) => format!("\"{}\"", plain(code)),
    }
}

fn status_of(outcome: &str) -> Option<u16> {
    outcome.parse().ok().filter(|status| (100..600).contains(status))
}

/// Who acted, with the name from the directory if it is there; none if nobody was identified.
pub(super) fn caller(bundle: &Bundle, entry: &Entry) -> Option<String> {
    let actor = entry.actor.as_ref()?;
    let organisation = actor.organisation.as_ref()?.to_string();
    let name = organisation_name(bundle, entry, &organisation);
    let system = actor.system.as_ref().map(|system| format!("/{system}")).unwrap_or_default();
    Some(format!("{organisation}{system}{name}"))
}

/// The service called, with its provider's name from the directory if it is there.
pub(super) fn service(bundle: &Bundle, entry: &Entry) -> Option<String> {
    let service = service_of(entry)?;
    let name = organisation_name(bundle, entry, service.organisation.as_ref());
    Some(format!("{service}{name}"))
}

/// ` (Sở Nội vụ)`, or nothing.
fn organisation_name(bundle: &Bundle, entry: &Entry, code: &str) -> String {
    match bundle.record(entry, &format!("organisation/{code}")) {
        Some(Record::Organisation(record)) => format!(" ({})", plain(&record.name)),
        _ => String::new(),
    }
}

/// What a commitment is to.
pub(super) const fn label_vi(label: CommitmentLabel) -> &'static str {
    match label {
        CommitmentLabel::RequestHead => "phần đầu yêu cầu",
        CommitmentLabel::RequestBody => "nội dung yêu cầu",
        CommitmentLabel::ResponseHead => "phần đầu trả lời",
        CommitmentLabel::ResponseBody => "nội dung trả lời",
        CommitmentLabel::ResponseSignature => "chữ ký của bên cung cấp",
        CommitmentLabel::ResponseSignatureBase => "văn bản mà bên cung cấp đã ký",
        CommitmentLabel::SignatureBase => "văn bản mà bên gọi đã ký",
        CommitmentLabel::Signature => "chữ ký của bên gọi",
    }
}

/// What a commitment is to.
pub(super) const fn label_en(label: CommitmentLabel) -> &'static str {
    match label {
        CommitmentLabel::RequestHead => "the request's head",
        CommitmentLabel::RequestBody => "the request's body",
        CommitmentLabel::ResponseHead => "the answer's head",
        CommitmentLabel::ResponseBody => "the answer's body",
        CommitmentLabel::ResponseSignature => "the provider's signature",
        CommitmentLabel::ResponseSignatureBase => "the text that the provider signed",
        CommitmentLabel::SignatureBase => "the text that the caller signed",
        CommitmentLabel::Signature => "the caller's signature",
    }
}

/// How much of it is shown: ` (2/8 dòng)`, ` (mã băm SHA-256)`.
pub(super) fn extent_vi(revealed: &Revealed) -> String {
    match revealed {
        Revealed::Lines(lines) => format!(" ({} dòng)", line_count(lines)),
        Revealed::Body(_) => " (mã băm SHA-256)".to_owned(),
        Revealed::Text(_) | Revealed::Bytes(_) => String::new(),
    }
}

/// How much of it is shown: ` (2/8 lines)`, ` (its SHA-256)`.
pub(super) fn extent_en(revealed: &Revealed) -> String {
    match revealed {
        Revealed::Lines(lines) => format!(" ({} lines)", line_count(lines)),
        Revealed::Body(_) => " (its SHA-256)".to_owned(),
        Revealed::Text(_) | Revealed::Bytes(_) => String::new(),
    }
}

fn line_count(lines: &[super::HeadProof]) -> String {
    format!("{}/{}", lines.len(), lines.first().map_or(0, |line| line.size))
}

/// A text from outside within ours: on one line, so that it cannot pass for a line of ours.
pub(super) fn plain(text: &str) -> String {
    let is_break = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    // Marks that reorder what is read would let a name rewrite the sentence around it.
    let reorders = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if is_break(c) || reorders(c) { '\u{fffd}' } else { c }).collect()
}
