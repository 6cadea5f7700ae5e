//! What is asked for: its bounds, its revisions, its amendments.

use serde_json::json;

use super::{STRAIGHT, published};
use crate::tests::platform::*;

#[tokio::test]
async fn a_returned_request_is_revised_and_handed_in_again() {
    let platform = Platform::with_service().await;
    let path = platform.connection_after(&["submit", "return"]).await;
    let mut asked = asked();
    asked["legal_basis"] = "NĐ 278/2025/NĐ-CP".into();
    let revise = format!("{path}/revise");
    let revised = platform.made(CONSUMER, &revise, asked.clone()).await;
    assert_eq!(
        (&revised["state"], &revised["asked"]["legal_basis"]),
        (&json!("draft"), &asked["legal_basis"])
    );
    platform.step(&path, "submit").await;
    let refused = platform.refused(CONSUMER, &revise, asked).await;
    assert_eq!(refused, (409, "connection.step_not_possible".to_owned()), "it is handed in");
}

#[tokio::test]
async fn the_entry_fixes_what_was_asked_for() {
    let platform = Platform::with_service().await;
    let path = platform.requested().await;
    platform.made(CONSUMER, &format!("{path}/revise"), asked()).await;
    let mut other = asked();
    other["quota"]["burst"] = 61.into();
    platform.made(CONSUMER, &format!("{path}/revise"), other).await;
    let entries = platform.entries().await;
    let asked: Vec<_> = entries.iter().filter_map(|entry| entry.subject.get("asked")).collect();
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[0], asked[1]);
    assert_ne!(asked[1], asked[2]);
}

#[tokio::test]
async fn an_amendment_goes_the_same_way_and_takes_the_place_of_the_one_it_amends() {
    let platform = Platform::with_service().await;
    let old = platform.connection_after(&STRAIGHT).await;
    let mut form = connection_form();
    form["amends"] = old.rsplit('/').next().unwrap().into();
    form["asked"]["quota"]["per_minute"] = 1_200.into();
    let made = platform.made(CONSUMER, "/api/v1/connections", form).await;
    let new = format!("/api/v1/connections/{}", made["id"].as_str().unwrap());
    for step in STRAIGHT {
        assert_eq!(platform.get(&old).await["state"], "active", "before {step}");
        platform.step(&new, step).await;
    }
    assert_eq!(platform.get(&old).await["state"], "ended");
    assert_eq!(published(&platform, &old), None, "its place is taken");
    assert_eq!(published(&platform, &new).unwrap()["quota"]["per_minute"], 1_200);
    let history = platform.get(&format!("{old}/history")).await;
    let last = history["items"].as_array().unwrap().last().unwrap();
    assert_eq!(last["step"], "replace");
}

#[tokio::test]
async fn one_amendment_at_a_time_is_under_way() {
    let platform = Platform::with_service().await;
    let old = platform.connection_after(&STRAIGHT).await;
    let mut form = connection_form();
    form["amends"] = old.rsplit('/').next().unwrap().into();
    let first = platform.made(CONSUMER, "/api/v1/connections", form.clone()).await;
    let refused = platform.refused(CONSUMER, "/api/v1/connections", form.clone()).await;
    assert_eq!(refused, (409, "resource.conflict".to_owned()));
    let first = format!("/api/v1/connections/{}", first["id"].as_str().unwrap());
    platform.step(&first, "withdraw").await;
    platform.made(CONSUMER, "/api/v1/connections", form).await;
}

#[tokio::test]
async fn only_ones_own_connection_in_force_is_amended() {
    let platform = Platform::with_service().await;
    let draft = platform.requested().await;
    let mut form = connection_form();
    form["amends"] = draft.rsplit('/').next().unwrap().into();
    let refused = platform.refused(CONSUMER, "/api/v1/connections", form.clone()).await;
    assert_eq!(refused, (422, "field.invalid".to_owned()));
    form["amends"] = "019abcde-0000-7000-8000-000000000000".into();
    let refused = platform.refused(CONSUMER, "/api/v1/connections", form).await;
    assert_eq!(refused, (404, "resource.not_found".to_owned()));
}

#[tokio::test]
async fn an_incomplete_or_boundless_request_is_refused_by_its_field() {
    let platform = Platform::with_service().await;
    for (field, value, named) in [
        ("purpose", json!("Đối soát"), "purpose"),
        ("usage", json!(""), "usage"),
        ("legal_basis", json!(" "), "legal_basis"),
        ("operations", json!([]), "operations"),
        ("operations", json!([{"method": "get", "path": "/units"}]), "operations[0]"),
        ("operations", json!([{"method": "GET", "path": "/a/../b"}]), "operations[0]"),
        (
            "operations",
            json!([{"method": "GET", "path": "/a"}, {"method": "GET", "path": "/a"}]),
            "operations",
        ),
        ("data_items", json!([]), "data_items"),
        ("fields", json!(["units[].code", "a b"]), "fields[1]"),
        ("fields", json!(["a", "a"]), "fields"),
        ("data_items", json!([{"name": "x"}, {"name": ""}]), "data_items[1].name"),
        ("quota", json!({"per_minute": 0, "burst": 0}), "quota.per_minute"),
        ("quota", json!({"per_minute": 10, "burst": 11}), "quota.burst"),
        ("from", json!("2026-12-01"), "from"),
        ("until", json!("2026-11-23T08:00:00Z"), "until"),
        ("until", json!("2026-10-01T00:00:00Z"), "until"),
        ("until", json!("2036-12-31T00:00:00Z"), "until"),
    ] {
        let mut form = connection_form();
        form["asked"][field] = value;
        let (status, answer) = platform.post(CONSUMER, "/api/v1/connections", form).await;
        assert_eq!((status, &answer["code"]), (422, &"field.invalid".into()), "{field} {answer}");
        assert!(answer["detail"].as_str().unwrap().contains(&format!("`{named}`")), "{answer}");
    }
    let mut form = connection_form();
    form["asked"]["columns"] = json!([]);
    let (_, answer) = platform.post(CONSUMER, "/api/v1/connections", form).await;
    assert_eq!(answer["code"], "field.unknown");
    assert!(answer["detail"].as_str().unwrap().contains("`asked.columns`"), "{answer}");
}
