//! Sandbox and production: which place a call goes to, and which connections let it.

use std::time::Duration;

use wire::ambient::{Clock, UtcMicros};
use wire::directory::{Environment, Operation, Quota};

use crate::caller::Ask;
use crate::city::{City, Setting};
use crate::policy::{ED25519, HMAC, connection};
use crate::provider::Provider;

/// [`ED25519`] is the sandbox's key of the same system.
struct Two {
    city: City,
    production: Provider,
    sandbox: Provider,
}

async fn two() -> Two {
    let (production, sandbox) = (Provider::friendly().await, Provider::friendly().await);
    let mut setting = Setting::new(production.address);
    setting.policy.service.sandbox_upstream = Some(format!("http://{}/thu", sandbox.address));
    setting.policy.credentials[1].environment = Environment::Sandbox;
    Two { city: setting.start().await, production, sandbox }
}

impl Two {
    async fn told(&self, ask: &Ask) -> (u16, String) {
        let answer = self.city.ask(ask).await;
        let code = if answer.status == 200 { String::new() } else { answer.code() };
        (answer.status, code)
    }
}

fn passes() -> (u16, String) {
    (200, String::new())
}

fn refused(code: &str) -> (u16, String) {
    (403, code.to_owned())
}

#[tokio::test]
async fn each_credential_reaches_the_place_of_its_environment_only_and_the_entry_says_so() {
    let two = two().await;
    let real = two.city.ask(&Ask::get("/units").key(HMAC)).await;
    let tried = two.city.ask(&Ask::get("/units").key(ED25519)).await;
    assert_eq!((real.status, tried.status), (200, 200));
    assert_eq!(two.production.only().target, "/units");
    assert_eq!(two.sandbox.only().target, "/thu/units");
    let host = two.sandbox.only().headers["host"].to_str().unwrap().to_owned();
    assert_eq!(host, two.sandbox.address.to_string());
    assert_eq!(two.city.entry_of(&real).await.subject.get("environment"), None);
    assert_eq!(two.city.entry_of(&tried).await.subject["environment"], "sandbox");
}

#[tokio::test]
async fn without_a_sandbox_its_credentials_reach_nothing_and_are_told_why() {
    let two = two().await;
    for nowhere in [None, Some("no address".to_owned())] {
        let mut policy = two.city.policy.clone();
        policy.service.sandbox_upstream = nowhere;
        two.city.install(&policy);
        let answer = two.city.ask(&Ask::get("/units").key(ED25519)).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "service.no_sandbox"));
        let entry = two.city.entry_of(&answer).await;
        assert_eq!(entry.subject["environment"], "sandbox");
        assert_eq!(two.told(&Ask::get("/units").key(HMAC)).await, passes());
    }
    assert!(two.sandbox.seen().is_empty());
    assert_eq!(two.production.seen().len(), 2);
}

#[tokio::test]
async fn a_connection_that_is_tried_permits_sandbox_credentials_only_until_its_time_is_over() {
    let two = two().await;
    let now = two.city.clock.now();
    let second = Duration::from_secs(1);
    let mut policy = two.city.policy.clone();
    let tried = &mut policy.connections[0];
    (tried.active, tried.testing, tried.state) = (false, true, "testing".to_owned());
    (tried.from, tried.until) = (now.saturating_add(second), now.saturating_add(second * 2));
    two.city.install(&policy);
    let (real, trial) = (Ask::get("/units").key(HMAC), Ask::get("/units").key(ED25519));
    assert_eq!(two.told(&real).await, refused("connection.not_active"));
    assert_eq!(two.told(&trial).await, passes());
    let other = Ask::new("DELETE", "/units").key(ED25519);
    assert_eq!(two.told(&other).await, refused("connection.operation_not_allowed"));
    two.city.clock.advance(second * 2);
    let trial = Ask::get("/units").key(ED25519);
    assert_eq!(two.told(&trial).await, refused("connection.out_of_period"));
    assert!(two.production.seen().is_empty());
    assert_eq!(two.sandbox.seen().len(), 1);

    // In no other state does a sandbox credential pass where a production one does not.
    policy.connections[0].testing = false;
    policy.connections[0].until = UtcMicros::MAX;
    for state in ["approved", "suspended", "ended"] {
        state.clone_into(&mut policy.connections[0].state);
        two.city.install(&policy);
        for key in [HMAC, ED25519] {
            let told = two.told(&Ask::get("/units").key(key)).await;
            assert_eq!(told, refused("connection.not_active"), "{state} {key}");
        }
    }
}

#[tokio::test]
async fn beside_the_connection_in_force_the_sandbox_tries_its_amendment() {
    let two = two().await;
    let mut policy = two.city.policy.clone();
    policy.connections[0].operations = vec![Operation::new("GET", "/units").unwrap()];
    let mut amendment = connection(2, "tra-cuu");
    amendment.operations = vec![Operation::new("GET", "/streets").unwrap()];
    (amendment.active, amendment.testing) = (false, true);
    policy.connections.push(amendment);
    two.city.install(&policy);
    for (path, real, trial) in [
        ("/units", passes(), refused("connection.operation_not_allowed")),
        ("/streets", refused("connection.operation_not_allowed"), passes()),
    ] {
        assert_eq!(two.told(&Ask::get(path).key(HMAC)).await, real, "{path}");
        assert_eq!(two.told(&Ask::get(path).key(ED25519)).await, trial, "{path}");
    }
}

#[tokio::test]
async fn calls_of_the_sandbox_spend_a_quota_of_their_own() {
    let (production, sandbox) = (Provider::friendly().await, Provider::friendly().await);
    let mut setting = Setting::new(production.address);
    setting.policy.service.sandbox_upstream = Some(format!("http://{}/thu", sandbox.address));
    setting.policy.credentials[1].environment = Environment::Sandbox;
    setting.policy.connections[0].quota = Quota { per_minute: 6, burst: 2 };
    let two = Two { city: setting.start().await, production, sandbox };
    // Each with a nonce of its own.
    let (real, tried) = (|| Ask::get("/units").key(HMAC), || Ask::get("/units").key(ED25519));
    for _ in 0..2 {
        assert_eq!(two.told(&tried()).await, passes());
    }
    let spent = (429, "quota.exceeded".to_owned());
    assert_eq!(two.told(&tried()).await, spent);
    // Whoever tried too much has taken nothing of what is in force, nor the other way round.
    for _ in 0..2 {
        assert_eq!(two.told(&real()).await, passes());
    }
    assert_eq!(two.told(&real()).await, spent);
    two.city.clock.advance(Duration::from_secs(10));
    assert_eq!(two.told(&real()).await, passes());
    assert_eq!(two.told(&tried()).await, passes());
    assert_eq!((two.production.seen().len(), two.sandbox.seen().len()), (3, 3));
}
