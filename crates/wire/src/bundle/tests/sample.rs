//! A log with a few calls, and bundles about them.

use std::collections::BTreeMap;

use super::super::*;
use crate::ambient::UtcMicros;
use crate::checkpoint::Origin;
use crate::commitment::{
    EntrySecret, commit_body, commit_bytes, commit_head, open_body, prove_line, salt,
};
use crate::directory::Directory;
use crate::entry::{ActorRef, Kind};
use crate::id::EntryId;
use crate::merkle::{Leaves, leaf_hash, prove_inclusion, sha256};
use crate::testing::{FixedRandomness, TestKey, sample_records};
pub(super) use crate::trust::TrustFile;
use crate::trust::{DirectoryKey, TrustedLog};

pub(super) const LOG: &str = "lgsp.example/log";
const DIRECTORY: &str = "lgsp.example/log/directory";
const HEAD: [&str; 3] = ["GET /units", "host: api.example", "accept: */*"];

/// A log in which the entries of one call stand among others.
pub(super) struct Sample {
    entries: Vec<(Entry, BTreeMap<CommitmentLabel, Revealed>)>,
    directory: Directory,
}

fn time() -> UtcMicros {
    "2026-11-23T08:00:00.000001Z".parse().unwrap()
}

fn secret() -> EntrySecret {
    EntrySecret::new(&FixedRandomness(5))
}

fn directory() -> Directory {
    Directory::new(sample_records()).unwrap()
}

fn base(keyid: &str) -> String {
    format!(
        "\"@method\": GET\n\"@target-uri\": https://api.example/H24.12/don-vi-hanh-chinh/danh-muc/v1/units\n\
         \"@signature-params\": (\"@method\" \"@target-uri\");created=1795420799;expires=1795420899;\
         nonce=\"n-1\";keyid=\"{keyid}\";tag=\"lgsp\""
    )
}

fn call(keyid: &str, action: &str, outcome: &str) -> Entry {
    let subject = [
        ("connection", "01a2076b-4400-7707-8707-070707070707"),
        ("request_id", "01a2076b-4400-7808-8808-080808080808"),
        ("service", "H24.12/don-vi-hanh-chinh/danh-muc/v1"),
    ];
    Entry {
        id: EntryId::new(time(), &FixedRandomness(9)),
        time: time(),
        kind: Kind::Call,
        action: action.to_owned(),
        actor: Some(ActorRef {
            organisation: Some("H24.30".parse().unwrap()),
            system: Some("mot-cua".parse().unwrap()),
            credential: Some(keyid.to_owned()),
            role: None,
        }),
        subject: subject.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        outcome: outcome.to_owned(),
        directory: Some(directory().root()),
        commitments: BTreeMap::new(),
        sequence: None,
    }
}

/// A completed call with all its commitments, all but the response head opened.
fn completed(
    keyid: &str,
    base: &str,
    signature: &[u8],
) -> (Entry, BTreeMap<CommitmentLabel, Revealed>) {
    use CommitmentLabel as Label;
    let (secret, mut entry) = (secret(), call(keyid, "call.completed", "200"));
    let answer = sha256(&[b"[]"]);
    let lines: Vec<String> = HEAD.map(str::to_owned).into();
    entry.commitments = BTreeMap::from([
        (Label::RequestHead, commit_head(&secret, Label::RequestHead, &lines)),
        (Label::ResponseHead, commit_head(&secret, Label::ResponseHead, ["200"])),
        (Label::ResponseBody, commit_body(&secret, Label::ResponseBody, &answer)),
        (Label::SignatureBase, commit_bytes(&secret, Label::SignatureBase, base.as_bytes())),
        (Label::Signature, commit_bytes(&secret, Label::Signature, signature)),
    ]);
    let line = |index| prove_line(&secret, Label::RequestHead, &lines, index).unwrap();
    let text = RevealedText { salt: salt(&secret, Label::SignatureBase, 0), text: base.to_owned() };
    let bytes =
        RevealedBytes { salt: salt(&secret, Label::Signature, 0), bytes: signature.to_vec() };
    let revealed = BTreeMap::from([
        (Label::RequestHead, Revealed::Lines((0..3).map(line).collect())),
        (Label::ResponseBody, Revealed::Body(open_body(&secret, Label::ResponseBody, &answer))),
        (Label::SignatureBase, Revealed::Text(text)),
        (Label::Signature, Revealed::Bytes(bytes)),
    ]);
    (entry, revealed)
}

/// The provider's keys: one of each kind that a bundle may show.
const PROVIDER_KEYS: [(&str, &str); 2] =
    [("don-vi-ed25519", "H24.12/don-vi-hanh-chinh"), ("mot-cua-other", "H24.30/mot-cua")];

/// What the provider of the sample signs over its answer.
pub(super) fn answer_base(keyid: &str) -> String {
    let digest = crate::digest::ContentDigest::from_sha256(sha256(&[b"[]"]));
    format!(
        "\"@status\": 200\n\"content-digest\": {digest}\n\"@method\";req: GET\n\
         \"@path\";req: /units\n\"@query\";req: ?\n\
         \"lgsp-request-id\";req: 01a2076b-4400-7808-8808-080808080808\n\
         \"@signature-params\": (\"@status\" \"content-digest\" \"@method\";req \"@path\";req \
         \"@query\";req \"lgsp-request-id\";req);created=1795420799;keyid=\"{keyid}\";tag=\"lgsp\""
    )
}

impl Sample {
    fn of(entries: Vec<(Entry, BTreeMap<CommitmentLabel, Revealed>)>) -> Self {
        Self { entries, directory: directory() }
    }

    /// A call whose provider signed this base, with the key that the entry names as `keyid`.
    pub(super) fn signed_answer(keyid: &str, base: &str) -> Self {
        use CommitmentLabel as Label;
        let mut records = sample_records();
        for (keyid, system) in PROVIDER_KEYS {
            records.push(Record::Credential(crate::directory::CredentialRecord {
                keyid: keyid.parse().unwrap(),
                system: system.parse().unwrap(),
                algorithm: crate::signature::Algorithm::Ed25519,
                public_key: Some(TestKey::new("provider", 11).public_key().into()),
                not_before: "2026-01-01T00:00:00Z".parse().unwrap(),
                not_after: "2027-01-01T00:00:00Z".parse().unwrap(),
                environment: crate::directory::Environment::Production,
                revoked_at: None,
            }));
        }
        let directory = Directory::new(records).unwrap();
        let (mut entry, mut revealed) =
            completed("mot-cua-hmac", &super::sample::base("mot-cua-hmac"), &[0x5a; 32]);
        entry.directory = Some(directory.root());
        entry.subject.insert(PROVIDER_CREDENTIAL.to_owned(), keyid.to_owned());
        let (secret, signature) = (secret(), TestKey::new("provider", 11).sign(base.as_bytes()));
        for (label, bytes) in [
            (Label::ResponseSignatureBase, base.as_bytes()),
            (Label::ResponseSignature, signature.as_slice()),
        ] {
            entry.commitments.insert(label, commit_bytes(&secret, label, bytes));
        }
        let text = RevealedText {
            salt: salt(&secret, Label::ResponseSignatureBase, 0),
            text: base.to_owned(),
        };
        let bytes = RevealedBytes {
            salt: salt(&secret, Label::ResponseSignature, 0),
            bytes: signature.to_vec(),
        };
        revealed.insert(Label::ResponseSignatureBase, Revealed::Text(text));
        revealed.insert(Label::ResponseSignature, Revealed::Bytes(bytes));
        Self { entries: vec![(entry, revealed)], directory }
    }

    pub(super) fn hmac_call() -> Self {
        Self::of(vec![completed("mot-cua-hmac", &base("mot-cua-hmac"), &[0x5a; 32])])
    }

    pub(super) fn ed25519_call() -> Self {
        Self::ed25519_call_with_base(str::to_owned)
    }

    /// The base shown and committed to is not the one that was signed.
    pub(super) fn ed25519_call_with_base(change: impl Fn(&str) -> String) -> Self {
        let base = base("mot-cua-ed25519");
        let signature = TestKey::new("caller", 9).sign(base.as_bytes());
        Self::of(vec![completed("mot-cua-ed25519", &change(&base), &signature)])
    }

    /// The base shown and signed is not what this caller signs.
    pub(super) fn ed25519_call_signed_over(change: impl Fn(&str) -> String) -> Self {
        let base = change(&base("mot-cua-ed25519"));
        let signature = TestKey::new("caller", 9).sign(base.as_bytes());
        Self::of(vec![completed("mot-cua-ed25519", &base, &signature)])
    }

    pub(super) fn long_call() -> Self {
        let (mut opened, revealed) = completed("mot-cua-hmac", &base("mot-cua-hmac"), &[0x5a; 32]);
        opened.action = "call.opened".to_owned();
        let mut closed = call("mot-cua-hmac", "call.closed", "200");
        closed.time = time().saturating_add(std::time::Duration::from_secs(9));
        Self::of(vec![(opened, revealed), (closed, BTreeMap::new())])
    }

    pub(super) fn stranger_refused() -> Self {
        let entry = Entry {
            actor: None,
            directory: None,
            subject: BTreeMap::from([("source".to_owned(), "192.0.2.0/24".to_owned())]),
            ..call("", "call.refused", "signature.missing")
        };
        Self::of(vec![(entry, BTreeMap::new())])
    }

    /// Entry i of the call stands at 2 + i of a log of 11; the others are fillers.
    pub(super) fn parts(&self) -> Parts {
        let bytes: Vec<Vec<u8>> =
            self.entries.iter().map(|(entry, _)| entry.to_canonical().unwrap()).collect();
        let mut log: Vec<Hash> = (0..11_u8).map(|filler| leaf_hash(&[filler])).collect();
        for (position, bytes) in bytes.iter().enumerate() {
            log[2 + position] = leaf_hash(bytes);
        }
        let leaves: Leaves = log.into_iter().collect();
        let entries = self.entries.iter().zip(bytes).zip(2..);
        let entries = entries.map(|(((_, revealed), bytes), index)| {
            let path = prove_inclusion(index, 11, &leaves).unwrap();
            EntryPart { bytes, index, path, revealed: revealed.clone() }
        });
        let origin: Origin = LOG.parse().unwrap();
        let text = Checkpoint { origin, size: 11, root: leaves.root() }.to_string();
        Parts {
            entries: entries.collect(),
            checkpoint: SignedNote::assemble(&text, &[TestKey::new(LOG, 1).note_line(&text)]),
            directories: self.directories(),
        }
    }

    fn directories(&self) -> Vec<DirectoryVersion> {
        let (entry, _) = &self.entries[0];
        if entry.directory.is_none() {
            return Vec::new();
        }
        let keys = directory_keys(entry);
        let text = self.directory.head(&DIRECTORY.parse().unwrap());
        let line = TestKey::new(DIRECTORY, 2).note_line(&text);
        vec![DirectoryVersion {
            head: SignedNote::assemble(&text, &[line]),
            extract: self.directory.extract(keys.iter().map(String::as_str)),
        }]
    }

    pub(super) fn trust() -> TrustFile {
        let from = "2026-01-01T00:00:00Z".parse().unwrap();
        TrustFile {
            logs: vec![TrustedLog {
                origin: LOG.parse().unwrap(),
                vkey: TestKey::new(LOG, 1).verifier(),
                from,
                until: None,
            }],
            directory_keys: vec![DirectoryKey {
                vkey: TestKey::new(DIRECTORY, 2).verifier(),
                from,
                until: None,
            }],
            ..TrustFile::default()
        }
    }
}
