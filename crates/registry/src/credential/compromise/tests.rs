use serde_json::{Value, json};

use crate::tests::authorisation::{CONSUMERS, Case, write};
use crate::tests::platform::*;

const ROUTE: &str = "/api/v1/systems/{organisation}/{system}/compromise";
const PATH: &str = "/api/v1/systems/H24.31/mot-cua/compromise";
const STRAIGHT: [&str; 5] = ["submit", "consent", "test", "approve", "activate"];

/// The routes of this noun, for the table of all routes.
pub(crate) fn cases() -> Vec<Case> {
    vec![write(ROUTE, PATH, json!({"reason": "x"}), CONSUMERS)]
}

async fn key(platform: &Platform, token: &str, system: &str) -> String {
    let form = json!({"system": system, "algorithm": "hmac-sha256"});
    let made = platform.made(token, "/api/v1/credentials", form).await;
    made["keyid"].as_str().unwrap().to_owned()
}

fn is_revoked(platform: &Platform, keyid: &str) -> bool {
    let record = platform.record(&format!("credential/{keyid}")).unwrap();
    record["revoked_at"].is_string()
}

#[tokio::test]
async fn one_report_revokes_all_keys_suspends_what_the_system_calls_and_names_all_in_one_entry() {
    let platform = Platform::with_service().await;
    let own = [
        key(&platform, CONSUMER, CONSUMING_SYSTEM).await,
        key(&platform, CONSUMER, CONSUMING_SYSTEM).await,
    ];
    let other = key(&platform, PROVIDER, PROVIDING_SYSTEM).await;
    let active = platform.connection_after(&STRAIGHT).await;
    let draft = platform.requested().await;
    let reason = json!({"reason": "Bà Nguyễn Thị B làm lộ khóa"});
    let done = platform.made(CONSUMER, PATH, reason).await;
    let mut revoked: Vec<_> =
        done["revoked"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    revoked.sort_unstable();
    let mut expected: Vec<_> = own.iter().map(String::as_str).collect();
    expected.sort_unstable();
    assert_eq!(revoked, expected);
    let id = active.rsplit('/').next().unwrap();
    assert_eq!(done["suspended"], json!([id]));
    for keyid in &own {
        assert!(is_revoked(&platform, keyid));
    }
    assert!(!is_revoked(&platform, &other), "another system's key is its own matter");
    let record = platform.record(&format!("connection/{id}")).unwrap();
    assert_eq!((&record["active"], &record["state"]), (&json!(false), &json!("suspended")));
    assert_eq!(platform.get(&draft).await["state"], "draft");

    let entries = platform.entries().await;
    let told: Vec<_> =
        entries.iter().filter(|entry| entry.action == "credential.compromised").collect();
    let [entry] = told[..] else { panic!("{told:?}") };
    for keyid in &own {
        assert!(entry.subject["credentials"].contains(keyid.as_str()));
    }
    assert_eq!(entry.subject["connections"], id);
    assert!(entries.iter().all(|entry| !format!("{entry:?}").contains("Nguyễn")));
    assert!(!entries.iter().any(|entry| entry.action == "connection.suspended"), "one entry");
    let shown = platform.get(&format!("/api/v1/credentials/{}", own[0])).await;
    assert_eq!(shown["revoked_because"], "Bà Nguyễn Thị B làm lộ khóa");

    // With a new key the operator puts the connection back into force.
    let fresh = key(&platform, CONSUMER, CONSUMING_SYSTEM).await;
    platform.step(&active, "resume").await;
    assert!(!is_revoked(&platform, &fresh));
    assert_eq!(platform.record(&format!("connection/{id}")).unwrap()["active"], true);
}

#[tokio::test]
async fn named_keys_only_are_revoked_and_a_stranger_s_key_or_no_reason_changes_nothing() {
    let platform = Platform::with_service().await;
    let (lost, kept) = (
        key(&platform, CONSUMER, CONSUMING_SYSTEM).await,
        key(&platform, CONSUMER, CONSUMING_SYSTEM).await,
    );
    let stranger = key(&platform, PROVIDER, PROVIDING_SYSTEM).await;
    let size = platform.log.size();
    for (form, status) in [
        (json!({"reason": "x", "credentials": [lost, stranger]}), 404),
        (json!({"reason": "x", "credentials": ["k-none"]}), 404),
        (json!({"reason": " "}), 422),
        (json!({}), 422),
        (json!({"reason": "x", "credentials": vec!["k"; 101]}), 422),
    ] {
        assert_eq!(platform.refused(CONSUMER, PATH, form.clone()).await.0, status, "{form}");
    }
    assert_eq!(platform.log.size(), size);
    let form = json!({"reason": "x", "credentials": [lost]});
    let done: Value = platform.made(OPERATOR, PATH, form).await;
    assert_eq!(done["revoked"], json!([lost]));
    assert_eq!((is_revoked(&platform, &lost), is_revoked(&platform, &kept)), (true, false));
}
