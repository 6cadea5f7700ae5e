//! What happens to an organisation in time, its contacts and its codes of both formats.

use proptest::prelude::*;
use serde_json::{Value, json};
use wire::ambient::UtcMicros;

use super::PATH;
use crate::organisation::history::{Event, EventKind, as_of};
use crate::organisation::{Kind, Organisation};
use crate::tests::platform::*;

#[tokio::test]
async fn an_organisation_is_read_as_it_was_at_any_moment() {
    let platform = Platform::start().await;
    let form = json!({"code": "H24", "name": "Tên đầu", "effective_at": "2020-01-01T00:00:00Z"});
    platform.made(OPERATOR, PATH, form).await;
    let rename = json!({"name": "Tên sau", "effective_at": "2025-07-01T00:00:00Z",
                        "decision": "1669/NQ-UBTVQH15"});
    platform.made(OPERATOR, &format!("{PATH}/H24/rename"), rename).await;
    for (moment, name) in [
        ("2020-01-01T00:00:00Z", "Tên đầu"),
        ("2025-06-30T23:59:59.999999Z", "Tên đầu"),
        ("2025-07-01T00:00:00Z", "Tên sau"),
    ] {
        let then = platform.get(&format!("{PATH}/H24?as_of={moment}")).await;
        assert_eq!(then["name"], name, "{moment}");
        let page = platform.get(&format!("{PATH}?as_of={moment}")).await;
        assert_eq!(page["items"][0]["name"], name, "{moment}");
    }
    let before = "as_of=2019-12-31T23:59:59Z";
    let (status, _) = platform.ask(OPERATOR, "GET", &format!("{PATH}/H24?{before}"), None).await;
    assert_eq!(status, 404, "it was not there yet");
    assert_eq!(platform.get(&format!("{PATH}?{before}")).await["items"], json!([]));
}

#[tokio::test]
async fn each_event_is_kept_with_its_decision_and_the_entry_that_proves_it() {
    let platform = Platform::with_service().await;
    let rename = json!({"name": "Sở Nội vụ", "decision": "01/2025/QĐ-UBND"});
    platform.made(OPERATOR, &format!("{PATH}/H24.40/rename"), rename).await;
    let close = json!({"decision": "02/2025/QĐ-UBND"});
    platform.made(STATE_MANAGER, &format!("{PATH}/H24.40/close"), close).await;
    let page = platform.get(&format!("{PATH}/H24.40/history")).await;
    let told = |event: &Value| (event["kind"].clone(), event["decision"].clone());
    let events: Vec<_> = page["items"].as_array().unwrap().iter().map(told).collect();
    let expected = [
        (json!("issued"), Value::Null),
        (json!("renamed"), json!("01/2025/QĐ-UBND")),
        (json!("closed"), json!("02/2025/QĐ-UBND")),
    ];
    assert_eq!(events, expected);
    let entries = platform.entries().await;
    for event in page["items"].as_array().unwrap() {
        let (origin, index) = event["entry"].as_str().unwrap().rsplit_once('/').unwrap();
        assert_eq!(origin, "lgsp.test/log");
        let entry = &entries[index.parse::<usize>().unwrap()];
        assert_eq!(entry.subject["organisation"], "H24.40");
        assert_eq!(
            entry.subject.get("decision").map_or(Value::Null, |it| json!(it)),
            event["decision"]
        );
    }
}

#[tokio::test]
async fn dates_out_of_order_are_refused_with_the_reason() {
    let platform = Platform::start().await;
    let form = |code: &str, at: &str| json!({"code": code, "name": "x", "effective_at": at});
    platform.made(OPERATOR, PATH, form("H24", "2025-07-01T00:00:00Z")).await;
    let earlier = form("H24.12", "2025-06-30T00:00:00Z");
    let (status, answer) = platform.post(OPERATOR, PATH, earlier).await;
    assert_eq!((status, &answer["code"]), (422, &"field.invalid".into()), "before its parent");
    assert!(answer["detail"].as_str().unwrap().contains("2025-07-01"), "{answer}");
    let (status, answer) = platform.post(OPERATOR, PATH, form("H23", "2090-01-01T00:00:00Z")).await;
    assert_eq!(status, 422, "{answer}");
    let rename = json!({"name": "y", "effective_at": "2025-06-30T00:00:00Z"});
    let refused = platform.refused(OPERATOR, &format!("{PATH}/H24/rename"), rename).await;
    assert_eq!(refused, (422, "field.invalid".to_owned()));
    for decision in ["theo đề nghị của ông A", ""] {
        let close = json!({"decision": decision});
        let refused = platform.refused(OPERATOR, &format!("{PATH}/H24/close"), close).await;
        assert_eq!(refused, (422, "field.invalid".to_owned()), "{decision}");
    }
}

#[tokio::test]
async fn an_organisation_is_not_closed_while_others_depend_on_it() {
    let platform = Platform::with_service().await;
    let close = json!({"decision": "02/2025/QĐ-UBND"});
    for (code, in_the_way) in [("H24", "H24.31"), ("H24.31", CONSUMING_SYSTEM)] {
        let path = format!("{PATH}/{code}/close");
        let (status, answer) = platform.post(OPERATOR, &path, close.clone()).await;
        assert_eq!((status, &answer["code"]), (409, &"resource.in_use".into()));
        assert!(answer["detail"].as_str().unwrap().contains(in_the_way), "{answer}");
        assert!(platform.record(&format!("organisation/{code}")).is_some());
    }
}

#[tokio::test]
async fn nothing_is_done_under_a_closed_organisation_and_its_code_never_comes_back() {
    let platform = Platform::with_service().await;
    let close = json!({"decision": "02/2025/QĐ-UBND"});
    let closed = platform.made(OPERATOR, &format!("{PATH}/H24.40/close"), close.clone()).await;
    assert!(closed["closed_at"].is_string());
    assert_eq!(platform.record("organisation/H24.40"), None);
    let gone = (409, "resource.closed".to_owned());
    let below = json!({"code": "H24.40.01", "name": "x"});
    assert_eq!(platform.refused(OPERATOR, PATH, below).await, gone);
    let system = json!({"organisation": "H24.40", "code": "x", "name": "x"});
    assert_eq!(platform.refused(OPERATOR, "/api/v1/systems", system).await, gone);
    for (step, body) in
        [("close", close), ("rename", json!({"name": "x"})), ("contacts", json!({"contacts": []}))]
    {
        assert_eq!(platform.refused(OPERATOR, &format!("{PATH}/H24.40/{step}"), body).await, gone);
    }
    let again = json!({"code": "H24.40", "name": "x"});
    let refused = platform.refused(OPERATOR, PATH, again).await;
    assert_eq!(refused, (409, "resource.exists".to_owned()));
    let open = platform.get(&format!("{PATH}?state=open&within=H24")).await;
    let open: Vec<_> = open["items"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
    assert_eq!(open, ["H24", "H24.01", "H24.02", "H24.12", "H24.31"]);
    let closed = platform.get(&format!("{PATH}?state=closed&parent=H24")).await;
    assert_eq!(closed["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn whoever_changes_what_another_closed_meanwhile_is_told() {
    let platform = Platform::with_service().await;
    let path = format!("{PATH}/H24.40");
    let (_, headers, _) = platform.heard(OPERATOR, "GET", &path, None, &[]).await;
    let tag = headers["etag"].to_str().unwrap();
    let seen = [("if-match", tag)];
    let rename = Some(json!({"name": "Tên khác"}));
    let close = Some(json!({"decision": "02/2025/QĐ-UBND"}));
    let (status, _, _) =
        platform.heard(OPERATOR, "POST", &format!("{path}/rename"), rename, &seen).await;
    assert_eq!(status, 200);
    let (status, _, answer) =
        platform.heard(OPERATOR, "POST", &format!("{path}/close"), close, &seen).await;
    assert_eq!((status, &answer["code"]), (412, &"resource.changed".into()));
}

#[tokio::test]
async fn contacts_are_seen_by_their_own_and_the_platform_and_never_stand_in_the_log() {
    let platform = Platform::with_service().await;
    let path = format!("{PATH}/H24.12/contacts");
    let contacts = json!({"contacts": [
        {"duty": "Trực sự cố 24/7", "phone": "+84 225 3000 001", "email": "truc@snv.example.vn"},
        {"duty": "Đầu mối kỹ thuật", "phone": "0225.3000.002", "email": "kt@snv.example.vn"},
    ]});
    let before = platform.in_force().signed.directory.root();
    assert_eq!(platform.made(PROVIDER, &path, contacts.clone()).await, contacts);
    assert_eq!(platform.in_force().signed.directory.root(), before);
    let (status, read) = platform.ask(OFFICER, "GET", &path, None).await;
    assert_eq!((status, read), (200, contacts));
    let (status, _) = platform.ask(CONSUMER, "GET", &path, None).await;
    assert_eq!(status, 404);
    let last = platform.entries().await.pop().unwrap();
    assert_eq!(last.action, "organisation.contacts_changed");
    for index in 0..platform.log.size() {
        let bytes = platform.log.entry(index).await.unwrap().unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        for secret in ["3000", "snv.example", "Trực"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    for (phone, email) in [("abc", "a@b.c"), ("0225", "a@b"), ("0225", "a b@c.d"), ("1", "a@b.c")] {
        let wrong = json!({"contacts": [{"duty": "x", "phone": phone, "email": email}]});
        let refused = platform.refused(PROVIDER, &path, wrong).await;
        assert_eq!(refused, (422, "field.invalid".to_owned()), "{phone} {email}");
    }
}

#[tokio::test]
async fn the_table_maps_codes_and_the_rule_only_suggests() {
    let platform = Platform::start().await;
    let form = json!({"code": "H24", "name": "x", "legacy_code": "000.00.00.H24"});
    platform.made(OPERATOR, PATH, form).await;
    // By history, not by arithmetic.
    let form = json!({"code": "H24.12", "name": "x", "legacy_code": "000.00.07.H24"});
    platform.made(OPERATOR, PATH, form).await;
    let size = platform.log.size();
    for (asked, code, legacy, registered) in [
        ("code=H24.12", json!("H24.12"), json!("000.00.07.H24"), json!("H24.12")),
        ("legacy_code=000.00.07.H24", json!("H24.12"), json!("000.00.07.H24"), json!("H24.12")),
        ("code=H24.15", json!("H24.15"), json!("000.00.15.H24"), Value::Null),
        ("legacy_code=000.00.15.H24", json!("H24.15"), json!("000.00.15.H24"), Value::Null),
        ("code=0200123456", json!("0200123456"), Value::Null, Value::Null),
    ] {
        let suggested = platform.get(&format!("{PATH}/suggest?{asked}")).await;
        let expected = json!({"code": code, "legacy_code": legacy, "registered": registered});
        assert_eq!(suggested, expected, "{asked}");
    }
    assert_eq!(platform.log.size(), size, "nothing is applied");
    for asked in ["", "?code=H24&legacy_code=000.00.00.H24"] {
        let (status, _) =
            platform.ask(OPERATOR, "GET", &format!("{PATH}/suggest{asked}"), None).await;
        assert_eq!(status, 422, "{asked}");
    }
    let by_legacy = platform.get(&format!("{PATH}?legacy_code=000.00.07.H24")).await;
    assert_eq!(by_legacy["items"][0]["code"], "H24.12");
}

fn today() -> Organisation {
    Organisation {
        code: "H24.12".parse().unwrap(),
        kind: Kind::Authority,
        parent: "H24".parse().ok(),
        name: "hôm nay".to_owned(),
        name_en: None,
        legacy_code: None,
        registered_at: UtcMicros::MIN,
        issued_at: UtcMicros::MIN,
        closed_at: None,
        successors: Vec::new(),
    }
}

/// Events with dates that never go back; the name says which one it is.
fn events(gaps: &[u8], closes: bool) -> Vec<Event> {
    let mut at = 0;
    let mut events = Vec::new();
    for (number, gap) in (1_u32..).zip(gaps) {
        at += i64::from(*gap);
        let kind = match number {
            1 => EventKind::Issued,
            _ if closes && usize::try_from(number) == Ok(gaps.len()) => EventKind::Merged,
            _ => EventKind::Renamed,
        };
        events.push(Event {
            number,
            kind,
            effective_at: UtcMicros::from_micros(at),
            decision: None,
            recorded_at: UtcMicros::MIN,
            name: number.to_string(),
            name_en: None,
            legacy_code: None,
            counterparts: vec!["H24.80".parse().unwrap()],
            entry: None,
            sequence: None,
        });
    }
    events
}

proptest! {
    #[test]
    fn what_held_at_a_moment_is_the_last_event_that_had_taken_effect(
        gaps in prop::collection::vec(0_u8..4, 0..8), closes: bool, moment in 0_i64..32,
    ) {
        let events = events(&gaps, closes);
        let moment = UtcMicros::from_micros(moment);
        let then = as_of(&today(), &events, moment);
        let in_effect: Vec<_> = events.iter().filter(|one| one.effective_at <= moment).collect();
        let Some(last) = in_effect.last() else {
            prop_assert_eq!(then, None);
            return Ok(());
        };
        let then = then.unwrap();
        prop_assert_eq!(&then.name, &last.name);
        prop_assert_eq!(then.closed_at, last.kind.closes().then_some(last.effective_at));
        prop_assert_eq!(then.successors.is_empty(), !last.kind.closes());
        // What comes later changes nothing about what was.
        let known_then: Vec<_> = in_effect.into_iter().cloned().collect();
        prop_assert_eq!(as_of(&today(), &known_then, moment), Some(then));
    }
}
