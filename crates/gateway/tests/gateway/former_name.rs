//! Calls by a name that a service had before its organisation's code changed.

use std::sync::Arc;
use std::time::Duration;

use wire::ambient::{Clock, UtcMicros};
use wire::bundle::directory_keys;
use wire::directory::{AliasRecord, Record};

use crate::caller::Ask;
use crate::city::{City, Setting, city};
use crate::policy::{LONELY, Policy, SERVICE};
use crate::provider::Provider;

const FORMER: &str = "H24.12/don-vi-hanh-chinh/danh-muc/v1";
const TODAY: &str = "H24.80/don-vi-hanh-chinh/danh-muc/v1";

fn alias(name: &str, successor: &str, from: UtcMicros, until: Option<UtcMicros>) -> Record {
    let (name, successor) = (name.parse().unwrap(), successor.parse().unwrap());
    Record::Alias(AliasRecord { name, successor, from, until })
}

/// Provider and consumer have new codes, in one version of the directory.
fn switched(policy: &Policy) -> Policy {
    let mut policy = policy.clone();
    policy.service.id = TODAY.parse().unwrap();
    for connection in &mut policy.connections {
        connection.service = TODAY.parse().unwrap();
        connection.consumer = "H24.81/mot-cua".parse().unwrap();
    }
    for credential in &mut policy.credentials {
        if credential.system.to_string() == "H24.30/mot-cua" {
            credential.system = "H24.81/mot-cua".parse().unwrap();
        }
    }
    policy.more = vec![
        alias("H24.12", "H24.80", UtcMicros::MIN, None),
        alias("H24.30", "H24.81", UtcMicros::MIN, None),
    ];
    policy
}

fn by(name: &str) -> Ask {
    let target = format!("/{name}/units");
    Ask::get("").with(|ask| ask.target.clone_from(&target))
}

async fn subject(city: &City, ask: &Ask) -> (u16, Option<String>, Option<String>) {
    let answer = city.ask(ask).await;
    let mut subject = city.entry_of(&answer).await.subject;
    (answer.status, subject.remove("service"), subject.remove("called"))
}

#[tokio::test]
async fn the_entry_says_what_was_called_and_what_it_led_to() {
    assert_eq!(FORMER, SERVICE);
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    assert_eq!(subject(&city, &by(FORMER)).await, (200, Some(FORMER.to_owned()), None));
    city.install(&switched(&city.policy));
    let former = (200, Some(TODAY.to_owned()), Some(FORMER.to_owned()));
    assert_eq!(subject(&city, &by(FORMER)).await, former);
    assert_eq!(subject(&city, &by(TODAY)).await, (200, Some(TODAY.to_owned()), None));
    // The provider sees no difference: its address is its own.
    let targets: Vec<_> = provider.seen().into_iter().map(|seen| seen.target).collect();
    assert_eq!(targets, ["/units", "/units", "/units"]);

    // A bundle about the call carries the alias by which it was led.
    let answer = city.ask(&by(FORMER)).await;
    let keys = directory_keys(&city.entry_of(&answer).await);
    let snapshot = switched(&city.policy).snapshot();
    let extract = snapshot.directory.extract(keys.iter().map(String::as_str));
    extract.verify(&snapshot.directory.root()).unwrap();
    assert!(extract.find("alias/H24.12").is_some());
}

#[tokio::test]
async fn calls_by_the_former_name_pass_before_during_and_after_the_switch() {
    let provider = Provider::friendly().await;
    let city = Arc::new(city(provider.address).await);
    let mut calls = Vec::new();
    for _ in 0..4 {
        let city = Arc::clone(&city);
        calls.push(tokio::spawn(async move {
            let mut statuses = Vec::new();
            for _ in 0..25 {
                statuses.push(city.ask(&by(FORMER)).await.status);
            }
            statuses
        }));
    }
    // Over and back, so that many calls meet a switch on their way.
    for turn in 0..20 {
        let policy = if turn % 2 == 0 { switched(&city.policy) } else { city.policy.clone() };
        city.install(&policy);
        tokio::task::yield_now().await;
    }
    city.install(&switched(&city.policy));
    for call in calls {
        let statuses = call.await.unwrap();
        assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    }
    assert_eq!(subject(&city, &by(FORMER)).await.2.as_deref(), Some(FORMER));
}

#[tokio::test]
async fn a_former_name_is_understood_in_its_time_only_and_who_may_call_is_told_the_new_one() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let now = city.clock.now();
    let second = Duration::from_secs(1);
    let (earlier, later) = (now.saturating_sub(second), now.saturating_add(second));
    for (from, until, code) in [
        (now, None, ""),
        (earlier, Some(later), ""),
        (earlier, Some(now), "alias.ended"),
        (later, None, "alias.ended"),
    ] {
        let mut policy = switched(&city.policy);
        policy.more = vec![alias("H24.12", "H24.80", from, until)];
        city.install(&policy);
        let answer = city.ask(&by(FORMER)).await;
        assert_eq!(answer.status, if code.is_empty() { 200 } else { 403 }, "{from} {until:?}");
        if code.is_empty() {
            continue;
        }
        assert_eq!(answer.code(), code);
        assert!(answer.json()["detail"].as_str().unwrap().contains(TODAY), "{}", answer.json());
        let entry = city.entry_of(&answer).await;
        assert_eq!(entry.subject["called"], FORMER);
        // To others there is no such service, as ever.
        let stranger = city.ask(&by(FORMER).key(LONELY)).await;
        assert_eq!((stranger.status, stranger.code().as_str()), (403, "connection.none"));
    }
}

#[tokio::test]
async fn aliases_lead_on_and_a_turn_leads_nowhere() {
    let provider = Provider::friendly().await;
    let mut setting = Setting::new(provider.address);
    let since = UtcMicros::MIN;
    setting.policy.more =
        vec![alias("H11.1", "H11.2", since, None), alias("H11.2", "H24.12", since, None)];
    let city = setting.start().await;
    let oldest = "H11.1/don-vi-hanh-chinh/danh-muc/v1";
    let expected = (200, Some(SERVICE.to_owned()), Some(oldest.to_owned()));
    assert_eq!(subject(&city, &by(oldest)).await, expected);
    let mut policy = city.policy.clone();
    policy.more = vec![alias("H11.1", "H11.2", since, None), alias("H11.2", "H11.1", since, None)];
    city.install(&policy);
    let answer = city.ask(&by(oldest)).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "connection.none"));
}
