//! What a bundle proves, by whom and when, and what it does not prove and why.
//!
//! Written like a court clerk's record: each sentence says no more than a check has shown. The
//! Vietnamese wording is part of the form, see `wording`.

use super::caller::CallerProof;
use super::provider::ProviderProof;
use super::signature_base::line;
use super::wording::{
    action_en, action_vi, caller, extent_en, extent_vi, label_en, label_vi, outcome_en, outcome_vi,
    plain, service, time_en, time_vi,
};
use super::{Bundle, CommitmentLabel, EntryPart};
use crate::directory::{ConnectionRecord, CredentialRecord, Record};
use crate::entry::{Entry, Kind};
use crate::merkle::sha256;
use crate::problem::Text;
use crate::public_key::PublicKey;
use crate::signature::Algorithm;

/// What the bundle shows of the two who spoke.
#[derive(Debug, Clone, Copy)]
pub(super) struct Proofs<'a> {
    pub(super) caller: CallerProof<'a>,
    pub(super) provider: ProviderProof<'a>,
}

/// What is proved, from the log outward to caller and provider.
pub(super) fn proved(bundle: &Bundle, proofs: Proofs<'_>) -> Vec<Text> {
    let mut proved = Vec::new();
    for (entry, part) in bundle.entries.iter().zip(&bundle.parts.entries) {
        proved.push(stands_in_the_log(bundle, part));
        proved.push(was_recorded(bundle, entry));
        proved.extend(fits_commitments(part));
    }
    proved.extend(connection(bundle).map(was_permitted));
    proved.extend(caller_signed(proofs.caller));
    proved.extend(provider_signed(proofs.provider));
    proved
}

/// What is not proved, and why.
pub(super) fn not_proved(bundle: &Bundle, proofs: Proofs<'_>) -> Vec<Text> {
    let mut missing = Vec::new();
    missing.extend(caller_not_proved(proofs.caller));
    missing.extend(answer_not_proved(bundle, proofs.provider));
    missing.extend(arrival_not_proved(bundle));
    missing.extend(not_opened(bundle));
    missing.extend(bodies_not_included(bundle));
    missing.extend(policy_not_included(bundle));
    missing.push(Text::new(
        "Thời điểm do đồng hồ của nền tảng ghi; gói chưa có dấu thời gian RFC 3161 của bên thứ ba \
         nên chưa chứng minh độc lập được thời điểm.",
        "The time is by the platform's own clock; there is no RFC 3161 timestamp of a third party \
         yet, so the time is not proved independently.",
    ));
    missing.push(Text::new(
        "Gói chưa có con dấu điện tử (chữ ký số CAdES) của cơ quan vận hành.",
        "The bundle has no electronic seal (CAdES) of the operator yet.",
    ));
    missing.push(Text::new(
        "Điểm kiểm chứng chưa có nhân chứng độc lập đồng ký: gói không loại trừ được khả năng nền \
         tảng đưa cho người khác một bản nhật ký khác.",
        "No independent witness has cosigned the checkpoint: the bundle does not exclude that the \
         platform shows another log to others.",
    ));
    missing
}

fn stands_in_the_log(bundle: &Bundle, part: &EntryPart) -> Text {
    let (index, origin, size) = (part.index, &bundle.checkpoint.origin, bundle.checkpoint.size);
    Text::new(
        format!(
            "Bản ghi số {index} nằm trong nhật ký bằng chứng {origin}, theo điểm kiểm chứng gồm \
             {size} bản ghi do khóa của nhật ký ký; từ khi ký điểm kiểm chứng đó, bản ghi không bị \
             sửa đổi."
        ),
        format!(
            "Entry {index} stands in the evidence log {origin}, under a checkpoint over {size} \
             entries that the log's key signed; it has not been changed since."
        ),
    )
}

fn was_recorded(bundle: &Bundle, entry: &Entry) -> Text {
    let who = caller(bundle, entry);
    let (vi_nobody, en_nobody) = match entry.kind {
        Kind::Call => ("bên gọi chưa xác định danh tính", "a caller who was not identified"),
        _ => ("nền tảng", "the platform"),
    };
    let what = service(bundle, entry);
    let vi_what = what.as_ref().map(|what| format!("; dịch vụ {what}")).unwrap_or_default();
    let en_what = what.map(|what| format!("; service {what}")).unwrap_or_default();
    Text::new(
        format!(
            "Nền tảng xác nhận đã ghi lúc {}: {} {}{vi_what}; kết quả: {}.",
            time_vi(entry.time),
            who.as_deref().unwrap_or(vi_nobody),
            action_vi(entry),
            outcome_vi(&entry.outcome),
        ),
        format!(
            "The platform states that it recorded at {}: {} {}{en_what}; outcome: {}.",
            time_en(entry.time),
            who.as_deref().unwrap_or(en_nobody),
            action_en(entry),
            outcome_en(&entry.outcome),
        ),
    )
}

fn fits_commitments(part: &EntryPart) -> Option<Text> {
    if part.revealed.is_empty() {
        return None;
    }
    let shown = part.revealed.iter();
    let vi: Vec<String> =
        shown.clone().map(|(l, r)| label_vi(*l).to_owned() + &extent_vi(r)).collect();
    let en: Vec<String> = shown.map(|(l, r)| label_en(*l).to_owned() + &extent_en(r)).collect();
    let (vi, en) = (vi.join("; "), en.join("; "));
    Some(Text::new(
        format!(
            "Nội dung công bố trong gói đúng là nội dung đã cam kết trong bản ghi số {}: {vi}.",
            part.index
        ),
        format!("What the bundle reveals is what entry {} committed to: {en}.", part.index),
    ))
}

fn connection(bundle: &Bundle) -> Option<&ConnectionRecord> {
    bundle.entries.iter().find_map(|entry| {
        let key = format!("connection/{}", entry.subject.get("connection")?);
        match bundle.record(entry, &key)? {
            Record::Connection(connection) => Some(connection),
            _ => None,
        }
    })
}

fn was_permitted(connection: &ConnectionRecord) -> Text {
    let ConnectionRecord { id, consumer, service, purpose, .. } = connection;
    let (basis, state) = (plain(&connection.legal_basis), plain(&connection.state));
    let (vi_force, en_force) =
        if connection.active { ("có", "in") } else { ("không có", "not in") };
    Text::new(
        format!(
            "Theo danh bạ đã ký có hiệu lực khi đó, kết nối {id} cho hệ thống {consumer} dùng dịch \
             vụ {service}, mục đích \"{purpose}\", căn cứ: {basis}; thời hạn từ {} đến trước {}; \
             trạng thái \"{state}\" ({vi_force} hiệu lực).",
            time_vi(connection.from),
            time_vi(connection.until),
        ),
        format!(
            "By the signed directory of that time, connection {id} lets system {consumer} use \
             service {service} for the purpose \"{purpose}\" on the basis: {basis}; from {} until \
             before {}; state \"{state}\" ({en_force} force).",
            time_en(connection.from),
            time_en(connection.until),
        ),
    )
}

fn caller_signed(caller: CallerProof<'_>) -> Option<Text> {
    let CallerProof::Public { credential, base } = caller else {
        return None;
    };
    let (keyid, system) = (&credential.keyid, &credential.system);
    let key = KeyText::of(credential);
    let part = |name: &str| line(base, &format!("\"{name}\"")).map(plain).unwrap_or_default();
    let request = match part("@target-uri") {
        target if target.is_empty() => {
            format!("{} {}{}{}", part("@method"), part("@authority"), part("@path"), part("@query"))
        }
        target => format!("{} {target}", part("@method")),
    };
    Some(Text::new(
        format!(
            "Chính hệ thống {system} đã ký yêu cầu \"{request}\" bằng khóa {} \"{keyid}\" \
             ({}, theo danh bạ); chữ ký này ai cũng kiểm tra được.",
            key.kind, key.shown.vi
        ),
        format!(
            "System {system} itself signed the request \"{request}\" with its {} key \
             \"{keyid}\" ({}, by the directory); anyone can check this signature.",
            key.kind, key.shown.en
        ),
    ))
}

fn provider_signed(provider: ProviderProof<'_>) -> Option<Text> {
    let ProviderProof::Public { credential, base } = provider else {
        return None;
    };
    let (keyid, system) = (&credential.keyid, &credential.system);
    let key = KeyText::of(credential);
    let status = line(base, "\"@status\"").map(plain).unwrap_or_default();
    let digest = line(base, "\"content-digest\"").map(plain);
    let vi_body = digest.as_ref().map(|digest| format!(", mã băm nội dung {digest}"));
    let en_body = digest.map(|digest| format!(", content digest {digest}"));
    Some(Text::new(
        format!(
            "Chính hệ thống {system} của bên cung cấp đã ký trả lời cho lượt gọi này (HTTP \
             {status}{}) bằng khóa {} \"{keyid}\" ({}, theo danh bạ); chữ ký này ai cũng kiểm tra \
             được.",
            vi_body.unwrap_or_default(),
            key.kind,
            key.shown.vi
        ),
        format!(
            "The provider's system {system} itself signed the answer to this call (HTTP \
             {status}{}) with its {} key \"{keyid}\" ({}, by the directory); anyone can check this \
             signature.",
            en_body.unwrap_or_default(),
            key.kind,
            key.shown.en
        ),
    ))
}

/// How a key is called and shown: an Ed25519 key whole, longer ones by their fingerprint.
struct KeyText {
    kind: &'static str,
    shown: Text,
}

impl KeyText {
    fn of(credential: &CredentialRecord) -> Self {
        if credential.algorithm == Algorithm::Ed25519 {
            let key = credential.public_key_base64().unwrap_or_default();
            let shown = Text::new(format!("khóa công khai {key}"), format!("public key {key}"));
            return Self { kind: "Ed25519", shown };
        }
        let bytes = credential.public_key.as_ref().map(PublicKey::as_bytes).unwrap_or_default();
        let fingerprint = hex::encode(sha256(&[bytes]));
        let shown = Text::new(
            format!("SHA-256 của khóa công khai {fingerprint}"),
            format!("SHA-256 of the public key {fingerprint}"),
        );
        Self { kind: credential.algorithm.as_str(), shown }
    }
}

fn caller_not_proved(caller: CallerProof<'_>) -> Option<Text> {
    match caller {
        CallerProof::Public { .. } => None,
        CallerProof::Secret => Some(Text::new(
            "Bên gọi ký bằng HMAC-SHA256, là khóa bí mật mà nền tảng cũng giữ: chữ ký chỉ chứng \
             minh bên gọi với nền tảng; với bên thứ ba, danh tính bên gọi dựa vào xác nhận của nền \
             tảng.",
            "The caller signed with HMAC-SHA256, whose secret the platform holds too: that proves \
             the caller to the platform only; third parties have the platform's word for it.",
        )),
        CallerProof::NotRevealed => Some(Text::new(
            "Gói không công bố chữ ký hoặc khóa công khai của bên gọi: danh tính bên gọi dựa vào \
             xác nhận của nền tảng.",
            "The caller's signature or public key is not revealed in the bundle: who called is \
             known by the platform's word.",
        )),
        CallerProof::NoCall => Some(Text::new(
            "Người thực hiện được nêu theo xác nhận của nền tảng.",
            "Who acted is known by the platform's word.",
        )),
        CallerProof::Nobody => Some(Text::new(
            "Không có bên gọi nào được định danh trong bản ghi.",
            "No caller is identified in the entry.",
        )),
    }
}

fn answer_not_proved(bundle: &Bundle, provider: ProviderProof<'_>) -> Option<Text> {
    match provider {
        ProviderProof::Public { .. } => return None,
        ProviderProof::NotRevealed => {
            return Some(Text::new(
                "Gói không công bố chữ ký hoặc khóa công khai của bên cung cấp: trả lời dựa vào \
                 xác nhận của nền tảng.",
                "The provider's signature or public key is not revealed in the bundle: the answer \
                 is known by the platform's word.",
            ));
        }
        ProviderProof::NotSigned => {}
    }
    let commits = |entry: &Entry| {
        let labels = [CommitmentLabel::ResponseHead, CommitmentLabel::ResponseBody];
        labels.iter().any(|label| entry.commitments.contains_key(label))
    };
    bundle.entries.iter().any(commits).then(|| {
        Text::new(
            "Trả lời chỉ do nền tảng xác nhận: bên cung cấp không ký trả lời.",
            "The answer is attested by the platform only: the provider did not sign it.",
        )
    })
}

/// An entry is durable before the answer (or the end of a long one) leaves, so no entry can say
/// that the answer arrived.
fn arrival_not_proved(bundle: &Bundle) -> Option<Text> {
    let last = bundle.entries.last().filter(|entry| entry.kind == Kind::Call)?;
    match last.action.as_str() {
        "call.completed" | "call.closed" => Some(Text::new(
            "Việc trả lời đã đến hệ thống của bên gọi: bản ghi được lập trước khi trả lời (hoặc \
             phần cuối của trả lời) rời nền tảng.",
            "That the answer reached the caller's system: the entry is made before the answer, or \
             the end of it, leaves the platform.",
        )),
        "call.opened" | "call.unknown" => Some(Text::new(
            "Kết thúc của lượt gọi: gói không có bản ghi nào cho biết việc trả lời đã kết thúc thế \
             nào.",
            "The end of the call: no entry in the bundle says how the answer ended.",
        )),
        _ => None,
    }
}

fn not_opened(bundle: &Bundle) -> Option<Text> {
    let mut closed: Vec<CommitmentLabel> = Vec::new();
    for (entry, part) in bundle.entries.iter().zip(&bundle.parts.entries) {
        let labels = entry.commitments.keys().filter(|label| !part.revealed.contains_key(label));
        closed.extend(labels);
    }
    closed.sort_unstable();
    closed.dedup();
    if closed.is_empty() {
        return None;
    }
    let vi: Vec<&str> = closed.iter().map(|label| label_vi(*label)).collect();
    let en: Vec<&str> = closed.iter().map(|label| label_en(*label)).collect();
    Some(Text::new(
        format!("Gói không công bố: {}; bản ghi chỉ có cam kết.", vi.join("; ")),
        format!("Not revealed in the bundle: {}; the entry only commits to it.", en.join("; ")),
    ))
}

fn bodies_not_included(bundle: &Bundle) -> Option<Text> {
    let mut openings = bundle.parts.entries.iter().flat_map(|part| part.revealed.keys());
    let is_body = |label: &CommitmentLabel| {
        matches!(label, CommitmentLabel::RequestBody | CommitmentLabel::ResponseBody)
    };
    openings.any(is_body).then(|| {
        Text::new(
            "Gói không chứa nội dung yêu cầu và trả lời, chỉ có mã băm SHA-256: ai giữ nội dung \
             thì đối chiếu mã băm.",
            "The bodies are not in the bundle, only their SHA-256: whoever has a body compares its \
             hash.",
        )
    })
}

fn policy_not_included(bundle: &Bundle) -> Option<Text> {
    let lacks = |entry: &Entry| entry.directory.is_some() && bundle.directory_of(entry).is_none();
    bundle.entries.iter().any(lacks).then(|| {
        Text::new(
            "Gói không kèm danh bạ có hiệu lực khi đó: quyền của bên gọi dựa vào xác nhận của nền \
             tảng.",
            "The directory of that time is not in the bundle: what the caller was permitted is \
             known by the platform's word.",
        )
    })
}
