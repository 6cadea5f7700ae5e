//! Two provinces' registries with clashes of every kind in five of a hundred rows.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keys::{Ed25519Key, SigningKey, SystemRandomness};
use serde_json::{Value, json};

/// How large each registry is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Organisations below the root.
    pub organisations: usize,
    /// Systems; every second one offers a service, each calls one.
    pub systems: usize,
    /// Systems that really call.
    pub callers: usize,
}

/// The kinds of clashes that must come up.
pub(super) const CLASHES: [&str; 7] = [
    "same_code organisation",
    "same_code system",
    "same_code credential",
    "same_name organisation",
    "same_endpoint service",
    "overlapping_trees organisation",
    "same_permission connection",
];

pub(super) struct Generated {
    /// The code of the province.
    pub(super) root: &'static str,
    pub(super) document: Value,
    pub(super) callers: Vec<Calling>,
}

/// A system that calls.
pub(super) struct Calling {
    pub(super) system: String,
    pub(super) keyid: String,
    pub(super) key: SigningKey,
    /// At the gateway, with the codes of its own province.
    pub(super) path: String,
}

const BEGUN: &str = "2025-07-01T00:00:00.000000Z";
const OVER: &str = "2035-07-01T00:00:00.000000Z";
/// One of so many rows clashes.
const ONE_IN: usize = 20;

#[derive(Default)]
struct Rows {
    organisation: Vec<Value>,
    system: Vec<Value>,
    credential: Vec<Value>,
    service: Vec<Value>,
    connection: Vec<Value>,
}

/// The registry of this platform, and that of the one that joins it.
pub(super) fn two(size: Size, upstream: &str) -> (Generated, Generated) {
    let here = province("H24", size, upstream, 0);
    let mut there = province("H23", size, upstream, size.organisations);
    clash(&mut there, &here, size);
    (here, there)
}

/// Codes of the two provinces differ below their roots, so that one tree can take in the other.
fn province(root: &'static str, size: Size, upstream: &str, first: usize) -> Generated {
    let mut rows = Rows::default();
    let mut callers = Vec::new();
    rows.organisation.push(organisation(root, &format!("UBND {root}")));
    let code = |number: usize| format!("{root}.{}", first + number % size.organisations + 1);
    let system = |number: usize| format!("{}/he-thong-{number}", code(number));
    let service = |number: usize| format!("{}/dich-vu/v1", system(number));
    for number in 0..size.organisations {
        let code = code(number);
        rows.organisation.push(organisation(&code, &format!("Cơ quan {code} của {root}")));
    }
    for number in 0..size.systems {
        let id = system(number);
        rows.system.push(json!({"id": id, "name": format!("Hệ thống {number} của {root}"), "registered_at": BEGUN}));
        if number % 2 == 0 {
            let upstream = format!("{upstream}/{root}/{number}");
            let id = service(number);
            rows.service.push(json!({"id": id, "title": "Diễn tập", "upstream": upstream, "published_at": BEGUN, "changed_at": BEGUN}));
        }
        let key = Ed25519Key::generate(&SystemRandomness).unwrap();
        let keyid = format!("{root}-{number}");
        rows.credential.push(credential(&keyid, &id, &key));
        let called = service(opposite(number, size.systems));
        rows.connection.push(connection(root, number, &id, &called));
        // The first ones clash.
        if number % ONE_IN == ONE_IN / 2 && callers.len() < size.callers {
            let path = format!("/{called}/x");
            callers.push(Calling { system: id, keyid, key: SigningKey::from(key), path });
        }
    }
    Generated { root, document: document(&rows), callers }
}

/// A system half the way round the province that offers a service: an even one.
fn opposite(number: usize, systems: usize) -> usize {
    let across = number + systems / 2;
    (across - across % 2) % systems
}

/// Puts rows into `there` that clash with `here`.
fn clash(there: &mut Generated, here: &Generated, size: Size) {
    let ours = |noun: &str, number: usize| here.document[noun][number].clone();
    let some = |of: usize| (of / ONE_IN).max(2);
    let mut add = |noun: &str, row: Value| there.document[noun].as_array_mut().unwrap().push(row);
    let at = "organisation";
    // The root of this province is known there, as it is here.
    add(at, ours(at, 0));
    for number in 1..=some(size.organisations) {
        // One code and another name; systems of its own below it; another organisation below that.
        let known = ours(at, number);
        let code = known["code"].as_str().unwrap().to_owned();
        add(at, organisation(&code, &format!("{} (khác)", known["name"].as_str().unwrap())));
        add(at, organisation(&format!("{code}.01"), &format!("Đơn vị dưới {code}")));
        let system = format!("{code}/he-thong-{}", number - 1);
        add("system", json!({"id": system, "name": "Một hệ thống khác"}));
        // Another code and one name.
        let twin = ours(at, size.organisations - number);
        let code = format!("H23.{}", 3 * size.organisations + number);
        add(at, organisation(&code, twin["name"].as_str().unwrap()));
        add("system", json!({"id": format!("{code}/rieng"), "name": "Riêng"}));
    }
    for number in 0..some(size.systems) {
        // One name for two keys.
        let keyid = format!("H24-{number}");
        let key = Ed25519Key::generate(&SystemRandomness).unwrap();
        add("credential", credential(&keyid, "H23.H", &key));
    }
    fix_owner_of_clashing_credentials(there);
    let mut add = |noun: &str, row: Value| there.document[noun].as_array_mut().unwrap().push(row);
    let owner = format!("H23.{}", size.organisations + 1);
    for number in 0..some(size.systems / 2) {
        // Another service at one address.
        let known = ours("service", number);
        let id = format!("{owner}/he-thong-0/trung-{number}/v1");
        add("service", json!({"id": id, "title": "Trùng", "upstream": known["upstream"]}));
    }
    for number in 0..some(size.systems) {
        // The same permission once more. Both systems and the service are known there too; they are
        // not of the organisations that clash.
        let number = size.organisations - 2 - number % (size.organisations / 2);
        let known = ours("connection", number);
        let mut again = known.clone();
        again["id"] = uuid(9, number).into();
        let consumer = known["consumer"].as_str().unwrap();
        let service = known["service"].as_str().unwrap();
        let provider = service.split('/').take(2).collect::<Vec<_>>().join("/");
        for system in [consumer, &provider] {
            let of = |noun: &str, key: &str, id: &str| {
                let rows = here.document[noun].as_array().unwrap();
                rows.iter().find(|row| row[key] == id).unwrap().clone()
            };
            let code = system.split('/').next().unwrap();
            for (noun, key, row) in [
                ("organisation", "code", of("organisation", "code", code)),
                ("system", "id", of("system", "id", system)),
            ] {
                let rows = there.document[noun].as_array_mut().unwrap();
                if !rows.iter().any(|known| known[key] == row[key]) {
                    rows.push(row);
                }
            }
        }
        let rows = here.document["service"].as_array().unwrap();
        let row = rows.iter().find(|row| row["id"] == service).unwrap().clone();
        let rows = there.document["service"].as_array_mut().unwrap();
        if !rows.iter().any(|known| known["id"] == row["id"]) {
            rows.push(row);
        }
        let rows = there.document["connection"].as_array_mut().unwrap();
        if !rows.iter().any(|known| known["id"] == again["id"]) {
            rows.push(again);
        }
    }
}

/// Clashing credentials belong to the first system of the province.
fn fix_owner_of_clashing_credentials(there: &mut Generated) {
    let owner = there.document["system"][0]["id"].clone();
    for row in there.document["credential"].as_array_mut().unwrap() {
        if row["system"] == "H23.H" {
            row["system"] = owner.clone();
        }
    }
}

fn organisation(code: &str, name: &str) -> Value {
    json!({"code": code, "name": name, "registered_at": BEGUN, "issued_at": BEGUN})
}

fn credential(keyid: &str, system: &str, key: &Ed25519Key) -> Value {
    let public = keys::SigningKey::from(key.clone()).public_key().unwrap();
    json!({"keyid": keyid, "system": system, "algorithm": "ed25519",
        "public_key": STANDARD.encode(public.as_bytes()),
        "not_before": BEGUN, "not_after": OVER, "made_at": BEGUN})
}

fn connection(root: &str, number: usize, consumer: &str, service: &str) -> Value {
    let province = if root == "H24" { 1 } else { 2 };
    json!({"id": uuid(province, number), "consumer": consumer, "service": service,
        "state": "active", "requested_at": BEGUN,
        "asked": {"purpose": "giai-quyet-thu-tuc", "usage": "Diễn tập", "legal_basis": "Thử nghiệm",
            "operations": [{"method": "GET", "path": "/**"}], "data_items": [{"name": "Không có"}],
            "frequency": "khi diễn tập", "quota": {"per_minute": 1_000_000, "burst": 1_000_000},
            "from": BEGUN, "until": OVER}})
}

/// A UUID of version 7 that tells nothing.
fn uuid(province: usize, number: usize) -> String {
    format!("0197c2f0-0000-7000-8000-{province:04x}{number:08x}")
}

fn document(rows: &Rows) -> Value {
    json!({"lgsp_registry": 1, "organisation": rows.organisation, "system": rows.system,
        "credential": rows.credential, "service": rows.service, "connection": rows.connection})
}

/// The province is dissolved: its tree hangs below the other one's root from now on.
pub(super) fn recodings() -> BTreeMap<String, Value> {
    let same = json!({"choose": "same_as", "code": "H24"});
    [("recode organisation H23".to_owned(), same)].into()
}

/// What a person would decide about a conflict.
pub(super) fn decide(conflict: &Value) -> Value {
    let theirs = conflict["theirs"].as_str().unwrap();
    let kind = conflict["kind"].as_str().unwrap();
    match (kind, conflict["noun"].as_str().unwrap()) {
        ("same_code", "system") => json!({"choose": "as", "code": format!("{theirs}-cu")}),
        ("same_name", _) => json!({"choose": "same_as", "code": conflict["ours"]}),
        ("same_endpoint" | "overlapping_trees", _) => json!({"choose": "both"}),
        _ => json!({"choose": "keep"}),
    }
}
