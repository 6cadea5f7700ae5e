use wire::ambient::UtcMicros;
use wire::directory::{Environment, Method, ProfileAssignmentRecord, Profiles, Signer};
use wire::signature::Algorithm;

use super::*;
use crate::profile::table::mistakes;
use crate::profile::{Known, shipped};

const TODAY: &str = "2026-11-23T08:00:00Z";

fn at(text: &str) -> UtcMicros {
    text.parse().unwrap()
}

/// What a shipped profile lets anybody sign with at a time, where and how.
fn allowed(code: &str, environment: Environment, method: Method, when: &str) -> Vec<&'static str> {
    let mut profiles = Profiles::default();
    for version in shipped() {
        profiles.put(version.record(&Known::default().aliases));
    }
    profiles.assign(ProfileAssignmentRecord {
        number: 1,
        system: None,
        profile: code.parse().unwrap(),
        from: UtcMicros::MIN,
        until: None,
    });
    let system = CONSUMING_SYSTEM.parse().unwrap();
    let allows = |algorithm: &Algorithm| {
        let signer =
            Signer { system: &system, level: None, environment, algorithm: *algorithm, method };
        profiles.allows(signer, at(when))
    };
    Algorithm::ALL.into_iter().filter(allows).map(Algorithm::as_str).collect()
}

#[test]
fn every_shipped_profile_reads_and_holds() {
    let codes: Vec<_> = shipped().into_iter().map(|one| one.code.to_string()).collect();
    assert_eq!(codes, ["2026-modern", "hai-duong-16-2024", "national-axis"]);
    for version in shipped() {
        assert_eq!(mistakes(&version.content, at(TODAY)), [], "{}", version.code);
        assert_eq!((version.version, version.published.is_none()), (0, true));
        assert!(!version.content.title.is_empty() && !version.content.basis.is_empty());
    }
}

#[test]
fn what_shipped_profiles_allow_changes_at_their_dates() {
    let signed = Method::HttpSignature;
    let (production, sandbox) = (Environment::Production, Environment::Sandbox);
    let modern = ["rsa-pss-sha512", "ecdsa-p256-sha256", "ecdsa-p384-sha384", "ed25519"];
    let with_hmac = |rest: &[&'static str]| [&["hmac-sha256"], rest].concat();
    let sorted = |mut names: Vec<&'static str>| {
        names.sort_unstable();
        names
    };
    for (code, environment, method, when, expected) in [
        ("2026-modern", production, signed, TODAY, with_hmac(&modern)),
        ("2026-modern", production, signed, "2027-12-31T16:59:59Z", with_hmac(&modern)),
        ("2026-modern", production, signed, "2027-12-31T17:00:00Z", modern.to_vec()),
        ("2026-modern", sandbox, signed, "2027-12-31T17:00:00Z", with_hmac(&modern)),
        (
            "hai-duong-16-2024",
            production,
            signed,
            "2027-06-30T16:59:59Z",
            with_hmac(&["rsa-v1_5-sha256", "rsa-pss-sha512"]),
        ),
        ("hai-duong-16-2024", production, signed, "2027-06-30T17:00:00Z", vec![]),
        ("national-axis", production, Method::AxisHeaders, TODAY, vec!["hmac-sha256"]),
        (
            "national-axis",
            production,
            signed,
            "2040-01-01T00:00:00Z",
            with_hmac(&["rsa-v1_5-sha256", "rsa-pss-sha512", "ed25519"]),
        ),
        ("2026-modern", production, Method::AxisHeaders, TODAY, vec![]),
    ] {
        let found = sorted(allowed(code, environment, method, when));
        assert_eq!(found, sorted(expected), "{code} {environment} {method} {when}");
    }
}

#[tokio::test]
async fn a_shipped_profile_is_seen_holds_for_nobody_and_is_adopted_by_one_act() {
    let platform = Platform::with_service().await;
    let page = platform.get(PROFILES).await;
    assert_eq!(page["items"].as_array().unwrap().len(), 3);
    assert_eq!(platform.record("profile/2026-modern"), None);

    let published = publish(&platform, adopted("2026-modern")).await;
    assert_eq!(
        (&published["profile"]["version"], &published["assignment"]["number"]),
        (&json!(1), &json!(1))
    );
    let shown = platform.get(&format!("{PROFILES}/2026-modern")).await;
    assert_eq!(shown["published"]["role"], "state_manager");
    assert_eq!(shown["published"]["reason"], "Theo hướng dẫn kỹ thuật của Sở");
    let versions = platform.get(&format!("{PROFILES}/2026-modern/versions")).await;
    let numbers: Vec<_> =
        versions["items"].as_array().unwrap().iter().map(|one| &one["version"]).collect();
    assert_eq!(numbers, [&json!(0), &json!(1)]);
    assert_eq!(platform.record("profile/2026-modern").unwrap()["version"], 1);
    let record = platform.record("profile-assignment/1").unwrap();
    assert_eq!((&record["profile"], &record["system"]), (&json!("2026-modern"), &Value::Null));

    // Assigned again, it is the city's own already.
    let mut again = adopted("2026-modern");
    again["assignment"]["system"] = CONSUMING_SYSTEM.into();
    let published = publish(&platform, again).await;
    assert!(published["profile"].is_null(), "{published}");
    assert_eq!(published["assignment"]["system"], CONSUMING_SYSTEM);
}
