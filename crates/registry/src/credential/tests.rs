mod documents;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keys::{Ed25519Key, SigningKey, public_key_pem};
use serde_json::{Value, json};
use testkit::{FaultyDisk, SeededRandomness};
use wire::id::KeyId;
use wire::signature::Algorithm;

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

fn public_algorithms() -> impl Iterator<Item = Algorithm> {
    Algorithm::ALL.into_iter().filter(|algorithm| *algorithm != Algorithm::HmacSha256)
}

#[tokio::test]
async fn a_public_key_of_each_algorithm_is_taken_rotated_and_shown_again_as_it_came() {
    let platform = Platform::with_service().await;
    for algorithm in public_algorithms() {
        let [first, second] = [(); 2].map(|()| SigningKey::generate(algorithm).unwrap());
        let pem = |key: &SigningKey| public_key_pem(algorithm, &key.public_key().unwrap());
        let form =
            json!({"system": CONSUMING_SYSTEM, "algorithm": algorithm, "public_key": pem(&first)});
        let made = platform.made(CONSUMER, PATH, form).await;
        assert_eq!(made["algorithm"], algorithm.as_str());
        assert_eq!(made["public_key_pem"], pem(&first));
        let record = platform.record(&format!("credential/{}", keyid(&made))).unwrap();
        assert_eq!(record["public_key"], first.public_key().unwrap().to_base64());

        let path = format!("{PATH}/{}/rotate", keyid(&made));
        let none = platform.refused(CONSUMER, &path, json!({})).await;
        assert_eq!(none, (409, "resource.conflict".to_owned()), "{algorithm}");
        let new = platform.made(CONSUMER, &path, json!({"public_key": pem(&second)})).await;
        assert_eq!(new["algorithm"], algorithm.as_str());
        assert_eq!(new["public_key_pem"], pem(&second));
        let shown = platform.get(&format!("{PATH}/{}", keyid(&new))).await;
        assert_eq!(shown["public_key_pem"], pem(&second));
    }
}

#[tokio::test]
async fn a_key_of_another_type_is_told_which_one_its_algorithm_needs() {
    let platform = Platform::with_service().await;
    for (algorithm, kind) in [
        ("rsa-pss-sha512", "an RSA key"),
        ("rsa-v1_5-sha256", "an RSA key"),
        ("ecdsa-p256-sha256", "an EC key on the curve P-256"),
        ("ecdsa-p384-sha384", "an EC key on the curve P-384"),
        ("ed25519", "an Ed25519 key"),
    ] {
        for made_for in public_algorithms().filter(|other| other.as_str() != algorithm) {
            if algorithm.starts_with("rsa") && made_for.as_str().starts_with("rsa") {
                continue;
            }
            let key = SigningKey::generate(made_for).unwrap().public_key().unwrap();
            let pem = public_key_pem(made_for, &key);
            let form =
                json!({"system": CONSUMING_SYSTEM, "algorithm": algorithm, "public_key": pem});
            let (status, answer) = platform.post(CONSUMER, PATH, form).await;
            let told = format!(
                "The field `public_key` is not accepted. The key is of another type: {algorithm} \
                 needs {kind}."
            );
            assert_eq!((status, &answer["detail"]), (422, &told.into()), "{made_for}");
        }
    }
    assert_eq!(platform.get(PATH).await["items"], json!([]));
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
async fn a_system_has_so_many_credentials_and_no_more() {
    let platform = Platform::with_service().await;
    let first = keyid(&hmac(&platform).await);
    for _ in 1..super::MAX_PER_SYSTEM {
        hmac(&platform).await;
    }
    let form = json!({"system": CONSUMING_SYSTEM, "algorithm": "hmac-sha256"});
    for (path, body) in
        [(PATH.to_owned(), form.clone()), (format!("{PATH}/{first}/rotate"), json!({}))]
    {
        let refused = platform.refused(CONSUMER, &path, body).await;
        assert_eq!(refused, (409, "resource.conflict".to_owned()), "{path}");
    }
    let record = platform.record(&format!("credential/{first}")).unwrap();
    assert_eq!(record["not_after"], "2027-11-23T08:00:00.000000Z", "a refused rotation undoes all");
    let other = json!({"system": PROVIDING_SYSTEM, "algorithm": "hmac-sha256"});
    platform.made(PROVIDER, PATH, other).await;
    // What was revoked counts as long as gateways hear of it.
    platform.made(CONSUMER, &format!("{PATH}/{first}/revoke"), json!({})).await;
    assert_eq!(platform.refused(CONSUMER, PATH, form).await.0, 409);
    platform.clock.advance(super::TOLD_AFTER_ITS_END);
    hmac(&platform).await;
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
    // For a while its calls can be verified still, to be told that it is past its time.
    assert!(platform.record(&format!("credential/{old}")).is_some());
    assert!(platform.in_force().hmac_secrets.contains_key(&old));

    platform.clock.advance(super::TOLD_AFTER_ITS_END);
    hmac(&platform).await;
    assert!(platform.record(&format!("credential/{old}")).is_none());
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
async fn a_revoked_credential_is_told_as_such_at_once_and_forgotten_later() {
    let platform = Platform::with_service().await;
    let keyid = keyid(&hmac(&platform).await);
    let path = format!("{PATH}/{keyid}/revoke");
    let revoked = platform.made(CONSUMER, &path, json!({})).await;
    assert_eq!(revoked["revoked_at"], "2026-11-23T08:00:00.000000Z");
    let record = platform.record(&format!("credential/{keyid}")).unwrap();
    assert_eq!(record["revoked_at"], revoked["revoked_at"]);
    assert!(platform.in_force().hmac_secrets.is_empty());
    let before = platform.log.size();
    assert_eq!(platform.made(CONSUMER, &path, json!({})).await, revoked);
    assert_eq!(platform.log.size(), before, "revoking again changes and records nothing");
    let rotate = format!("{PATH}/{keyid}/rotate");
    let refused = platform.refused(CONSUMER, &rotate, json!({})).await;
    assert_eq!(refused, (409, "resource.conflict".to_owned()));

    platform.clock.advance(super::TOLD_AFTER_ITS_END);
    hmac(&platform).await;
    assert!(platform.record(&format!("credential/{keyid}")).is_none());
}

#[tokio::test]
async fn a_secret_is_shown_even_if_gateways_cannot_be_told_yet() {
    let disk = FaultyDisk::new(1);
    let platform = Platform::start_on(disk.process()).await.and_service().await;
    let first = hmac(&platform).await;
    assert_eq!(first["in_force"], true);
    let mut versions = platform.registry.published();
    versions.mark_unchanged();
    // The log finds out with the entry of this change, which is committed by then.
    disk.set_capacity(Some(disk.used()));
    let path = format!("{PATH}/{}/rotate", keyid(&first));
    let made = platform.made(CONSUMER, &path, json!({})).await;
    assert_eq!(made["in_force"], false);
    let secret = STANDARD.decode(made["secret_base64"].as_str().unwrap()).unwrap();
    assert!(!platform.in_force().hmac_secrets.contains_key(&keyid(&made)));

    disk.set_capacity(None);
    versions.changed().await.unwrap();
    assert_eq!(platform.in_force().hmac_secrets[&keyid(&made)].as_slice(), secret);
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

#[tokio::test]
async fn a_missing_public_key_is_called_missing_and_a_wrong_one_is_told_the_form() {
    let platform = Platform::with_service().await;
    for (form, told) in [
        (
            json!({"system": CONSUMING_SYSTEM, "algorithm": "ed25519"}),
            "The field `public_key` is missing.",
        ),
        (
            json!({"system": CONSUMING_SYSTEM, "algorithm": "ed25519", "public_key": "AAAA"}),
            "The field `public_key` is not accepted. The key must be a public key as PEM (block \
             PUBLIC KEY), whole; for ed25519 its 32 bytes in base64 will do.",
        ),
    ] {
        let (status, answer) = platform.post(CONSUMER, "/api/v1/credentials", form).await;
        assert_eq!((status, &answer["detail"]), (422, &told.into()));
    }
}

#[tokio::test]
async fn a_credential_is_of_production_unless_it_is_of_the_sandbox_and_its_successor_stays_there() {
    let platform = Platform::with_service().await;
    let form = |environment: Value| json!({"system": CONSUMING_SYSTEM, "algorithm": "hmac-sha256", "environment": environment});
    for (asked, environment, in_record) in [
        (json!(null), "production", json!(null)),
        (json!("production"), "production", json!(null)),
        (json!("sandbox"), "sandbox", json!("sandbox")),
    ] {
        let made = platform.made(CONSUMER, PATH, form(asked.clone())).await;
        let rotate = format!("{PATH}/{}/rotate", keyid(&made));
        let successor = platform.made(CONSUMER, &rotate, json!({})).await;
        for one in [made, successor] {
            assert_eq!(one["environment"], environment);
            let path = format!("{PATH}/{}", keyid(&one));
            assert_eq!(platform.get(&path).await["environment"], environment, "{asked}");
            let record = platform.record(&format!("credential/{}", keyid(&one))).unwrap();
            assert_eq!(record["environment"], in_record, "{asked}");
        }
    }
    let told: Vec<_> = platform.entries().await;
    let made = told.iter().filter(|entry| entry.action.starts_with("credential."));
    let environments: Vec<_> = made.map(|entry| entry.subject.get("environment")).collect();
    let sandbox = Some("sandbox".to_owned());
    assert_eq!(environments, [None, None, None, None, sandbox.as_ref(), sandbox.as_ref()]);
    let refused = platform.refused(CONSUMER, PATH, form(json!("moon"))).await;
    assert_eq!(refused, (422, "field.invalid".to_owned()));
}

#[tokio::test]
async fn a_list_is_narrowed_by_state_environment_algorithm_and_end() {
    let platform = Platform::with_service().await;
    let key = Ed25519Key::generate(&SeededRandomness::new(7)).unwrap();
    let form = |form: Value| {
        let mut whole = json!({"system": CONSUMING_SYSTEM, "algorithm": "hmac-sha256"});
        whole.as_object_mut().unwrap().extend(form.as_object().unwrap().clone());
        whole
    };
    let mut ids = Vec::new();
    for one in [
        json!({"valid_days": 1}),
        json!({"valid_days": 20}),
        json!({"environment": "sandbox"}),
        json!({"algorithm": "ed25519", "public_key": key.public_key_pem()}),
        json!({"valid_days": 20}),
    ] {
        ids.push(keyid(&platform.made(CONSUMER, PATH, form(one)).await).to_string());
    }
    platform.made(CONSUMER, &format!("{PATH}/{}/revoke", ids[4]), json!({})).await;
    platform.clock.set("2026-11-25T00:00:00Z".parse().unwrap());
    for (filter, expected) in [
        ("state=valid", vec![1, 2, 3]),
        ("state=expired", vec![0]),
        ("state=revoked", vec![4]),
        ("environment=sandbox", vec![2]),
        ("environment=production", vec![0, 1, 3, 4]),
        ("algorithm=ed25519", vec![3]),
        ("expiring_before=2026-12-31T00:00:00Z", vec![1]),
        ("expiring_before=2036-12-31T00:00:00Z&environment=production", vec![1, 3]),
        ("expiring_before=2026-11-26T00:00:00Z", vec![]),
    ] {
        let page = platform.get(&format!("{PATH}?{filter}")).await;
        let mut found: Vec<_> =
            page["items"].as_array().unwrap().iter().map(|one| keyid(one).to_string()).collect();
        let mut expected: Vec<_> = expected.into_iter().map(|at: usize| ids[at].clone()).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{filter}");
    }
    for wrong in ["state=x", "environment=x", "algorithm=x", "expiring_before=x"] {
        let (status, answer) =
            platform.ask(OPERATOR, "GET", &format!("{PATH}?{wrong}"), None).await;
        assert_eq!((status, &answer["code"]), (422, &"field.invalid".into()), "{wrong}");
    }
}
