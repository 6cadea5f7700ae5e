use std::time::Duration;

use serde_json::{Value, json};

use super::note_ending;
use crate::profile::tests::{ending, hmac, publish};
use crate::tests::authorisation::{Case, read};
use crate::tests::platform::*;

const SUNSETS: &str = "/api/v1/profile-sunsets";
const DAY: Duration = Duration::from_hours(24);

/// The routes of this noun, for the table of all routes.
pub(crate) fn cases() -> Vec<Case> {
    vec![read(SUNSETS, SUNSETS)]
}

async fn days(platform: &Platform) -> Vec<Value> {
    let page = platform.get(SUNSETS).await;
    page["items"].as_array().unwrap().iter().map(|event| event["days"].clone()).collect()
}

#[tokio::test]
async fn each_system_is_told_each_distance_once_however_often_and_by_whomever_it_is_looked_for() {
    let mut platform = Platform::with_service().await;
    hmac(&platform, "production").await;
    hmac(&platform, "production").await;
    hmac(&platform, "sandbox").await;
    // The clock stands at 2026-11-23T08:00.
    publish(&platform, ending("2027-03-23T08:00:00Z")).await;
    let mut said = Vec::new();
    for day in (0..=121).rev() {
        let (one, other) =
            tokio::join!(note_ending(&platform.registry), note_ending(&platform.registry));
        let told = one.unwrap() + other.unwrap();
        if told > 0 {
            said.push((day - 1, told));
        }
        if day == 60 {
            platform = platform.restart().await;
            platform.clock.advance(DAY * 61);
        }
        platform.clock.advance(DAY);
    }
    assert_eq!(said, [(90, 1), (30, 1), (7, 1), (1, 1)]);
    assert_eq!(days(&platform).await, [90, 30, 7, 1]);
    let entries = platform.entries().await;
    let told: Vec<_> = entries.iter().filter(|entry| entry.action == "profile.ending").collect();
    for (entry, days) in told.iter().zip([90, 30, 7, 1]) {
        assert_eq!(entry.actor, None);
        assert_eq!(entry.subject["system"], CONSUMING_SYSTEM);
        assert_eq!(entry.subject["profile"], "thanh-pho");
        assert_eq!(entry.subject["algorithms"], "hmac-sha256 production, hmac-sha256 sandbox");
        assert_eq!(entry.subject["days"], days.to_string());
    }
    assert_eq!(told.len(), 4);
}

#[tokio::test]
async fn only_those_are_told_who_have_keys_that_live_longer_and_each_their_own() {
    let platform = Platform::with_service().await;
    let keyid = hmac(&platform, "production").await;
    let short = json!({"system": PROVIDING_SYSTEM, "algorithm": "hmac-sha256", "valid_days": 8});
    platform.made(PROVIDER, "/api/v1/credentials", short).await;
    publish(&platform, ending("2026-12-03T08:00:00Z")).await;
    assert_eq!(note_ending(&platform.registry).await.unwrap(), 1);
    assert_eq!(days(&platform).await, [30], "who looks late is told the nearest distance");
    for (token, count) in [(CONSUMER, 1), (PROVIDER, 0), (AUDITOR, 1)] {
        let (_, page) = platform.ask(token, "GET", SUNSETS, None).await;
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{token}");
    }
    let other = platform.get(&format!("{SUNSETS}?system={PROVIDING_SYSTEM}")).await;
    assert_eq!(other["items"], json!([]));
    let (status, _) = platform.ask(OPERATOR, "GET", &format!("{SUNSETS}?after=x"), None).await;
    assert_eq!(status, 422);
    // Whoever has no such key any more is told nothing more.
    platform.made(CONSUMER, &format!("/api/v1/credentials/{keyid}/revoke"), json!({})).await;
    platform.clock.advance(DAY * 9);
    assert_eq!(note_ending(&platform.registry).await.unwrap(), 0);
}

#[tokio::test]
async fn what_ends_because_another_profile_follows_is_told_too() {
    let platform = Platform::with_service().await;
    hmac(&platform, "production").await;
    let later = json!({"profile": {"code": "moi", "title": "x", "basis": "y",
            "rules": [{"algorithm": "ed25519", "method": "http_signature"}]},
        "assignment": {"profile": "moi", "from": "2026-12-20T00:00:00Z"},
        "date": "2027-12-31T00:00:00Z"});
    publish(&platform, later).await;
    assert_eq!(note_ending(&platform.registry).await.unwrap(), 1);
    let event = &platform.get(SUNSETS).await["items"][0];
    assert_eq!(
        (&event["profile"], &event["ends_at"], &event["days"]),
        (&json!("moi"), &json!("2026-12-20T00:00:00.000000Z"), &json!(30))
    );
}
