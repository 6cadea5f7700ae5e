//! What an agreement says, read as a person would, beside what the gateway's own code lets pass.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use registry::connection::agreement::{Line, controlled};
use registry::import::rehearsal::{CallJudge, RecordedCall};
use wire::ambient::UtcMicros;
use wire::directory::{
    ConnectionRecord, Directory, Operation, OrganisationRecord, Quota, Record, RecordMode,
    ServiceRecord, Signing, SystemRecord,
};

use super::GatewayJudge;

const SYSTEMS: [&str; 2] = ["H24.31/mot-cua", "H24.40/khac"];
const SERVICES: [&str; 2] = ["H24.12/don-vi/danh-muc/v1", "H24.12/don-vi/danh-muc/v2"];
const PURPOSES: [&str; 2] = ["doi-soat", "thong-ke"];

/// What a reader takes from the first annex.
#[derive(Debug, Default)]
struct Said {
    consumer: String,
    service: String,
    purpose: String,
    operations: Vec<String>,
    from: String,
    until: String,
}

impl Said {
    fn read(lines: &[Line]) -> Self {
        let mut said = Self::default();
        for Line { label, value } in lines {
            let value = value.clone();
            match label.as_str() {
                "Hệ thống khai thác" => said.consumer = value,
                "Dịch vụ" => said.service = value,
                "Mã mục đích" => said.purpose = value,
                "Thao tác" => said.operations.push(value),
                "Có hiệu lực từ (UTC)" => said.from = value,
                "Có hiệu lực đến (UTC)" => said.until = value,
                "Kết nối" | "Hạn mức mỗi phút" | "Hạn mức tức thời" => {}
                other => panic!("nobody knows what «{other}» means"),
            }
        }
        said
    }

    fn permits(&self, call: &RecordedCall, now: UtcMicros) -> bool {
        let Some(path) = call.path.strip_prefix(&format!("/{}", self.service)) else {
            return false;
        };
        let time = now.to_string();
        call.consumer.to_string() == self.consumer
            && call.purpose.as_ref().is_none_or(|purpose| *purpose == self.purpose)
            && self.from <= time
            && time < self.until
            && self.operations.iter().any(|operation| fits(operation, &call.method, path))
    }
}

/// `GET /units/{id}`: that method, and a path of those pieces, any for `{id}`; `/**` for all below.
fn fits(operation: &str, method: &str, path: &str) -> bool {
    let (said_method, template) = operation.split_once(' ').unwrap();
    let pieces: Vec<_> = path.split('/').collect();
    let (wanted, is_open) = match template.strip_suffix("/**") {
        Some(head) => (head, true),
        None => (template, false),
    };
    let wanted: Vec<_> = wanted.split('/').collect();
    let fits_one = |(wanted, piece): (&&str, &&str)| {
        if wanted.starts_with('{') { !piece.is_empty() } else { wanted == piece }
    };
    said_method == method
        && (pieces.len() == wanted.len() || is_open && pieces.len() > wanted.len())
        && wanted.iter().zip(&pieces).all(fits_one)
}

fn any_record() -> impl Strategy<Value = ConnectionRecord> {
    let path = prop_oneof!["(/[ab]){1,2}", "(/[ab]|/\\{id\\}){1,2}", "(/[ab]){0,1}/\\*\\*"];
    let operation =
        ("(GET|POST)", path).prop_map(|(method, path)| Operation::new(&method, &path).unwrap());
    let operations = prop::collection::vec(operation, 1..4);
    let which = (0_usize..2, 0_usize..2, 0_usize..2);
    (which, operations, (0_i64..6, 1_i64..6)).prop_map(
        |((consumer, service, purpose), operations, (from, long))| ConnectionRecord {
            id: "01a2076b-4400-7707-8707-070707070707".parse().unwrap(),
            consumer: SYSTEMS[consumer].parse().unwrap(),
            service: SERVICES[service].parse().unwrap(),
            purpose: PURPOSES[purpose].parse().unwrap(),
            legal_basis: "QĐ 01/2025/QĐ-UBND".to_owned(),
            operations,
            fields: vec!["units[].code".to_owned()],
            quota: Quota { per_minute: 600, burst: 60 },
            from: UtcMicros::from_micros(from),
            until: UtcMicros::from_micros(from + long),
            active: true,
            testing: false,
            state: "active".to_owned(),
            suspended_from: None,
        },
    )
}

fn any_call() -> impl Strategy<Value = (RecordedCall, UtcMicros)> {
    let purpose = prop_oneof![Just(None), (0_usize..2).prop_map(Some)];
    (0_usize..2, 0_usize..2, purpose, "(GET|POST)", "(/[abc]?){1,3}", 0_i64..12).prop_map(
        |(consumer, service, purpose, method, path, at)| {
            let call = RecordedCall {
                consumer: SYSTEMS[consumer].parse().unwrap(),
                keyid: None,
                method,
                path: format!("/{}{path}", SERVICES[service]),
                purpose: purpose.map(|purpose| PURPOSES[purpose].to_owned()),
            };
            (call, UtcMicros::from_micros(at))
        },
    )
}

/// The connection with whom and what it is between.
fn directory(connection: &ConnectionRecord) -> Arc<Directory> {
    let mut records = vec![Record::Connection(connection.clone())];
    for code in ["H24.12", "H24.31", "H24.40"] {
        let code = code.parse().unwrap();
        records.push(Record::Organisation(OrganisationRecord { code, name: "x".to_owned() }));
    }
    for id in ["H24.12/don-vi", SYSTEMS[0], SYSTEMS[1]] {
        records.push(Record::System(SystemRecord {
            id: id.parse().unwrap(),
            name: "x".to_owned(),
            networks: Vec::new(),
            level: None,
        }));
    }
    for id in SERVICES {
        records.push(Record::Service(ServiceRecord {
            id: id.parse().unwrap(),
            title: "x".to_owned(),
            upstream: "http://10.24.12.5:9000".to_owned(),
            sandbox_upstream: None,
            timeout_ms: 1_000,
            record: RecordMode::default(),
            max_body_bytes: 1_000,
            signed_answers: Signing::default(),
            signed_requests: Signing::default(),
            deprecated_at: None,
            retired_at: None,
            successor: None,
        }));
    }
    Arc::new(Directory::new(records).unwrap())
}

#[test]
fn what_the_first_annex_says_is_what_the_gateway_lets_pass() {
    let passed = Cell::new(0_usize);
    let story = (any_record(), prop::collection::vec(any_call(), 40));
    let mut runner = TestRunner::new(ProptestConfig::default());
    let told = runner.run(&story, |(record, calls)| {
        let said = Said::read(&controlled(&record));
        let directory = directory(&record);
        for (call, now) in calls {
            let calls = std::slice::from_ref(&call);
            let judged = GatewayJudge.judge(Arc::clone(&directory), HashMap::new(), calls, now);
            let is_let_pass = judged[0].is_ok();
            prop_assert_eq!(is_let_pass, said.permits(&call, now), "{:?} {:?}", call, judged);
            passed.set(passed.get() + usize::from(is_let_pass));
        }
        Ok(())
    });
    told.unwrap();
    assert!(passed.get() > 50, "hardly any call passed: {}", passed.get());
}

/// The comparison would be worth nothing if all or nothing passed.
#[test]
fn a_reader_tells_what_passes_from_what_does_not() {
    for (operation, passes, does_not) in [
        ("GET /a", ("GET", "/a"), ("POST", "/a")),
        ("GET /a/{id}", ("GET", "/a/c"), ("GET", "/a/")),
        ("POST /a/**", ("POST", "/a/b/c"), ("POST", "/b")),
    ] {
        assert!(fits(operation, passes.0, passes.1), "{operation}");
        assert!(!fits(operation, does_not.0, does_not.1), "{operation}");
    }
}
