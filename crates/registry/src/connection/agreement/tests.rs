use proptest::prelude::*;
use serde_json::json;
use wire::ambient::UtcMicros;
use wire::digest::{ContentDigest, DigestAlgorithm};
use wire::directory::{Operation, Quota, Record};

use super::*;
use crate::connection::lifecycle::{Party, Past, State, Step, Wanted, decide};
use crate::connection::{Asked, DataItem};
use crate::tests::platform::*;

const STRAIGHT: [&str; 4] = ["submit", "consent", "test", "approve"];

fn sample() -> Connection {
    Connection {
        id: "01a2076b-4400-7707-8707-070707070707".parse().unwrap(),
        consumer: CONSUMING_SYSTEM.parse().unwrap(),
        service: SERVICE.parse().unwrap(),
        state: State::Testing,
        amends: None,
        asked: serde_json::from_value(normal(asked())).unwrap(),
        requested_at: "2026-11-23T08:00:00.000000Z".parse().unwrap(),
    }
}

/// Times as they are kept.
fn normal(mut asked: serde_json::Value) -> serde_json::Value {
    for name in ["from", "until"] {
        let time: UtcMicros = asked[name].as_str().unwrap().parse().unwrap();
        asked[name] = time.to_string().into();
    }
    asked
}

fn document(connection: &Connection) -> Document {
    let sides = Sides {
        consumer: Some("Ủy ban nhân dân phường Hồng Bàng".to_owned()),
        consuming_system: Some("Một cửa điện tử".to_owned()),
        provider: Some("Sở Nội vụ".to_owned()),
        providing_system: Some("Danh mục đơn vị hành chính".to_owned()),
        service: Some("Danh mục xã, phường, đặc khu".to_owned()),
    };
    let rules = crate::regulation::shipped().unwrap();
    let enforced = enforced(connection.clone()).unwrap();
    write(&enforced, &sides, connection, &rules, Occasion::ApprovedAt(connection.requested_at))
}

#[test]
fn an_agreement_reads_like_this() {
    let mut connection = sample();
    connection.asked.fields = vec!["units[].code".to_owned(), "units[].name".to_owned()];
    insta::assert_snapshot!(document(&connection).to_text());
}

/// Its digest stands in the log, so its text must not change by a new program.
#[test]
fn an_agreement_from_before_there_were_two_annexes_reads_as_it_did() {
    let mut old = document(&sample());
    old.entrusted.clear();
    let kept = serde_json::to_value(&old).unwrap();
    assert_eq!(kept.get("entrusted"), None);
    let read: Document = serde_json::from_value(kept).unwrap();
    let text = read.to_text();
    let annex = text.split("\nPhụ lục. Nội dung do cổng kết nối thực thi\n").nth(1).unwrap();
    assert!(annex.starts_with("- Kết nối: ") && !text.contains("Phụ lục II. "), "{text}");
}

/// What no gateway looks at is said to be the sides' own, and nowhere said to be controlled.
#[test]
fn what_gateways_do_not_look_at_stands_apart_from_what_they_enforce() {
    let mut connection = sample();
    for fields in [vec![], vec!["units[].code".to_owned()]] {
        connection.asked.fields = fields;
        let document = document(&connection);
        let asked = &connection.asked;
        let says = |lines: &[Line], text: &str| lines.iter().any(|line| line.value == text);
        let entrusted = [&asked.usage, &asked.frequency, &asked.legal_basis];
        for text in entrusted.into_iter().chain(&asked.fields) {
            assert!(says(&document.entrusted, text) && !says(&document.annex, text), "{text}");
        }
        let fields = document.entrusted.iter().filter(|line| line.label.contains("trường dữ liệu"));
        assert_eq!(fields.count(), asked.fields.len().max(1), "none named is all");
    }
}

fn any_asked() -> impl Strategy<Value = Asked> {
    let path = "/[a-c]{1,2}(/\\{id\\})?";
    let operation =
        ("(GET|POST)", path).prop_map(|(method, path)| Operation::new(&method, &path).unwrap());
    let terms = (
        "[ab]{1,2}",
        "[a-c ;]{1,4}",
        prop::collection::vec(operation, 1..4),
        prop::collection::vec("[a-b;.]{1,3}", 0..3),
        (1_u32..30, 1_u32..30),
        (0_i64..5, 5_i64..9),
    );
    terms.prop_map(|(purpose, basis, operations, fields, (per_minute, burst), (from, until))| {
        Asked {
            purpose: purpose.parse().unwrap(),
            usage: "x".to_owned(),
            legal_basis: basis,
            operations,
            data_items: vec![DataItem { name: "x".to_owned(), number: None }],
            fields,
            frequency: "x".to_owned(),
            quota: Quota { per_minute, burst },
            from: UtcMicros::from_micros(from),
            until: UtcMicros::from_micros(until),
        }
    })
}

/// One of the things that gateways enforce, changed.
fn changed(asked: &Asked, which: usize) -> Asked {
    let mut other = asked.clone();
    match which {
        0 => other.purpose = format!("{}-x", asked.purpose).parse().unwrap(),
        1 => other.operations.push(Operation::new("PUT", "/x").unwrap()),
        2 => other.operations = vec![Operation::new("GET", "/**").unwrap()],
        3 => other.fields.push("x".to_owned()),
        4 => other.quota.per_minute += 1,
        5 => other.quota.burst += 1,
        6 => other.from = UtcMicros::from_micros(asked.from.as_micros() + 1),
        7 => other.until = UtcMicros::from_micros(asked.until.as_micros() + 1),
        _ => other.legal_basis.push('x'),
    }
    other
}

fn everyone() -> Vec<Party> {
    Party::ALL.to_vec()
}

proptest! {
    #[test]
    fn another_permission_is_another_text(one in any_asked(), other in any_asked()) {
        let [first, second] = [&one, &other].map(|asked| Connection { asked: asked.clone(), ..sample() });
        let same = enforced(first.clone()).unwrap() == enforced(second.clone()).unwrap();
        let [first, second] = [document(&first), document(&second)];
        prop_assert_eq!(same, first.to_text() == second.to_text());
        prop_assert_eq!(same, first.digest() == second.digest());
    }

    #[test]
    fn any_single_change_changes_the_document(asked in any_asked(), which in 0_usize..9) {
        let other = changed(&asked, which);
        let [first, second] = [asked, other].map(|asked| Connection { asked, ..sample() });
        prop_assert_ne!(document(&first).digest(), document(&second).digest());
        let digests = [first, second].map(|one| enforced(one).unwrap().digest().unwrap());
        prop_assert_ne!(&digests[0], &digests[1]);
    }

    /// Whoever does what in whatever order: what is active is what the last approval saw.
    #[test]
    fn nothing_takes_effect_that_was_not_approved_as_it_is(
        attempts in prop::collection::vec(
            (
                prop_oneof![
                    2 => Just(Step::Revise), 1 => Just(Step::Return), 3 => Just(Step::Submit),
                    3 => Just(Step::Consent), 3 => Just(Step::Test), 3 => Just(Step::ConfirmTest),
                    3 => Just(Step::Approve),
                    3 => Just(Step::Activate), 1 => Just(Step::Suspend), 1 => Just(Step::Resume),
                ],
                prop::sample::select(vec!["a", "b", "c", "d", "e"]),
                0_usize..9,
            ),
            0..80,
        ),
        asked in any_asked(),
    ) {
        let mut connection = Connection { asked, state: State::Draft, ..sample() };
        let mut past = vec![Past { step: Step::Request, credential: "a".to_owned() }];
        let mut agreed = None;
        let parties = everyone();
        for (step, who, which) in attempts {
            let wanted = Wanted { step, parties: &parties, credential: who, reason: Some("vì") };
            let Ok(state) = decide(connection.state, &past, wanted) else { continue };
            past.push(Past { step, credential: who.to_owned() });
            connection.state = state;
            match step {
                Step::Revise => connection.asked = changed(&connection.asked, which),
                Step::Approve => agreed = Some(document(&connection).digest()),
                _ => {}
            }
            if state == State::Active {
                prop_assert_eq!(agreed.as_ref(), Some(&document(&connection).digest()));
            }
        }
    }
}

#[tokio::test]
async fn the_digest_of_the_text_stands_in_the_entry_of_the_approval_and_the_text_stays() {
    let platform = Platform::with_service().await;
    let path = platform.connection_after(&["submit", "consent", "test"]).await;
    let agreement = format!("{path}/agreement");
    let draft = platform.get(&agreement).await;
    assert_eq!(draft.get("approved_at"), None);
    assert!(draft["text"].as_str().unwrap().contains("DỰ THẢO"), "{draft}");
    platform.step(&path, "approve").await;
    let approved = platform.get(&agreement).await;
    let text = approved["text"].as_str().unwrap();
    let digest = ContentDigest::of(DigestAlgorithm::Sha256, text.as_bytes()).to_string();
    assert_eq!(approved["digest"], digest);
    let entries = platform.entries().await;
    let entry = entries.iter().rfind(|entry| entry.action == "connection.approved").unwrap();
    assert_eq!(entry.subject["agreement"], digest);
    // What gateways have is what the text says.
    let key = path.replace("/api/v1/connections/", "connection/");
    let published = platform.in_force();
    let Some(Record::Connection(record)) = published.signed.directory.find(&key) else {
        panic!("gateways do not know {key}");
    };
    for line in enforced::Enforced::from(record).lines() {
        let line = format!("- {}: {}", line.label, line.value);
        assert!(text.contains(&line), "{line}");
    }
    let renamed = json!({"name": "Tên khác"});
    platform.made(OPERATOR, "/api/v1/organisations/H24.12/rename", renamed).await;
    assert_eq!(platform.get(&agreement).await, approved, "what was agreed stays");
}

#[tokio::test]
async fn what_was_changed_behind_the_lifecycles_back_does_not_come_into_force() {
    let platform = Platform::with_service().await;
    let path = platform.connection_after(&STRAIGHT).await;
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let database = &platform.registry.database;
    let mut connection = crate::connection::sql::find(database, &id).await.unwrap().unwrap();
    connection.asked.quota.per_minute += 1;
    let mut change = platform.registry.recorder.change_by_platform("x").await.unwrap();
    crate::connection::sql::rewrite(&mut change, &connection).await.unwrap();
    change.record(std::collections::BTreeMap::new()).await.unwrap();
    let activate = format!("{path}/activate");
    let refused = platform.refused(OPERATOR, &activate, json!({})).await;
    assert_eq!(refused, (409, "resource.conflict".to_owned()));
    assert_eq!(platform.get(&path).await["state"], "approved");
}
