use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keys::Ed25519Key;
use serde_json::{Value, json};
use testkit::SeededRandomness;
use wire::id::KeyId;

use crate::tests::platform::*;

const PATH: &str = "/api/v1/credentials";

async fn hmac(platform: &Platform) -> Value {
    let form = json!({"system": CONSUMING_SYSTEM, "algorithm": "hmac-sha256"});
    platform.made(CONSUMER, PATH, form).await
}

fn keyid(made: &Value) -> KeyId {
    made["keyid"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn an_hmac_secret_is_shown_once_and_kept_sealed() {
    let platform = Platform::with_service().await;
    let made = hmac(&platform).await;
    let secret = STANDARD.decode(made["secret_base64"].as_str().unwrap()).unwrap();
    assert_eq!(secret.len(), 32);
    let keyid = keyid(&made);
    for path in [PATH.to_owned(), format!("{PATH}/{keyid}")] {
        let seen = platform.get(&path).await.to_string();
        assert!(seen.contains(keyid.as_str()) && !seen.contains("secret"), "{seen}");
    }
    let sql = "SELECT sealed_secret FROM credential";
    let row = platform.registry.database.fetch_optional(sql, &[]).await.unwrap().unwrap();
    let sealed = row.bytes("sealed_secret").unwrap();
    assert!(!sealed.windows(32).any(|part| part == secret), "the secret itself is in the database");
    let published = platform.in_force();
    assert_eq!(published.hmac_secrets[&keyid].as_slice(), secret);
    let record = platform.record(&format!("credential/{keyid}")).unwrap();
    assert!(record["public_key"].is_null(), "{record}");
}

#[tokio::test]
async fn an_ed25519_public_key_is_taken_as_pem_and_as_bytes() {
    let platform = Platform::with_service().await;
    let key = Ed25519Key::generate(&SeededRandomness::new(7)).unwrap();
    for public_key in [key.public_key_pem(), STANDARD.encode(key.public_key())] {
        let form =
            json!({"system": CONSUMING_SYSTEM, "algorithm": "ed25519", "public_key": public_key});
        let made = platform.made(CONSUMER, PATH, form).await;
        assert_eq!(made["public_key_pem"], key.public_key_pem());
        assert!(made["secret_base64"].is_null());
        let record = platform.record(&format!("credential/{}", keyid(&made))).unwrap();
        assert_eq!(record["public_key"], STANDARD.encode(key.public_key()));
    }
}

#[tokio::test]
async fn what_is_no_public_key_is_refused_and_never_kept() {
    let platform = Platform::with_service().await;
    let key = Ed25519Key::generate(&SeededRandomness::new(7)).unwrap();
    let private = key.to_pkcs8_pem().unwrap();
    let zero = STANDARD.encode([0; 32]);
    for public_key in [json!(null), json!(""), json!("AAAA"), json!(*private), json!(zero)] {
        let form =
            json!({"system": CONSUMING_SYSTEM, "algorithm": "ed25519", "public_key": public_key});
        let (status, answer) = platform.post(CONSUMER, PATH, form).await;
        assert_eq!((status, &answer["code"]), (422, &"field.invalid".into()), "{public_key}");
        assert!(!answer.to_string().contains("MC4CAQ"), "{answer}");
    }
    for form in [
        json!({"system": CONSUMING_SYSTEM, "algorithm": "rsa-md5"}),
        json!({"system": CONSUMING_SYSTEM, "algorithm": "hmac-sha256", "public_key": "x"}),
        json!({"system": CONSUMING_SYSTEM, "algorithm": "hmac-sha256", "valid_days": 0}),
        json!({"system": CONSUMING_SYSTEM, "algorithm": "hmac-sha256", "valid_days": 732}),
    ] {
        let refused = platform.refused(CONSUMER, PATH, form.clone()).await;
        assert_eq!(refused, (422, "field.invalid".to_owned()), "{form}");
    }
    assert_eq!(platform.get(PATH).await["items"], json!([]));
}

#[tokio::test]
async fn a_rotated_credential_overlaps_with_its_successor() {
    let platform = Platform::with_service().await;
    let old = keyid(&hmac(&platform).await);
    let path = format!("{PATH}/{old}/rotate");
    let new = platform.made(CONSUMER, &path, json!({"overlap_hours": 2})).await;
    assert_eq!(new["replaces"], old.as_str());
    let record = platform.record(&format!("credential/{old}")).unwrap();
    assert_eq!(record["not_after"], "2026-11-23T10:00:00.000000Z");
    assert_eq!(platform.in_force().hmac_secrets.len(), 2);

    platform.clock.advance(Duration::from_hours(2));
    let refused = platform.refused(CONSUMER, &path, json!({})).await;
    assert_eq!(refused, (409, "resource.conflict".to_owned()));
    hmac(&platform).await;
    assert!(platform.record(&format!("credential/{old}")).is_none(), "past its time");
    assert!(!platform.in_force().hmac_secrets.contains_key(&old));
}

#[tokio::test]
async fn rotating_never_lengthens_a_life_and_keeps_the_algorithm() {
    let platform = Platform::with_service().await;
    let form = json!({"system": CONSUMING_SYSTEM, "algorithm": "hmac-sha256", "valid_days": 1});
    let old = keyid(&platform.made(CONSUMER, PATH, form).await);
    let path = format!("{PATH}/{old}/rotate");
    let key = Ed25519Key::generate(&SeededRandomness::new(7)).unwrap();
    let other = json!({"public_key": key.public_key_pem()});
    assert_eq!(
        platform.refused(CONSUMER, &path, other).await,
        (409, "resource.conflict".to_owned())
    );
    platform.made(CONSUMER, &path, json!({"overlap_hours": 720})).await;
    let record = platform.record(&format!("credential/{old}")).unwrap();
    assert_eq!(record["not_after"], "2026-11-24T08:00:00.000000Z");
}

#[tokio::test]
async fn a_revoked_credential_leaves_the_directory_at_once_and_for_good() {
    let platform = Platform::with_service().await;
    let keyid = keyid(&hmac(&platform).await);
    let path = format!("{PATH}/{keyid}/revoke");
    let revoked = platform.made(CONSUMER, &path, json!({})).await;
    assert_eq!(revoked["revoked_at"], "2026-11-23T08:00:00.000000Z");
    assert!(platform.record(&format!("credential/{keyid}")).is_none());
    assert!(platform.in_force().hmac_secrets.is_empty());
    let before = platform.log.size();
    assert_eq!(platform.made(CONSUMER, &path, json!({})).await, revoked);
    assert_eq!(platform.log.size(), before, "revoking again changes and records nothing");
    let rotate = format!("{PATH}/{keyid}/rotate");
    let refused = platform.refused(CONSUMER, &rotate, json!({})).await;
    assert_eq!(refused, (409, "resource.conflict".to_owned()));
}

#[tokio::test]
async fn a_secret_that_does_not_open_keeps_only_its_own_credential_out() {
    let platform = Platform::with_service().await;
    let (one, two) = (keyid(&hmac(&platform).await), keyid(&hmac(&platform).await));
    // Someone who can write to the database gives one credential the other's secret.
    let mut change =
        platform.registry.recorder.change(&actor(OPERATOR).unwrap(), "test.swapped").await.unwrap();
    let sql = "UPDATE credential SET sealed_secret =
        (SELECT sealed_secret FROM credential WHERE keyid = $1) WHERE keyid = $2";
    change.execute(sql, &[one.as_str().into(), two.as_str().into()]).await.unwrap();
    change.record([("keyid".to_owned(), two.to_string())].into()).await.unwrap();
    hmac(&platform).await;
    assert!(platform.in_force().hmac_secrets.contains_key(&one));
    assert!(!platform.in_force().hmac_secrets.contains_key(&two));
    assert!(platform.record(&format!("credential/{two}")).is_none());
}
