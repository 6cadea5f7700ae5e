//! Third step: which connection permits it.

use std::time::Duration;

use wire::ambient::{Clock, UtcMicros};
use wire::directory::{Operation, Quota};
use wire::entry::Kind;

use crate::caller::Ask;
use crate::city::{City, Setting, city};
use crate::line::Answer;
use crate::policy::{LONELY, SERVICE, connection};
use crate::provider::Provider;

/// Checks a refusal of an identified caller, and its entry.
async fn refused(city: &City, ask: &Ask, status: u16, code: &str) -> Answer {
    let answer = city.ask(ask).await;
    assert_eq!((answer.status, answer.code().as_str()), (status, code));
    let entry = city.entry_of(&answer).await;
    assert_eq!((entry.kind, entry.action.as_str()), (Kind::Call, "call.refused"));
    assert_eq!(entry.outcome, code);
    assert_eq!(entry.actor.unwrap().credential.as_deref(), Some(ask.key.as_str()));
    assert_eq!(entry.directory, Some(city.policy.snapshot().directory.root()));
    answer
}

#[tokio::test]
async fn an_unknown_service_and_a_forbidden_one_are_the_same_refusal() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let forbidden = refused(&city, &Ask::get("/units").key(LONELY), 403, "connection.none").await;
    let unknown = Ask::get("").key(LONELY).with(|ask| ask.target = "/H24.9/a/b/v1/x".to_owned());
    let unknown = refused(&city, &unknown, 403, "connection.none").await;
    for member in ["title", "detail", "next_step"] {
        assert_eq!(forbidden.json()[member], unknown.json()[member]);
    }
    for target in ["/", "/H24.12", "/H24.12/don-vi-hanh-chinh/danh-muc/v2/units"] {
        let ask = Ask::get("").with(|ask| target.clone_into(&mut ask.target));
        refused(&city, &ask, 403, "connection.none").await;
    }
    assert!(provider.seen().is_empty());
}

#[tokio::test]
async fn a_connection_permits_in_its_state_and_period_only() {
    let provider = Provider::friendly().await;
    let mut setting = Setting::new(provider.address);
    setting.policy.connections[0].active = false;
    let city = setting.start().await;
    refused(&city, &Ask::get("/"), 403, "connection.not_active").await;

    let now = city.clock.now();
    let second = Duration::from_secs(1);
    for (from, until, status) in [
        (now, now.saturating_add(second), 200),
        (now.saturating_add(second), UtcMicros::MAX, 403),
        (UtcMicros::MIN, now, 403),
    ] {
        let mut policy = city.policy.clone();
        let connection = &mut policy.connections[0];
        (connection.active, connection.from, connection.until) = (true, from, until);
        city.install(&policy);
        let answer = city.ask(&Ask::get("/")).await;
        assert_eq!(answer.status, status);
        if status == 403 {
            assert_eq!(answer.code(), "connection.out_of_period");
        }
    }
}

#[tokio::test]
async fn an_announced_suspension_refuses_from_its_moment_on() {
    let provider = Provider::friendly().await;
    let city = Setting::new(provider.address).start().await;
    let now = city.clock.now();
    for (from, status) in [(now.saturating_add(Duration::from_micros(1)), 200), (now, 403)] {
        let mut policy = city.policy.clone();
        policy.connections[0].suspended_from = Some(from);
        city.install(&policy);
        let answer = city.ask(&Ask::get("/")).await;
        assert_eq!(answer.status, status, "{from}");
        if status == 403 {
            assert_eq!(answer.code(), "connection.not_active");
        }
    }
    assert_eq!(provider.seen().len(), 1);
}

#[tokio::test]
async fn a_connection_permits_its_operations_only() {
    let provider = Provider::friendly().await;
    let mut setting = Setting::new(provider.address);
    setting.policy.connections[0].operations = vec![
        Operation::new("GET", "/units").unwrap(),
        Operation::new("GET", "/units/{id}").unwrap(),
    ];
    let city = setting.start().await;
    for (method, path) in [
        ("GET", "/other"),
        ("GET", "/"),
        ("GET", ""),
        ("GET", "/units/1/2"),
        ("GET", "/units/"),
        ("DELETE", "/units"),
        ("OPTIONS", "/units"),
        ("TRACE", "/units"),
    ] {
        let ask = Ask::new(method, path);
        refused(&city, &ask, 403, "connection.operation_not_allowed").await;
    }
    for (method, path) in [("GET", "/units"), ("HEAD", "/units"), ("GET", "/units/1?x=1")] {
        let answer = city.ask(&Ask::new(method, path)).await;
        assert_eq!(answer.status, 200);
    }
    assert_eq!(provider.seen()[2].target, "/units/1?x=1");
}

#[tokio::test]
async fn a_purpose_chooses_among_several_connections() {
    let provider = Provider::friendly().await;
    let mut setting = Setting::new(provider.address);
    setting.policy.connections.push(connection(2, "thong-ke"));
    let city = setting.start().await;
    let with = |purpose: &str| {
        let ask = Ask::get("/units").header("lgsp-purpose", purpose);
        ask.with(|ask| ask.covered.push("lgsp-purpose"))
    };
    refused(&city, &Ask::get("/units"), 403, "purpose.needed").await;
    refused(&city, &with("khac"), 403, "purpose.not_allowed").await;
    let answer = city.ask(&with("thong-ke")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(city.entry_of(&answer).await.subject["purpose"], "thong-ke");
    assert_eq!(provider.only().headers["lgsp-purpose"], "thong-ke");

    let mut policy = city.policy.clone();
    policy.connections[1].active = false;
    city.install(&policy);
    assert_eq!(city.ask(&Ask::get("/units")).await.status, 200);
}

#[tokio::test]
async fn a_quota_is_kept_and_told() {
    let provider = Provider::friendly().await;
    let mut setting = Setting::new(provider.address);
    setting.policy.connections[0].quota = Quota { per_minute: 6, burst: 2 };
    let city = setting.start().await;

    let first = city.ask(&Ask::get("/")).await;
    assert_eq!(first.header("ratelimit-policy"), Some("\"connection\";q=6;w=60"));
    assert_eq!(first.header("ratelimit"), Some("\"connection\";r=1;t=10"));
    assert_eq!(city.ask(&Ask::get("/")).await.header("ratelimit"), Some("\"connection\";r=0;t=20"));
    for _ in 0..3 {
        let spent = refused(&city, &Ask::get("/"), 429, "quota.exceeded").await;
        assert_eq!(spent.header("retry-after"), Some("10"));
        assert_eq!(spent.header("ratelimit"), Some("\"connection\";r=0;t=10"));
        assert_eq!(spent.json()["retry"], "after:10");
    }
    // A new directory gives no fresh allowance.
    let mut policy = city.policy.clone();
    policy.service.title = "Tên khác".to_owned();
    city.install(&policy);
    assert_eq!(city.ask(&Ask::get("/")).await.status, 429);

    city.clock.advance(Duration::from_secs(10));
    assert_eq!(city.ask(&Ask::get("/")).await.status, 200);
    assert_eq!(city.ask(&Ask::get("/")).await.status, 429);
    assert_eq!(provider.seen().len(), 3);
}

#[tokio::test]
async fn calls_that_are_refused_spend_no_quota() {
    let provider = Provider::friendly().await;
    let mut setting = Setting::new(provider.address);
    setting.policy.connections[0].quota = Quota { per_minute: 6, burst: 1 };
    let city = setting.start().await;
    let call = Ask::get("/").bytes(&city);
    refused(&city, &Ask::new("PUT", "/"), 403, "connection.operation_not_allowed").await;
    assert_eq!(city.line().await.ask(&call).await.status, 200);
    city.clock.advance(Duration::from_secs(10));
    assert_eq!(city.line().await.ask(&call).await.code(), "nonce.replayed");
    assert_eq!(city.ask(&Ask::get("/")).await.status, 200);
}

#[tokio::test]
async fn a_new_directory_is_in_force_for_the_next_call() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let mut line = city.line().await;
    assert_eq!(line.ask(&Ask::get("/").bytes(&city)).await.status, 200);

    let mut policy = city.policy.clone();
    policy.connections.clear();
    city.install(&policy);
    let answer = line.ask(&Ask::get("/").bytes(&city)).await;
    assert_eq!(answer.code(), "connection.none");
    assert_eq!(city.entry_of(&answer).await.directory, Some(policy.snapshot().directory.root()));

    policy.credentials.remove(0);
    city.install(&policy);
    assert_eq!(line.ask(&Ask::get("/").bytes(&city)).await.code(), "key.unknown");

    city.install(&city.policy);
    let answer = line.ask(&Ask::get("/").bytes(&city)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(city.entry_of(&answer).await.subject["service"], SERVICE);
}
