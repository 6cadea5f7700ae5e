//! What is shown of what an entry commits to, and what never is.
//!
//! Heads open line by line, so the lines in which callers and providers carry secrets of their
//! own (passwords, tokens, cookies) stay closed while the rest is shown.

use std::collections::BTreeMap;

use wire::bundle::{Revealed, RevealedBytes, RevealedText};
use wire::commitment::{CommitmentLabel as Label, open_body, prove_line, salt};
use wire::entry::Entry;
use wire::header::carries_secret;

use crate::log::{BodyDigest, Detail, HeadLines};

/// Whether a line of a head, or of a signature base, holds no secret field.
pub fn is_showable(line: &str) -> bool {
    let name = line.split(':').next().unwrap_or_default();
    // In a signature base the name is quoted and may have parameters: `"cookie";bs`.
    let name = name.split(';').next().unwrap_or_default().trim().trim_matches('"');
    !carries_secret(name)
}

/// The openings of all commitments of `entry` that may be shown. An opening that does not fit its
/// commitment would make the whole bundle worthless, so it is left out and reported.
pub(super) fn reveal(entry: &Entry, detail: &Detail) -> BTreeMap<Label, Revealed> {
    let mut revealed = BTreeMap::new();
    for (label, commitment) in &entry.commitments {
        let Some(opening) = open(*label, detail) else {
            continue;
        };
        if opening.fits(*label, commitment) {
            revealed.insert(*label, opening);
        } else {
            tracing::error!(entry = %entry.id, %label, "a kept detail does not fit its commitment");
        }
    }
    revealed
}

fn open(label: Label, detail: &Detail) -> Option<Revealed> {
    match label {
        Label::RequestHead => open_lines(label, detail, &detail.request_head),
        Label::ResponseHead => open_lines(label, detail, &detail.response_head),
        Label::RequestBody => open_digest(label, detail, detail.request_body.as_ref()),
        Label::ResponseBody => open_digest(label, detail, detail.response_body.as_ref()),
        Label::SignatureBase => open_base(label, detail, &detail.signature_base),
        Label::ResponseSignatureBase => open_base(label, detail, &detail.response_signature_base),
        Label::Signature => open_signature(label, detail, &detail.signature),
        Label::ResponseSignature => open_signature(label, detail, &detail.response_signature),
    }
}

fn open_base(label: Label, detail: &Detail, base: &str) -> Option<Revealed> {
    let is_whole = !base.is_empty() && base.lines().all(is_showable);
    let salt = salt(&detail.secret, label, 0);
    is_whole.then(|| Revealed::Text(RevealedText { salt, text: base.to_owned() }))
}

fn open_signature(label: Label, detail: &Detail, signature: &[u8]) -> Option<Revealed> {
    let salt = salt(&detail.secret, label, 0);
    let bytes = signature.to_vec();
    (!bytes.is_empty()).then_some(Revealed::Bytes(RevealedBytes { salt, bytes }))
}

fn open_lines(label: Label, detail: &Detail, lines: &HeadLines) -> Option<Revealed> {
    let lines: Vec<&str> = lines.iter().collect();
    let shown = (0_u32..).zip(&lines).filter(|(_, line)| is_showable(line));
    let proofs = shown.map(|(index, _)| prove_line(&detail.secret, label, &lines, index));
    let proofs: Vec<_> = proofs.collect::<Option<_>>()?;
    (!proofs.is_empty()).then_some(Revealed::Lines(proofs))
}

fn open_digest(label: Label, detail: &Detail, body: Option<&BodyDigest>) -> Option<Revealed> {
    Some(Revealed::Body(open_body(&detail.secret, label, &body?.sha256)))
}

#[cfg(test)]
mod tests {
    use super::is_showable;

    #[test]
    fn secrets_of_caller_and_provider_stay_closed() {
        let secret =
            ["Authorization: Bearer x", "cookie:a=b", "SET-COOKIE: c", "\"cookie\";bs: :YQ==:"];
        assert!(secret.iter().all(|line| !is_showable(line)));
        let open = ["GET /units?cookie=1", "host: a", "", "\"@method\": GET", "x-cookie: 1"];
        assert!(open.iter().all(|line| is_showable(line)));
    }
}
