//! The document of a city's registry.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keys::{Ed25519Key, SigningKey, SystemRandomness};
use serde_json::{Value, json};

/// How large it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) organisations: usize,
    pub(super) services: usize,
    pub(super) connections: usize,
}

pub(super) struct City {
    pub(super) systems: usize,
    pub(super) document: Value,
}

const BEGUN: &str = "2025-07-01T00:00:00.000000Z";
const OVER: &str = "2035-07-01T00:00:00.000000Z";
/// Services of one system.
const SERVICES: usize = 5;

impl City {
    pub(super) fn generate(size: Size) -> Self {
        let systems = size.services / SERVICES;
        let organisation = |number: usize| format!("H24.{}", number % size.organisations + 1);
        let system = |number: usize| format!("{}/he-thong-{number}", organisation(number));
        let service = |number: usize| {
            format!("{}/dich-vu-{}/v1", system(number / SERVICES), number % SERVICES)
        };
        let mut organisations = vec![json!({"code": "H24", "name": "Thành phố"})];
        organisations.extend((0..size.organisations).map(
            |number| json!({"code": organisation(number), "name": format!("Cơ quan số {number}")}),
        ));
        let all_systems: Vec<_> = (0..systems)
            .map(|number| json!({"id": system(number), "name": format!("Hệ thống số {number}")}))
            .collect();
        let credentials: Vec<_> = (0..systems)
            .flat_map(|number| {
                ["sandbox", "production"]
                    .map(|environment| credential(number, &system(number), environment))
            })
            .collect();
        let services: Vec<_> = (0..size.services)
            .map(|number| {
                let upstream = format!("http://10.{}.{}.1:8080", number / 250, number % 250);
                json!({"id": service(number), "title": format!("Dịch vụ số {number}"), "upstream": upstream})
            })
            .collect();
        // Each to another service than the ones before, round and round.
        let connections: Vec<_> = (0..size.connections)
            .map(|number| {
                let consumer = number % systems;
                let called = (number * 7 + number / systems * 13 + SERVICES) % size.services;
                connection(number, &system(consumer), &service(called))
            })
            .collect();
        let document = json!({"lgsp_registry": 1, "organisation": organisations,
            "system": all_systems, "credential": credentials, "service": services, "connection": connections});
        Self { systems, document }
    }
}

/// Each with a key of its own, as those of a city are.
fn credential(number: usize, system: &str, environment: &str) -> Value {
    let key = SigningKey::from(Ed25519Key::generate(&SystemRandomness).unwrap());
    json!({"keyid": format!("khoa-{environment}-{number}"), "system": system,
        "algorithm": "ed25519", "environment": environment,
        "public_key": STANDARD.encode(key.public_key().unwrap().as_bytes()),
        "not_before": BEGUN, "not_after": OVER, "made_at": BEGUN})
}

fn connection(number: usize, consumer: &str, service: &str) -> Value {
    json!({"id": format!("0197c2f0-0000-7000-8000-{number:012x}"), "consumer": consumer,
        "service": service, "state": "active", "requested_at": BEGUN,
        "asked": {"purpose": format!("muc-dich-{}", number % 50), "usage": "Đo", "legal_basis": "Thử nghiệm",
            "operations": [{"method": "GET", "path": "/units"}, {"method": "GET", "path": "/units/{id}"}],
            "data_items": [{"name": "Đơn vị hành chính"}], "frequency": "hằng ngày",
            "quota": {"per_minute": 600, "burst": 60}, "from": BEGUN, "until": OVER}})
}
