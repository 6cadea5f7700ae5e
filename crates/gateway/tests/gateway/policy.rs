//! What the directory of a test says: one consumer with two keys, a stranger, one service.

use std::collections::HashMap;
use std::sync::Arc;

use gateway::DirectorySnapshot;
use keys::{Ed25519Key, SigningKey, Zeroizing};
use testkit::{SeededRandomness, TestClock};
use wire::ambient::{Clock, UtcMicros};
use wire::directory::{
    ConnectionRecord, CredentialRecord, Directory, Environment, Operation, Quota, Record,
    RecordMode, ServiceRecord, Signing,
};
use wire::id::ConnectionId;
use wire::signature::Algorithm;

pub const SERVICE: &str = "H24.12/don-vi-hanh-chinh/danh-muc/v1";
pub const HMAC: &str = "mot-cua.hmac";
pub const ED25519: &str = "mot-cua.ed25519";
/// A key of a system without any connection.
pub const LONELY: &str = "lonely.hmac";

/// What the directory says; tests change it before or after the start.
#[derive(Clone)]
pub struct Policy {
    pub credentials: Vec<CredentialRecord>,
    pub service: ServiceRecord,
    pub connections: Vec<ConnectionRecord>,
    /// Records that most tests do without.
    pub more: Vec<Record>,
}

impl Policy {
    pub fn new(upstream: &str) -> Self {
        let mut credentials: Vec<_> = [(HMAC, "mot-cua"), (ED25519, "mot-cua"), (LONELY, "lonely")]
            .map(|(keyid, system)| CredentialRecord {
                keyid: keyid.parse().unwrap(),
                system: format!("H24.30/{system}").parse().unwrap(),
                algorithm: Algorithm::HmacSha256,
                public_key: None,
                not_before: UtcMicros::MIN,
                not_after: UtcMicros::MAX,
                environment: Environment::Production,
                revoked_at: None,
            })
            .into();
        credentials[1].algorithm = Algorithm::Ed25519;
        credentials[1].public_key = Some(ed25519_key().public_key().into());
        let service = ServiceRecord {
            id: SERVICE.parse().unwrap(),
            title: "Danh mục đơn vị hành chính".to_owned(),
            upstream: upstream.to_owned(),
            sandbox_upstream: None,
            timeout_ms: 30_000,
            record: RecordMode::BeforeAnswer,
            max_body_bytes: 8 << 20,
            signed_answers: Signing::NotRequired,
            signed_requests: Signing::NotRequired,
            deprecated_at: None,
            retired_at: None,
            successor: None,
        };
        Self { credentials, service, connections: vec![connection(1, "tra-cuu")], more: Vec::new() }
    }

    pub fn snapshot(&self) -> DirectorySnapshot {
        let mut records = vec![Record::Service(self.service.clone())];
        records.extend(self.credentials.iter().cloned().map(Record::Credential));
        records.extend(self.connections.iter().cloned().map(Record::Connection));
        records.extend(self.more.iter().cloned());
        let hmac_secrets: HashMap<_, _> = self
            .credentials
            .iter()
            .filter(|credential| credential.algorithm == Algorithm::HmacSha256)
            .map(|credential| credential.keyid.clone())
            .map(|keyid| (keyid.clone(), Zeroizing::new(hmac_secret(keyid.as_str()))))
            .collect();
        DirectorySnapshot { directory: Arc::new(Directory::new(records).unwrap()), hmac_secrets }
    }
}

/// A connection of the usual consumer; `number` makes its id.
pub fn connection(number: u64, purpose: &str) -> ConnectionRecord {
    let randomness = SeededRandomness::new(number);
    let operations = [("GET", "/**"), ("POST", "/**"), ("OPTIONS", "/**")];
    ConnectionRecord {
        id: ConnectionId::new(TestClock::default().now(), &randomness),
        consumer: "H24.30/mot-cua".parse().unwrap(),
        service: SERVICE.parse().unwrap(),
        purpose: purpose.parse().unwrap(),
        legal_basis: "QĐ 01/2026".to_owned(),
        operations: operations.map(|(method, path)| Operation::new(method, path).unwrap()).into(),
        fields: Vec::new(),
        quota: Quota { per_minute: 60_000, burst: 1000 },
        from: UtcMicros::MIN,
        until: UtcMicros::MAX,
        active: true,
        testing: false,
        state: "active".to_owned(),
        suspended_from: None,
    }
}

pub fn hmac_secret(keyid: &str) -> Vec<u8> {
    format!("{keyid:-<32}").into_bytes()
}

pub fn signing_key(keyid: &str) -> SigningKey {
    if keyid == ED25519 {
        return SigningKey::from(ed25519_key());
    }
    SigningKey::hmac_sha256(&hmac_secret(keyid)).unwrap()
}

/// The same in every test: made of fixed bytes.
fn ed25519_key() -> Ed25519Key {
    Ed25519Key::generate(&SeededRandomness::new(25_519)).unwrap()
}
