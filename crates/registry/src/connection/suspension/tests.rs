use serde_json::{Value, json};

use super::take_force;
use crate::tests::platform::*;

const STRAIGHT: [&str; 5] = ["submit", "consent", "test", "approve", "activate"];

fn plan(from: &str) -> Value {
    json!({
        "reason": "Nâng cấp hệ thống",
        "from": from,
        "expected_recovery": "2026-12-06T00:00:00Z",
    })
}

/// The connection's record in the directory.
fn published(platform: &Platform, path: &str) -> Value {
    platform.record(&path.replace("/api/v1/connections/", "connection/")).unwrap()
}

#[tokio::test]
async fn a_planned_suspension_is_announced_seven_working_days_ahead_and_takes_force_by_the_clock() {
    // Monday 23 November 2026 in the afternoon: seven whole working days are over on 2 December.
    let platform = Platform::with_service().await;
    let path = platform.connection_after(&STRAIGHT).await;
    let announce = format!("{path}/announce_suspension");
    let (status, refused) = platform.post(PROVIDER, &announce, plan("2026-12-02T16:59:59Z")).await;
    assert_eq!((status, &refused["code"]), (422, &"field.invalid".into()));
    assert!(refused["detail"].as_str().unwrap().contains("2026-12-02T17:00:00"), "{refused}");

    let announced = platform.made(PROVIDER, &announce, plan("2026-12-02T17:00:00Z")).await;
    assert_eq!(
        (&announced["state"], &announced["suspension"]["planned"]),
        (&json!("active"), &json!(true))
    );
    let record = published(&platform, &path);
    assert_eq!(record["suspended_from"], "2026-12-02T17:00:00.000000Z", "gateways know the moment");
    assert_eq!(record["active"], true);
    let again = platform.refused(OPERATOR, &announce, plan("2026-12-03T17:00:00Z")).await;
    assert_eq!(again, (409, "resource.conflict".to_owned()));

    assert_eq!(take_force(&platform.registry).await.unwrap(), 0);
    platform.clock.set("2026-12-02T17:00:00.000000Z".parse().unwrap());
    assert_eq!(take_force(&platform.registry).await.unwrap(), 1);
    assert_eq!(take_force(&platform.registry).await.unwrap(), 0, "once");
    let paused = platform.get(&path).await;
    assert_eq!(
        (&paused["state"], &paused["deadlines"][0]["duty"]),
        (&json!("suspended"), &json!("recover"))
    );
    assert_eq!(paused["due"], "2026-12-06T00:00:00.000000Z");
    let record = published(&platform, &path);
    assert_eq!((&record["active"], &record["suspended_from"]), (&json!(false), &Value::Null));
    let actions = platform.actions().await;
    assert!(actions.contains(&"connection.paused".to_owned()), "{actions:?}");

    let resumed = platform.step(&path, "resume").await;
    assert_eq!((&resumed["state"], &resumed["deadlines"]), (&json!("active"), &json!([])));
    assert_eq!(resumed.get("suspension"), None);
    let all = platform.get(&format!("{path}/suspensions")).await;
    assert_eq!(all["items"][0]["over_at"], "2026-12-02T17:00:00.000000Z");
}

#[tokio::test]
async fn what_is_called_off_never_takes_force() {
    let platform = Platform::with_service().await;
    let path = platform.connection_after(&STRAIGHT).await;
    let call_off = format!("{path}/call_off_suspension");
    let because = json!({"reason": "Đã nâng cấp xong"});
    let refused = platform.refused(OPERATOR, &call_off, because.clone()).await;
    assert_eq!(refused, (409, "resource.conflict".to_owned()), "there is none");
    let announce = format!("{path}/announce_suspension");
    platform.made(OPERATOR, &announce, plan("2026-12-03T00:00:00Z")).await;
    platform.made(PROVIDER, &call_off, because).await;
    platform.clock.set("2026-12-04T00:00:00.000000Z".parse().unwrap());
    assert_eq!(take_force(&platform.registry).await.unwrap(), 0);
    let record = published(&platform, &path);
    assert_eq!((&record["active"], record.get("suspended_from")), (&json!(true), None));
}

#[tokio::test]
async fn an_immediate_suspension_says_what_restores_and_the_consumer_is_told_within_a_day() {
    let platform = Platform::with_service().await;
    let path = platform.connection_after(&STRAIGHT).await;
    let suspend = format!("{path}/suspend");
    let mut said = json!({"reason": "Khai thác ngoài mục đích", "measures": "Chặn lượt gọi"});
    assert_eq!(platform.refused(PROVIDER, &suspend, said.clone()).await.0, 422);
    said["restored_when"] = "Có báo cáo khắc phục được xác nhận".into();
    let suspended = platform.made(PROVIDER, &suspend, said).await;
    assert_eq!(suspended["state"], "suspended");
    assert_eq!(suspended["suspension"]["restored_when"], "Có báo cáo khắc phục được xác nhận");
    let duty = &suspended["deadlines"][0];
    assert_eq!((&duty["duty"], &duty["by"]), (&json!("tell_consumer"), &json!("provider")));
    assert_eq!(duty["due"], "2026-11-24T17:00:00.000000Z");
    let told = platform.made(PROVIDER, &format!("{path}/tell_consumer"), json!({})).await;
    assert_eq!((&told["state"], &told["deadlines"]), (&json!("suspended"), &json!([])));
    assert!(told["suspension"]["told_at"].is_string());
}

#[tokio::test]
async fn a_plan_goes_over_to_the_amendment_that_takes_the_connections_place() {
    let platform = Platform::with_service().await;
    let old = platform.connection_after(&STRAIGHT).await;
    let announce = format!("{old}/announce_suspension");
    platform.made(OPERATOR, &announce, plan("2026-12-03T00:00:00Z")).await;
    let until = json!({"until": "2029-11-01T00:00:00Z"});
    let renewed = platform.made(CONSUMER, &format!("{old}/renew"), until).await;
    let new = format!("/api/v1/connections/{}", renewed["id"].as_str().unwrap());
    for step in STRAIGHT {
        platform.step(&new, step).await;
    }
    assert_eq!(platform.get(&old).await["state"], "ended");
    assert_eq!(published(&platform, &new)["suspended_from"], "2026-12-03T00:00:00.000000Z");
}

#[tokio::test]
async fn a_step_is_not_told_what_it_does_not_take() {
    let platform = Platform::with_service().await;
    let path = platform.requested().await;
    let said = json!({"ground": "no_longer_needed"});
    let (status, refused) = platform.post(CONSUMER, &format!("{path}/submit"), said).await;
    assert_eq!((status, &refused["code"]), (422, &"field.invalid".into()));
    assert!(refused["detail"].as_str().unwrap().contains("`ground`"), "{refused}");
}

#[tokio::test]
async fn one_suspension_that_cannot_be_read_keeps_no_other_from_taking_force() {
    let platform = Platform::with_service().await;
    let broken = platform.connection_after(&STRAIGHT).await;
    let mut form = connection_form();
    form["asked"]["purpose"] = "giai-quyet-thu-tuc".into();
    let made = platform.made(CONSUMER, "/api/v1/connections", form).await;
    let whole = format!("/api/v1/connections/{}", made["id"].as_str().unwrap());
    for step in STRAIGHT {
        platform.step(&whole, step).await;
    }
    for (path, from) in [(&broken, "2026-12-02T17:00:00Z"), (&whole, "2026-12-02T18:00:00Z")] {
        platform.made(PROVIDER, &format!("{path}/announce_suspension"), plan(from)).await;
    }
    let id = broken.rsplit('/').next().unwrap();
    let mut change =
        platform.registry.recorder.change(&actor(OPERATOR).unwrap(), "test.broken").await.unwrap();
    let sql = "UPDATE suspension SET role = 'dreamt' WHERE connection = $1";
    change.execute(sql, &[id.into()]).await.unwrap();
    change.record([("connection".to_owned(), id.to_owned())].into()).await.unwrap();

    platform.clock.set("2026-12-03T00:00:00.000000Z".parse().unwrap());
    assert_eq!(take_force(&platform.registry).await.unwrap(), 1);
    assert_eq!(platform.get(&whole).await["state"], "suspended");
}
