//! What the tests of this crate share: keys from a number, and repeatable randomness.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

use crate::ambient::Randomness;
use crate::directory::{
    ConnectionRecord, CredentialRecord, Environment, Operation, OrganisationRecord, Quota, Record,
    RecordMode, ServiceRecord, Signing, SystemRecord,
};
use crate::note::{NoteVerifier, note_signature_line};
use crate::signature::Algorithm;

/// A named Ed25519 key made from a small number.
pub(crate) struct TestKey {
    name: String,
    pair: Ed25519KeyPair,
}

impl TestKey {
    pub(crate) fn new(name: &str, number: u8) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[number; 32]).unwrap();
        Self { name: name.to_owned(), pair }
    }

    pub(crate) fn public_key(&self) -> [u8; 32] {
        self.pair.public_key().as_ref().try_into().unwrap()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.pair.sign(message).as_ref().try_into().unwrap()
    }

    pub(crate) fn note_line(&self, text: &str) -> String {
        note_signature_line(&self.name, &self.public_key(), &self.sign(text.as_bytes()))
    }

    pub(crate) fn verifier(&self) -> NoteVerifier {
        NoteVerifier::new(&self.name, self.public_key()).unwrap()
    }
}

/// The same bytes each time.
pub(crate) struct FixedRandomness(pub(crate) u8);

impl Randomness for FixedRandomness {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }
}

/// The directory of two organisations, one of which may read the other's code list.
pub(crate) fn sample_records() -> Vec<Record> {
    let from = "2026-01-01T00:00:00Z".parse().unwrap();
    let until = "2027-01-01T00:00:00Z".parse().unwrap();
    let organisation = |code: &str, name: &str| {
        Record::Organisation(OrganisationRecord {
            code: code.parse().unwrap(),
            name: name.to_owned(),
        })
    };
    let system = |id: &str, name: &str| {
        Record::System(SystemRecord {
            id: id.parse().unwrap(),
            name: name.to_owned(),
            networks: Vec::new(),
            level: None,
        })
    };
    let credential = |keyid: &str, algorithm, public_key| {
        Record::Credential(CredentialRecord {
            keyid: keyid.parse().unwrap(),
            system: "H24.30/mot-cua".parse().unwrap(),
            algorithm,
            public_key,
            not_before: from,
            not_after: until,
            environment: Environment::Production,
            revoked_at: None,
        })
    };
    let ed25519 = TestKey::new("caller", 9).public_key();
    vec![
        organisation("H24.12", "Sở Nội vụ (minh họa)"),
        organisation("H24.30", "Ủy ban nhân dân phường Hồng Bàng (minh họa)"),
        system("H24.12/don-vi-hanh-chinh", "Danh mục đơn vị hành chính"),
        system("H24.30/mot-cua", "Một cửa điện tử"),
        credential("mot-cua-hmac", Algorithm::HmacSha256, None),
        credential("mot-cua-ed25519", Algorithm::Ed25519, Some(ed25519.into())),
        Record::Service(ServiceRecord {
            id: "H24.12/don-vi-hanh-chinh/danh-muc/v1".parse().unwrap(),
            title: "Danh mục xã, phường, đặc khu".to_owned(),
            upstream: "http://127.0.0.1:9/".to_owned(),
            sandbox_upstream: None,
            timeout_ms: 5_000,
            record: RecordMode::BeforeAnswer,
            max_body_bytes: 1_048_576,
            signed_answers: Signing::NotRequired,
            signed_requests: Signing::NotRequired,
            deprecated_at: None,
            retired_at: None,
            successor: None,
        }),
        Record::Connection(ConnectionRecord {
            id: "01a2076b-4400-7707-8707-070707070707".parse().unwrap(),
            consumer: "H24.30/mot-cua".parse().unwrap(),
            service: "H24.12/don-vi-hanh-chinh/danh-muc/v1".parse().unwrap(),
            purpose: "doi-soat-dia-ban".parse().unwrap(),
            legal_basis: "Nghị quyết 1669/NQ-UBTVQH15".to_owned(),
            operations: vec![Operation::new("GET", "/units").unwrap()],
            fields: Vec::new(),
            quota: Quota { per_minute: 600, burst: 60 },
            from,
            until,
            active: true,
            testing: false,
            state: "active".to_owned(),
            suspended_from: None,
        }),
    ]
}
