use std::time::Duration;

use keys::Ed25519Key;
use testkit::SeededRandomness;

use super::*;

const CREDENTIALS: &str = "/api/v1/credentials";

fn ed25519() -> Value {
    let key = Ed25519Key::generate(&SeededRandomness::new(7)).unwrap();
    json!({"system": CONSUMING_SYSTEM, "algorithm": "ed25519", "public_key": key.public_key_pem()})
}

fn secret() -> Value {
    json!({"system": CONSUMING_SYSTEM, "algorithm": "hmac-sha256"})
}

#[tokio::test]
async fn a_credential_that_the_profile_ends_early_says_until_when_it_is_good() {
    let platform = Platform::with_service().await;
    let before = platform.made(CONSUMER, CREDENTIALS, secret()).await;
    assert!(before["prospect"].is_null(), "no profile was ever assigned: {before}");
    publish(&platform, ending("2027-03-01T00:00:00Z")).await;
    let made = platform.made(CONSUMER, CREDENTIALS, secret()).await;
    assert_eq!(
        made["prospect"],
        json!({"profile": "thanh-pho", "good_until": "2027-03-01T00:00:00.000000Z"})
    );
    let lasting = platform.made(CONSUMER, CREDENTIALS, ed25519()).await;
    assert_eq!(lasting["prospect"], json!({"profile": "thanh-pho"}));
    let mut short = secret();
    short["valid_days"] = 20.into();
    let short = platform.made(CONSUMER, CREDENTIALS, short).await;
    assert_eq!(short["prospect"], json!({"profile": "thanh-pho"}), "it ends before");
}

#[tokio::test]
async fn a_credential_that_is_of_no_use_is_refused_and_told_which_would_be() {
    let platform = Platform::with_service().await;
    publish(&platform, ending("2027-03-01T00:00:00Z")).await;
    let keyid = hmac(&platform, "production").await;
    // Less than seven days before the end nobody begins with it; who has it may still exchange it.
    platform.clock.set("2027-02-23T00:00:00Z".parse().unwrap());
    let (status, answer) = platform.post(CONSUMER, CREDENTIALS, secret()).await;
    assert_eq!((status, &answer["code"]), (409, &"profile.credential_refused".into()));
    let detail = answer["detail"].as_str().unwrap();
    let told = "hmac-sha256 in the production environment is allowed until \
                2027-03-01T00:00:00.000000Z only; can be registered: ed25519.";
    assert!(detail.contains("`thanh-pho`") && detail.ends_with(told), "{detail}");
    assert!(answer["next_step"].as_str().unwrap().contains("that the detail names"));
    let rotate = format!("{CREDENTIALS}/{keyid}/rotate");
    let successor = platform.made(CONSUMER, &rotate, json!({})).await;
    assert_eq!(successor["prospect"]["good_until"], "2027-03-01T00:00:00.000000Z");

    platform.clock.advance(Duration::from_hours(24 * 7));
    let rotate = format!("{CREDENTIALS}/{}/rotate", successor["keyid"].as_str().unwrap());
    for (path, body) in [(CREDENTIALS, secret()), (&*rotate, json!({}))] {
        let refused = platform.refused(CONSUMER, path, body).await;
        assert_eq!(refused, (409, "profile.credential_refused".to_owned()), "{path}");
    }
    platform.made(CONSUMER, CREDENTIALS, ed25519()).await;
}

#[tokio::test]
async fn a_key_is_registered_ahead_of_the_profile_that_will_allow_it() {
    let platform = Platform::with_service().await;
    publish(&platform, adopted("hai-duong-16-2024")).await;
    let refused = platform.refused(CONSUMER, CREDENTIALS, ed25519()).await;
    assert_eq!(refused, (409, "profile.credential_refused".to_owned()));
    let mut next = adopted("2026-modern");
    next["assignment"]["from"] = "2027-01-01T00:00:00Z".into();
    publish(&platform, next).await;
    let made = platform.made(CONSUMER, CREDENTIALS, ed25519()).await;
    assert_eq!(
        made["prospect"],
        json!({"profile": "hai-duong-16-2024", "good_from": "2027-01-01T00:00:00.000000Z"})
    );
    let standing = platform.get(&format!("/api/v1/systems/{CONSUMING_SYSTEM}/profile")).await;
    assert_eq!(standing["profile"], "hai-duong-16-2024");
    let when = |algorithm: &str, environment: &str| {
        let all = standing["algorithms"].as_array().unwrap();
        let one =
            all.iter().find(|it| it["algorithm"] == algorithm && it["environment"] == environment);
        one.unwrap()["allowed"].clone()
    };
    assert_eq!(standing["algorithms"].as_array().unwrap().len(), 12);
    assert_eq!(when("ed25519", "production"), json!([{"from": "2027-01-01T00:00:00.000000Z"}]));
    assert_eq!(when("hmac-sha256", "sandbox"), json!([{}]));
    assert_eq!(
        when("hmac-sha256", "production"),
        json!([{"until": "2027-12-31T17:00:00.000000Z"}])
    );
    assert_eq!(
        when("rsa-v1_5-sha256", "production"),
        json!([{"until": "2027-01-01T00:00:00.000000Z"}])
    );
    let (status, _) =
        platform.ask(OPERATOR, "GET", "/api/v1/systems/H24.31/khac/profile", None).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn without_any_profile_everything_is_allowed_for_ever() {
    let platform = Platform::with_service().await;
    let standing = platform.get(&format!("/api/v1/systems/{CONSUMING_SYSTEM}/profile")).await;
    assert!(standing["profile"].is_null());
    for one in standing["algorithms"].as_array().unwrap() {
        assert_eq!(one["allowed"], json!([{}]), "{one}");
    }
}
