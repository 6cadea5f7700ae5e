use std::time::Duration;

use serde_json::{Value, json};
use wire::ambient::Clock;

use crate::tests::authorisation::{Case, PROVIDERS, write};
use crate::tests::platform::*;

const DRAFT: &str = "H24.12/don-vi-hanh-chinh/bien-dong/v1";
const PATH: &str = "/api/v1/services";

/// The routes of this noun, for the table of all routes.
pub(crate) fn cases() -> Vec<Case> {
    let at = |step: &str| format!("{PATH}/{SERVICE}/{step}");
    let step = |route, path: &str, body, may| write(route, at(path), body, may);
    let future = json!({"at": "2999-01-01T00:00:00Z"});
    vec![
        step(
            "/api/v1/services/{organisation}/{system}/{service}/{version}/about",
            "about",
            about(),
            PROVIDERS,
        ),
        step(
            "/api/v1/services/{organisation}/{system}/{service}/{version}/ready",
            "ready",
            json!({}),
            PROVIDERS,
        ),
        step(
            "/api/v1/services/{organisation}/{system}/{service}/{version}/publish",
            "publish",
            json!({}),
            &[OPERATOR],
        ),
        step(
            "/api/v1/services/{organisation}/{system}/{service}/{version}/deprecate",
            "deprecate",
            json!({}),
            PROVIDERS,
        ),
        step(
            "/api/v1/services/{organisation}/{system}/{service}/{version}/retire",
            "retire",
            future,
            PROVIDERS,
        ),
    ]
}

pub(crate) fn about() -> Value {
    json!({
        "summary": "Biến động đơn vị hành chính cấp xã",
        "data_items": [{"name": "Tên đơn vị", "type": "text", "field": "items.name"}],
        "classification": "open",
        "legal_basis": "QĐ 01/2025/QĐ-UBND",
        "update_frequency": "khi có thay đổi",
        "service_level": {"availability_bp": 9950, "response_ms": 2000},
        "contact": "Bộ phận hỗ trợ LGSP",
    })
}

fn description() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Biến động", "version": "1.0.0"},
        "paths": {"/changes": {"get": {"responses": {"200": {"description": "Danh sách"}}}}},
    })
}

async fn drafted() -> Platform {
    let platform = Platform::with_service().await;
    let form = json!({"id": DRAFT, "title": "Biến động", "upstream": "http://10.24.12.5:9000", "draft": true});
    let made = platform.made(PROVIDER, PATH, form).await;
    assert_eq!((&made["state"], &made["published_at"]), (&json!("draft"), &Value::Null));
    platform
}

async fn published() -> Platform {
    let platform = drafted().await;
    let at = |step: &str| format!("{PATH}/{DRAFT}/{step}");
    platform.made(PROVIDER, &at("about"), about()).await;
    platform.made(PROVIDER, &at("descriptions"), description()).await;
    platform.made(PROVIDER, &at("ready"), json!({})).await;
    platform.made(OPERATOR, &at("publish"), json!({})).await;
    platform
}

#[tokio::test]
async fn a_draft_is_nobody_elses_matter_and_cannot_be_connected_to() {
    let platform = drafted().await;
    let path = format!("{PATH}/{DRAFT}");
    assert!(platform.record(&format!("service/{DRAFT}")).is_none());
    for (token, status) in [(CONSUMER, 404), (OTHER_ADMIN, 404), (PROVIDER, 200), (AUDITOR, 200)] {
        assert_eq!(platform.ask(token, "GET", &path, None).await.0, status, "{token}");
        let descriptions = format!("{path}/descriptions");
        assert_eq!(platform.ask(token, "GET", &descriptions, None).await.0, status, "{token}");
        let (_, page) = platform.ask(token, "GET", PATH, None).await;
        let count = page["items"].as_array().unwrap().len();
        assert_eq!(count, if status == 200 { 2 } else { 1 }, "{token}");
    }
    let mut form = connection_form();
    form["service"] = DRAFT.into();
    let refused = platform.refused(CONSUMER, "/api/v1/connections", form).await;
    assert_eq!(refused, (404, "resource.not_found".to_owned()));
}

#[tokio::test]
async fn readiness_starts_the_clock_of_the_publication() {
    let platform = drafted().await;
    let at = |step: &str| format!("{PATH}/{DRAFT}/{step}");
    let conflict = (409, "resource.conflict".to_owned());
    assert_eq!(platform.refused(PROVIDER, &at("ready"), json!({})).await, conflict);
    platform.made(PROVIDER, &at("about"), about()).await;
    assert_eq!(platform.refused(PROVIDER, &at("ready"), json!({})).await, conflict);
    platform.made(PROVIDER, &at("descriptions"), description()).await;
    assert_eq!(platform.refused(OPERATOR, &at("publish"), json!({})).await, conflict);
    let ready = platform.made(PROVIDER, &at("ready"), json!({})).await;
    assert_eq!(ready["state"], "ready");
    let calendar = platform.registry.working_calendar().await.unwrap();
    let since = ready["ready_at"].as_str().unwrap().parse().unwrap();
    let due = calendar.add_working_days(since, 1);
    assert_eq!(ready["publish_due"], due.to_string());
    let overdue = format!("{PATH}?overdue=true");
    assert_eq!(platform.get(&overdue).await["items"], json!([]));
    platform.clock.advance(Duration::from_hours(24 * 14));
    assert_eq!(platform.get(&overdue).await["items"][0]["id"], DRAFT);
    let look = || super::overdue::note_overdue(&platform.registry);
    let (one, other) = tokio::join!(look(), look());
    assert_eq!(one.unwrap() + other.unwrap(), 1, "said once, whoever looks");
    assert_eq!(look().await.unwrap(), 0);
    let entry = platform.entries().await.pop().unwrap();
    assert_eq!((entry.action.as_str(), entry.actor), ("service.deadline_passed", None));
    assert_eq!(entry.subject["duty"], "publication");
    assert_eq!(platform.get(&format!("{PATH}/{DRAFT}")).await["state"], "ready");
    let published = platform.made(OPERATOR, &at("publish"), json!({})).await;
    assert_eq!(published["state"], "published");
    assert_eq!(platform.get(&overdue).await["items"], json!([]));
    assert_eq!(platform.refused(OPERATOR, &at("publish"), json!({})).await, conflict);
    assert!(platform.record(&format!("service/{DRAFT}")).is_some());
    let entries = platform.entries().await;
    let entry = entries.iter().rfind(|entry| entry.action == "service.published").unwrap();
    assert_eq!(
        (entry.subject["service"].as_str(), entry.subject["late"].as_str()),
        (DRAFT, "true")
    );
    let told = entries.iter().any(|entry| entry.subject.values().any(|it| it.contains("hỗ trợ")));
    assert!(!told, "what people write stands in no entry");
}

#[tokio::test]
async fn an_end_is_announced_and_the_clock_brings_it() {
    let platform = published().await;
    let at = |step: &str| format!("{PATH}/{DRAFT}/{step}");
    let now = platform.clock.now();
    let in_days = |days: u64| now.saturating_add(Duration::from_hours(24 * days)).to_string();
    let record = || platform.record(&format!("service/{DRAFT}")).unwrap();
    assert!(record().get("deprecated_at").is_none());
    let form = json!({"successor": SERVICE, "retire_at": in_days(30)});
    let shown = platform.made(PROVIDER, &at("deprecate"), form).await;
    assert_eq!(shown["state"], "deprecated");
    assert_eq!(
        (&record()["retired_at"], &record()["successor"]),
        (&in_days(30).into(), &SERVICE.into())
    );
    let later = platform.made(PROVIDER, &at("retire"), json!({"at": in_days(40)})).await;
    assert_eq!((&later["retired_at"], &later["successor"]), (&in_days(40).into(), &SERVICE.into()));
    for state in ["deprecated", "published"] {
        let page = platform.get(&format!("{PATH}?state={state}")).await;
        let expected = if state == "deprecated" { DRAFT } else { SERVICE };
        assert_eq!(page["items"][0]["id"], expected);
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
    }
    platform.clock.advance(Duration::from_hours(24 * 40));
    let shown = platform.get(&format!("{PATH}/{DRAFT}")).await;
    assert_eq!(shown["state"], "retired");
    let again = platform.refused(PROVIDER, &at("retire"), json!({"at": in_days(90)})).await;
    assert_eq!(again, (409, "resource.conflict".to_owned()), "an end that has come is final");
    let mut form = connection_form();
    form["service"] = DRAFT.into();
    let refused = platform.refused(CONSUMER, "/api/v1/connections", form).await;
    assert_eq!(refused, (404, "resource.not_found".to_owned()));
}

#[tokio::test]
async fn an_end_that_makes_no_sense_is_refused() {
    let platform = published().await;
    let at = |step: &str| format!("{PATH}/{DRAFT}/{step}");
    let now = platform.clock.now();
    let past = now.saturating_sub(Duration::from_hours(1)).to_string();
    let soon = now.saturating_add(Duration::from_hours(1)).to_string();
    let later = now.saturating_add(Duration::from_hours(2)).to_string();
    for (step, body, status) in [
        ("deprecate", json!({"successor": DRAFT}), 409),
        ("deprecate", json!({"successor": "H24.12/khac/khac/v1"}), 404),
        ("deprecate", json!({"successor": "x"}), 422),
        ("deprecate", json!({"from": later, "retire_at": soon}), 409),
        ("retire", json!({"at": past}), 409),
        ("retire", json!({"at": "mai"}), 422),
        ("retire", json!({}), 422),
    ] {
        assert_eq!(platform.refused(PROVIDER, &at(step), body.clone()).await.0, status, "{body}");
    }
    assert_eq!(platform.get(&format!("{PATH}/{DRAFT}")).await["state"], "published");
}

#[tokio::test]
async fn what_a_service_is_about_has_bounds_and_one_writer_at_a_time() {
    let platform = published().await;
    let path = format!("{PATH}/{DRAFT}");
    let at = format!("{path}/about");
    for (member, wrong) in [
        ("data_items", json!([])),
        ("data_items", json!([{"name": "a", "type": "text"}, {"name": "a", "type": "date"}])),
        ("data_items", json!([{"name": "a", "type": "blob"}])),
        ("classification", json!("secret")),
        ("contact", json!("")),
        ("service_level", json!({"availability_bp": 10_001, "response_ms": 1})),
        ("service_level", json!({"availability_bp": 1, "response_ms": 0})),
    ] {
        let mut form = about();
        form[member] = wrong.clone();
        assert_eq!(platform.refused(PROVIDER, &at, form).await.0, 422, "{member} {wrong}");
    }
    let (_, headers, shown) = platform.heard(PROVIDER, "GET", &path, None, &[]).await;
    assert_eq!(shown["about"], about());
    let tag = [("if-match", headers["etag"].to_str().unwrap())];
    let mut form = about();
    form["summary"] = "Khác".into();
    let (status, ..) = platform.heard(PROVIDER, "POST", &at, Some(form.clone()), &tag).await;
    assert_eq!(status, 200);
    let (status, _, answer) = platform.heard(PROVIDER, "POST", &at, Some(about()), &tag).await;
    assert_eq!((status, &answer["code"]), (412, &json!("resource.changed")));
    assert_eq!(platform.get(&path).await["about"]["summary"], "Khác");
}

#[tokio::test]
async fn another_code_of_the_provider_takes_description_and_successor_along() {
    let platform = published().await;
    platform
        .made(PROVIDER, &format!("{PATH}/{DRAFT}/deprecate"), json!({"successor": SERVICE}))
        .await;
    let form = json!({"code": "H24.80", "decision": "1669/NQ-UBTVQH15"});
    platform.made(OPERATOR, "/api/v1/organisations/H24.12/recode", form).await;
    let moved = DRAFT.replace("H24.12", "H24.80");
    let shown = platform.get(&format!("{PATH}/{moved}")).await;
    assert_eq!(shown["successor"], SERVICE.replace("H24.12", "H24.80"));
    assert_eq!((&shown["state"], &shown["about"]), (&json!("deprecated"), &about()));
    let described = platform.get(&format!("{PATH}/{moved}/descriptions/latest")).await;
    assert_eq!(described["described"]["operations"][0]["path"], "/changes");
    let (_, page) = platform.ask("", "GET", "/api/v1/catalogue?q=bien+dong", None).await;
    assert_eq!(page["items"][0]["id"], moved);
}
