//! Anyone tries anything, by the real commands: what gateways then let pass was consented to, tried
//! and approved by different people, and is what was approved.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::published;
use crate::tests::platform::*;

/// Some have several roles, with one credential.
const PEOPLE: [&str; 12] = [
    CONSUMER,
    "organisation_admin:H24.31:t-second",
    PROVIDER,
    "organisation_admin:H24.12:t-second",
    "organisation_admin:H24.12:t-consumer",
    OPERATOR,
    "operator:H24.02:t-second",
    "operator:H24.02:t-consumer",
    STATE_MANAGER,
    "state_manager:H24.01:t-second",
    "state_manager:H24.01:t-operator",
    OFFICER,
];

/// What somebody tries: how often, and who mostly does, as the beginning of a token.
const ATTEMPTS: [(u32, &str, &str); 14] = [
    (2, "revise", "organisation_admin:H24.31"),
    (8, "submit", "organisation_admin:H24.31"),
    (1, "return", "operator"),
    (8, "consent", "organisation_admin:H24.12"),
    (8, "test", "operator"),
    (8, "confirm_test", "operator"),
    (3, "waive_test", "state_manager"),
    (10, "approve", "state_manager"),
    (10, "activate", "operator"),
    (1, "suspend", "operator"),
    (1, "resume", "operator"),
    (1, "announce_suspension", "organisation_admin:H24.12"),
    (1, "call_off_suspension", "operator"),
    (1, "refuse", "organisation_admin:H24.12"),
];

/// What it takes, by those who may.
const STRAIGHT: [(&str, &str, u32); 6] = [
    ("submit", CONSUMER, 1),
    ("consent", PROVIDER, 1),
    ("test", OPERATOR, 1),
    ("confirm_test", OPERATOR, 1),
    ("approve", STATE_MANAGER, 1),
    ("activate", OPERATOR, 1),
];

fn attempts() -> impl Strategy<Value = Vec<(&'static str, &'static str, u32)>> {
    let what = ATTEMPTS.iter().map(|(weight, what, whose)| {
        let theirs: Vec<_> = PEOPLE.iter().copied().filter(|who| who.starts_with(whose)).collect();
        let who = prop_oneof![
            3 => prop::sample::select(theirs),
            1 => prop::sample::select(PEOPLE.to_vec()),
        ];
        (*weight, (Just(*what), who, 1_u32..50).boxed())
    });
    prop::collection::vec(prop::strategy::Union::new_weighted(what.collect()), 80..140)
}

/// What a revision asks for: other operations, fields and amounts by `which`.
fn another(mut asked: Value, which: u32) -> Value {
    asked["operations"] = json!([{"method": "GET", "path": format!("/u{}", which % 4)}]);
    asked["fields"] = json!([format!("units[].f{}", which % 3)]);
    asked["quota"] = json!({"per_minute": 100 + which, "burst": 1});
    asked
}

/// Only what gateways enforce.
fn enforced(record: &Value) -> Value {
    ["purpose", "operations", "fields", "quota", "until"].map(|name| record[name].clone()).into()
}

async fn attempt(platform: &Platform, path: &str, (what, who, which): (&str, &str, u32)) -> bool {
    let said = match what {
        "revise" => another(platform.get(path).await["asked"].clone(), which),
        "confirm_test" => json!({"entries": platform.test_calls(path, "sandbox", "200").await}),
        "suspend" => json!({"reason": "vì", "measures": "Chặn", "restored_when": "Đã khắc phục"}),
        "announce_suspension" => json!({"reason": "vì", "from": "2026-12-15T00:00:00Z",
            "expected_recovery": "2026-12-16T00:00:00Z"}),
        _ => json!({"reason": "vì"}),
    };
    platform.post(who, &format!("{path}/{what}"), said).await.0 == 200
}

/// Who took the steps up to now, by step; and that those of one part did nothing of another.
async fn must_be_rightly_active(platform: &Platform, path: &str) {
    let history = platform.get(&format!("{path}/history?limit=200")).await;
    let mut by: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for step in history["items"].as_array().unwrap() {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        by.entry(text(&step["step"])).or_default().insert(text(&step["actor"]["credential"]));
    }
    let part = |steps: &[&str]| -> BTreeSet<String> {
        steps.iter().filter_map(|step| by.get(*step)).flatten().cloned().collect()
    };
    let parts = [
        part(&["request", "revise", "submit"]),
        part(&["consent"]),
        part(&["test", "confirm_test", "waive_test"]),
        part(&["approve"]),
    ];
    assert!(parts.iter().all(|part| !part.is_empty()), "{history}");
    assert!(by.contains_key("confirm_test") || by.contains_key("waive_test"), "{history}");
    for (place, part) in parts.iter().enumerate() {
        assert!(parts.iter().skip(place + 1).all(|other| part.is_disjoint(other)), "{history}");
    }
}

/// Lets them try; returns whether the connection was ever active.
async fn story(
    platform: &Platform,
    number: usize,
    attempts: Vec<(&'static str, &'static str, u32)>,
) -> bool {
    let mut form = connection_form();
    form["asked"]["purpose"] = format!("muc-dich-{number}").into();
    let made = platform.made(CONSUMER, "/api/v1/connections", form).await;
    let path = format!("/api/v1/connections/{}", made["id"].as_str().unwrap());
    let mut approved = None;
    let mut was_active = false;
    for one in attempts {
        if !attempt(platform, &path, one).await {
            continue;
        }
        let connection = platform.get(&path).await;
        if one.0 == "approve" {
            approved = Some(enforced(&connection["asked"]));
        }
        let record = published(platform, &path);
        let is_active = record.as_ref().is_some_and(|record| record["active"] == true);
        assert_eq!(is_active, connection["state"] == "active", "after {one:?}");
        if let Some(record) = record.filter(|_| is_active) {
            must_be_rightly_active(platform, &path).await;
            let mut let_pass = enforced(&record);
            if let_pass[2].is_null() {
                let_pass[2] = json!([]);
            }
            let mut agreed = approved.clone().expect("what is active was approved");
            if agreed[2].is_null() {
                agreed[2] = json!([]);
            }
            assert_eq!(let_pass, agreed, "what gateways let pass is what was approved");
            was_active = true;
        }
    }
    was_active
}

#[test]
fn whoever_tries_whatever_nothing_passes_but_what_different_people_consented_tried_and_approved() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let platform = runtime.block_on(async {
        let platform = Platform::with_service().await;
        let mut rules = crate::regulation::tests::form();
        rules.as_object_mut().unwrap().remove("from");
        rules["conditions"] = json!(["identification_code"]);
        rules["test_waived_by"] = json!(["operator", "state_manager"]);
        platform.made(STATE_MANAGER, "/api/v1/connection-rules", rules).await;
        platform
    });
    let config = ProptestConfig {
        cases: 16,
        max_shrink_iters: 0,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = TestRunner::new(config);
    let counted = std::cell::Cell::new((0, 0));
    runner
        .run(&attempts(), |attempts| {
            let (number, active) = counted.get();
            // Chance alone may let none come into force: the first goes the straight way before.
            let straight = STRAIGHT.into_iter().filter(|_| number == 0);
            let attempts = straight.chain(attempts).collect();
            let was_active = runtime.block_on(story(&platform, number, attempts));
            counted.set((number + 1, active + usize::from(was_active)));
            Ok(())
        })
        .unwrap();
    assert!(counted.get().1 > 0, "some connection must have come into force");
}
