mod importing;
mod publishing;
mod registration;
mod shipping;
mod tables;

use serde_json::{Value, json};

use crate::tests::authorisation::{Case, PLATFORM, read, write};
use crate::tests::platform::*;

const PROFILES: &str = "/api/v1/profiles";
const ASSIGNMENTS: &str = "/api/v1/profile-assignments";
const PREVIEWS: &str = "/api/v1/profile-previews";
const PUBLICATIONS: &str = "/api/v1/profile-publications";

/// The routes of this noun, for the table of all routes.
pub(crate) async fn cases(platform: &Platform) -> Vec<Case> {
    publish(platform, adopted("2026-modern")).await;
    let one = "/api/v1/profiles/{code}";
    vec![
        read(PROFILES, PROFILES),
        read(one, format!("{PROFILES}/2026-modern")),
        read("/api/v1/profiles/{code}/versions", format!("{PROFILES}/2026-modern/versions")),
        read(ASSIGNMENTS, ASSIGNMENTS),
        read("/api/v1/profile-assignments/{number}", format!("{ASSIGNMENTS}/1")),
        read(
            "/api/v1/systems/{organisation}/{system}/profile",
            format!("/api/v1/systems/{CONSUMING_SYSTEM}/profile"),
        ),
        write(PREVIEWS, PREVIEWS, adopted("national-axis"), PLATFORM),
        write(PUBLICATIONS, PUBLICATIONS, adopted("national-axis"), &[STATE_MANAGER]),
    ]
}

/// A profile for the whole city, at once.
pub(crate) fn adopted(profile: &str) -> Value {
    json!({"assignment": {"profile": profile}, "date": "2031-01-01T00:00:00Z"})
}

/// Previews and publishes what is proposed.
pub(crate) async fn publish(platform: &Platform, proposal: Value) -> Value {
    let seen = platform.made(STATE_MANAGER, PREVIEWS, proposal.clone()).await;
    platform.made(STATE_MANAGER, PUBLICATIONS, seen_as(proposal, &seen)).await
}

/// The proposal with what its publisher says beside.
fn seen_as(mut proposal: Value, preview: &Value) -> Value {
    proposal["preview"] = preview["digest"].clone();
    proposal["reason"] = "Theo hướng dẫn kỹ thuật của Sở".into();
    proposal
}

/// A profile with these rows.
fn table(rules: Value) -> Value {
    let mut profile = json!({"code": "thanh-pho", "title": "Hướng dẫn kỹ thuật",
        "basis": "Văn bản của Sở"});
    profile["rules"] = rules;
    profile
}

fn rule(algorithm: &str, scope: Value) -> Value {
    let mut row = json!({"algorithm": algorithm, "method": "http_signature"});
    row["scope"] = scope;
    row
}

/// A credential of the consumer.
pub(crate) async fn hmac(platform: &Platform, environment: &str) -> String {
    let form = json!({"system": CONSUMING_SYSTEM, "algorithm": "hmac-sha256",
        "environment": environment});
    let made = platform.made(CONSUMER, "/api/v1/credentials", form).await;
    made["keyid"].as_str().unwrap().to_owned()
}

/// HMAC for the whole city until `until`, Ed25519 for ever.
pub(crate) fn ending(until: &str) -> Value {
    let rules = json!([rule("hmac-sha256", json!({"until": until})), rule("ed25519", json!({}))]);
    json!({"profile": table(rules), "assignment": {"profile": "thanh-pho"},
        "date": "2027-12-31T00:00:00Z"})
}
