mod forged;
mod sample;

use super::*;
use crate::digest::ContentDigest;
use crate::problem::{Language, Text};
use sample::{Sample, TrustFile, answer_base};

fn texts(verdict: &Verdict, language: Language) -> String {
    let lines = |texts: &[Text]| -> Vec<String> {
        texts.iter().map(|text| text.in_language(language).to_owned()).collect()
    };
    let (proved, missing) = (lines(&verdict.proved), lines(&verdict.not_proved));
    format!("PROVED\n{}\nNOT PROVED\n{}", proved.join("\n"), missing.join("\n"))
}

fn refusal(parts: Parts) -> BundleRefusal {
    let bundle = Bundle::new(parts).unwrap();
    verify(&bundle, &Sample::trust()).unwrap_err()
}

#[test]
fn a_bundle_opens_and_says_what_it_proves() {
    let sample = Sample::hmac_call();
    let bytes = Bundle::assemble(sample.parts()).unwrap();
    let bundle = Bundle::open(&bytes).unwrap();
    assert_eq!(bundle.parts(), &sample.parts());
    assert_eq!(bundle.to_bytes().unwrap(), bytes);
    let verdict = verify(&bundle, &Sample::trust()).unwrap();
    insta::assert_snapshot!(texts(&verdict, Language::English));
}

/// The files of version 1, pinned: a reader in ten years makes them anew and compares.
#[test]
fn the_files_of_a_bundle_are_as_they_were_decided() {
    let bytes = Bundle::assemble(Sample::hmac_call().parts()).unwrap();
    let files = container::read(&bytes).unwrap();
    let shown: Vec<String> = files
        .iter()
        .map(|(name, bytes)| format!("=== {name}\n{}", String::from_utf8(bytes.clone()).unwrap()))
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn a_caller_with_a_public_key_is_proved_to_anyone() {
    let sample = Sample::ed25519_call();
    let bundle = Bundle::open(&Bundle::assemble(sample.parts()).unwrap()).unwrap();
    let verdict = verify(&bundle, &Sample::trust()).unwrap();
    insta::assert_snapshot!(texts(&verdict, Language::Vietnamese));
    insta::assert_snapshot!(texts(&verdict, Language::English));
}

#[test]
fn a_provider_that_signed_its_answer_is_proved_to_anyone() {
    let sample = Sample::signed_answer("don-vi-ed25519", &answer_base("don-vi-ed25519"));
    let bundle = Bundle::open(&Bundle::assemble(sample.parts()).unwrap()).unwrap();
    let verdict = verify(&bundle, &Sample::trust()).unwrap();
    assert!(!texts(&verdict, Language::English).contains("attested by the platform only"));
    insta::assert_snapshot!(texts(&verdict, Language::Vietnamese));
    insta::assert_snapshot!(texts(&verdict, Language::English));
    assert!(bundle.summary().contains("- Khóa của bên cung cấp: don-vi-ed25519"));

    // What is committed to and not shown is not claimed.
    let mut parts = sample.parts();
    parts.entries[0].revealed.remove(&CommitmentLabel::ResponseSignature);
    let bundle = Bundle::new(parts).unwrap();
    let verdict = texts(&verify(&bundle, &Sample::trust()).unwrap(), Language::English);
    assert!(verdict.contains("The provider's signature or public key is not revealed"));
    assert!(!verdict.contains("itself signed the answer"));
}

#[test]
fn a_providers_signature_over_another_answer_or_by_another_is_refused() {
    let own = answer_base("don-vi-ed25519");
    let other_body = ContentDigest::from_sha256([1; 32]).to_string();
    let own_body = ContentDigest::from_sha256(crate::merkle::sha256(&[b"[]"])).to_string();
    for (keyid, base) in [
        ("don-vi-ed25519", own.replace("@status\": 200", "@status\": 201")),
        ("don-vi-ed25519", own.replace("7808-8808", "7808-8809")),
        ("don-vi-ed25519", own.replace(&own_body, &other_body)),
        ("don-vi-ed25519", answer_base("another")),
        ("mot-cua-other", answer_base("mot-cua-other")),
        ("mot-cua-ed25519", answer_base("mot-cua-ed25519")),
        ("mot-cua-hmac", answer_base("mot-cua-hmac")),
    ] {
        assert!(base != own);
        let bundle = Bundle::new(Sample::signed_answer(keyid, &base).parts()).unwrap();
        let refusal = verify(&bundle, &Sample::trust()).unwrap_err();
        assert_eq!(refusal.file, "revealed.json", "{keyid} {base}");
        assert!(!bundle.summary().contains("đã ký trả lời cho lượt gọi này"), "{keyid}");
    }
}

#[test]
fn a_long_answer_has_two_entries_of_one_call() {
    let sample = Sample::long_call();
    let bundle = Bundle::open(&Bundle::assemble(sample.parts()).unwrap()).unwrap();
    assert_eq!(bundle.entries().len(), 2);
    let verdict = verify(&bundle, &Sample::trust()).unwrap();
    assert!(!texts(&verdict, Language::English).contains("The end of the call"));
    insta::assert_snapshot!(bundle.summary());

    let mut parts = sample.parts();
    parts.entries.pop();
    let bundle = Bundle::new(parts).unwrap();
    let verdict = verify(&bundle, &Sample::trust()).unwrap();
    assert!(texts(&verdict, Language::English).contains("The end of the call"));
}

#[test]
fn a_refusal_of_a_stranger_is_bundled_too() {
    let sample = Sample::stranger_refused();
    let bundle = Bundle::open(&Bundle::assemble(sample.parts()).unwrap()).unwrap();
    let verdict = verify(&bundle, &Sample::trust()).unwrap();
    insta::assert_snapshot!(texts(&verdict, Language::Vietnamese));
}

#[test]
fn entries_of_two_calls_are_no_bundle() {
    let sample = Sample::long_call();
    let mut parts = sample.parts();
    parts.entries.swap(0, 1);
    assert_eq!(Bundle::new(parts).unwrap_err().file, "entries/1.json");
    let mut parts = sample.parts();
    parts.entries.clear();
    assert_eq!(Bundle::new(parts).unwrap_err().file, "entries/0.json");
    let mut parts = sample.parts();
    parts.entries[1] =
        EntryPart { index: 9, ..Sample::stranger_refused().parts().entries.remove(0) };
    assert_eq!(Bundle::new(parts).unwrap_err().file, "entries/1.json");
}

#[test]
fn a_key_must_be_trusted_and_in_service() {
    let sample = Sample::hmac_call();
    let bundle = Bundle::new(sample.parts()).unwrap();
    let file = |trust: &TrustFile| verify(&bundle, trust).unwrap_err().file;
    assert_eq!(file(&TrustFile::default()), "checkpoint");
    let mut trust = Sample::trust();
    trust.logs[0].until = Some(bundle.entries()[0].time);
    assert_eq!(file(&trust), "checkpoint");
    let mut trust = Sample::trust();
    trust.directory_keys.clear();
    assert_eq!(file(&trust), "directory.json");
    let mut trust = Sample::trust();
    let too_late = bundle.entries()[0].time.saturating_add(std::time::Duration::from_micros(1));
    trust.directory_keys[0].from = too_late;
    assert_eq!(file(&trust), "directory.json");
}

#[test]
fn what_is_revealed_must_be_what_was_committed_to() {
    let sample = Sample::hmac_call();
    let head = CommitmentLabel::RequestHead;
    let mut parts = sample.parts();
    let Some(Revealed::Lines(lines)) = parts.entries[0].revealed.get_mut(&head) else { panic!() };
    lines[1].line.push('!');
    assert_eq!(refusal(parts).file, "revealed.json");
    let mut parts = sample.parts();
    let Some(Revealed::Lines(lines)) = parts.entries[0].revealed.get_mut(&head) else { panic!() };
    lines.swap(0, 1);
    assert_eq!(refusal(parts).file, "revealed.json");
    // A digest under the wrong kind of label, and an opening of what the entry does not have.
    let mut parts = sample.parts();
    let body = parts.entries[0].revealed.remove(&CommitmentLabel::ResponseBody).unwrap();
    parts.entries[0].revealed.insert(CommitmentLabel::ResponseHead, body.clone());
    assert_eq!(refusal(parts).file, "revealed.json");
    let mut parts = sample.parts();
    parts.entries[0].revealed.insert(CommitmentLabel::RequestBody, body);
    assert_eq!(refusal(parts).file, "revealed.json");
}

#[test]
fn a_caller_s_signature_must_be_the_caller_s() {
    let sample = Sample::ed25519_call_with_base(|base| base.replace("GET", "PUT"));
    assert_eq!(refusal(sample.parts()).file, "revealed.json");
    let sample = Sample::ed25519_call_signed_over(|base| base.replace("mot-cua-ed25519", "other"));
    assert_eq!(refusal(sample.parts()).file, "revealed.json");
}

#[test]
fn a_part_of_the_lines_can_be_revealed_alone() {
    let sample = Sample::hmac_call();
    let mut parts = sample.parts();
    let head = CommitmentLabel::RequestHead;
    let Some(Revealed::Lines(lines)) = parts.entries[0].revealed.get_mut(&head) else { panic!() };
    lines.remove(0);
    let bundle = Bundle::open(&Bundle::assemble(parts).unwrap()).unwrap();
    assert!(verify(&bundle, &Sample::trust()).is_ok());
    assert!(bundle.summary().contains("2/3: host: api.example"));
    assert!(!bundle.summary().contains("GET /units"));
}

#[test]
fn a_text_from_outside_cannot_pass_for_a_line_of_the_summary() {
    assert_eq!(wording::plain("a\nII. B\u{202e}c"), "a\u{fffd}II. B\u{fffd}c");
}

#[test]
fn the_provider_s_inner_address_stays_out_of_a_bundle() {
    let sample = Sample::hmac_call();
    let bytes = Bundle::assemble(sample.parts()).unwrap();
    assert!(!bytes.windows(9).any(|window| window == b"127.0.0.1"));
}
