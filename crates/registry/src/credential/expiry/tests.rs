use std::time::Duration;

use serde_json::{Value, json};

use super::{DAYS_AHEAD, note_expiring};
use crate::tests::authorisation::{Case, read};
use crate::tests::platform::*;

const EVENTS: &str = "/api/v1/credential-expiries";
const DAY: Duration = Duration::from_hours(24);

/// The routes of this noun, for the table of all routes.
pub(crate) fn cases() -> Vec<Case> {
    vec![read(EVENTS, EVENTS)]
}

async fn made(platform: &Platform, valid_days: u32) -> String {
    let form = json!({"system": CONSUMING_SYSTEM, "algorithm": "hmac-sha256",
        "valid_days": valid_days});
    let made = platform.made(CONSUMER, "/api/v1/credentials", form).await;
    made["keyid"].as_str().unwrap().to_owned()
}

async fn days(platform: &Platform) -> Vec<Value> {
    let page = platform.get(EVENTS).await;
    page["items"].as_array().unwrap().iter().map(|event| event["days"].clone()).collect()
}

#[tokio::test]
async fn each_distance_is_said_once_however_often_and_by_whomever_it_is_looked_for() {
    let mut platform = Platform::with_service().await;
    let keyid = made(&platform, 120).await;
    let mut said = Vec::new();
    // Each day of its life, with two nodes that look at once, and a restart in the middle.
    for day in 0..=121 {
        let (one, other) =
            tokio::join!(note_expiring(&platform.registry), note_expiring(&platform.registry));
        let noted = one.unwrap() + other.unwrap();
        if noted > 0 {
            said.push((120 - day, noted));
        }
        if day == 60 {
            platform = platform.restart().await;
            platform.clock.advance(DAY * 60);
        }
        platform.clock.advance(DAY);
    }
    assert_eq!(said, [(90, 1), (30, 1), (7, 1), (1, 1)]);
    assert_eq!(days(&platform).await, [90, 30, 7, 1]);
    let entries = platform.entries().await;
    let told: Vec<_> =
        entries.iter().filter(|entry| entry.action == "credential.expiring").collect();
    assert_eq!(told.len(), 4);
    for (entry, days) in told.iter().zip([90, 30, 7, 1]) {
        assert_eq!(entry.actor, None);
        assert_eq!(entry.subject["credential"], keyid);
        assert_eq!(entry.subject["system"], CONSUMING_SYSTEM);
        assert_eq!(entry.subject["days"], days.to_string());
    }
}

#[tokio::test]
async fn who_looks_late_is_told_the_nearest_distance_and_never_a_longer_one() {
    let platform = Platform::with_service().await;
    made(&platform, 120).await;
    platform.clock.advance(DAY * 115);
    assert_eq!(note_expiring(&platform.registry).await.unwrap(), 1);
    assert_eq!(note_expiring(&platform.registry).await.unwrap(), 0);
    assert_eq!(days(&platform).await, [7]);
}

#[tokio::test]
async fn a_short_life_is_not_said_to_end_when_it_begins_and_the_revoked_and_expired_are_not_at_all()
{
    let platform = Platform::with_service().await;
    let (_, revoked) = (made(&platform, 20).await, made(&platform, 8).await);
    assert_eq!(note_expiring(&platform.registry).await.unwrap(), 0);
    let revoke = format!("/api/v1/credentials/{revoked}/revoke");
    platform.made(CONSUMER, &revoke, json!({})).await;
    platform.clock.advance(DAY * 13);
    assert_eq!(note_expiring(&platform.registry).await.unwrap(), 1);
    platform.clock.advance(DAY * 30);
    assert_eq!(note_expiring(&platform.registry).await.unwrap(), 0);
    assert_eq!(days(&platform).await, [7]);
}

#[tokio::test]
async fn events_are_read_page_by_page_and_by_those_concerned_only() {
    let platform = Platform::with_service().await;
    made(&platform, 120).await;
    for _ in DAYS_AHEAD {
        platform.clock.advance(DAY * 30);
        note_expiring(&platform.registry).await.unwrap();
    }
    let all = days(&platform).await;
    assert!(all.len() >= 2, "{all:?}");
    let first = platform.get(&format!("{EVENTS}?limit=1")).await;
    let next = first["next"].as_str().unwrap();
    let rest = platform.get(&format!("{EVENTS}?after={next}")).await;
    assert_eq!(rest["items"].as_array().unwrap().len(), all.len() - 1);
    for (token, count) in [(CONSUMER, all.len()), (PROVIDER, 0), (AUDITOR, all.len())] {
        let (_, page) = platform.ask(token, "GET", EVENTS, None).await;
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{token}");
    }
    let other = platform.get(&format!("{EVENTS}?system={PROVIDING_SYSTEM}")).await;
    assert_eq!(other["items"], json!([]));
    let (status, _) = platform.ask(OPERATOR, "GET", &format!("{EVENTS}?after=x"), None).await;
    assert_eq!(status, 422);
}
