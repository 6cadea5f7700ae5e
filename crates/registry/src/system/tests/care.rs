//! Levels, networks, contacts, and the end of a system.

use serde_json::{Value, json};

use super::PATH;
use crate::tests::platform::*;

#[tokio::test]
async fn a_level_comes_with_the_decision_that_approved_it() {
    let platform = Platform::with_service().await;
    let change = format!("{PATH}/{PROVIDING_SYSTEM}/change");
    let level = json!({"security_level": 3, "level_decision": "12/QĐ-SKHCN"});
    let changed = platform.made(PROVIDER, &change, level).await;
    assert_eq!((&changed["security_level"], &changed["name"]), (&json!(3), &json!("Hệ thống")));
    let last = platform.entries().await.into_iter().rev().find(|it| it.action == "system.changed");
    let subject = last.unwrap().subject;
    assert_eq!(
        (subject["changed"].as_str(), subject["decision"].as_str()),
        ("level", "12/QĐ-SKHCN")
    );
    for wrong in [
        json!({"security_level": 3}),
        json!({"level_decision": "12/QĐ-SKHCN"}),
        json!({"security_level": 6, "level_decision": "12/QĐ-SKHCN"}),
        json!({"security_level": 0, "level_decision": "12/QĐ-SKHCN"}),
        json!({"security_level": 3, "level_decision": "ông A duyệt"}),
    ] {
        let refused = platform.refused(PROVIDER, &change, wrong.clone()).await;
        assert_eq!(refused, (422, "field.invalid".to_owned()), "{wrong}");
    }
    let of_level = platform.get(&format!("{PATH}?security_level=3&state=open")).await;
    assert_eq!(of_level["items"].as_array().unwrap().len(), 1);
    assert_eq!(platform.get(&format!("{PATH}?security_level=4")).await["items"], json!([]));
}

#[tokio::test]
async fn networks_reach_the_directory_and_each_has_one_spelling() {
    let platform = Platform::with_service().await;
    let change = format!("{PATH}/{CONSUMING_SYSTEM}/change");
    let key = format!("system/{CONSUMING_SYSTEM}");
    assert!(platform.record(&key).unwrap().get("networks").is_none(), "from anywhere, as before");
    let networks = json!({"networks": ["2001:db8::/32", "10.24.0.7", "10.24.0.7/32"]});
    platform.made(CONSUMER, &change, networks).await;
    let expected = json!(["10.24.0.7/32", "2001:db8::/32"]);
    assert_eq!(platform.record(&key).unwrap()["networks"], expected);
    for wrong in ["10.24.0.1/16", "10.24.0.0/33", "snv.example.vn", "::ffff:10.0.0.0/104", ""] {
        let form = json!({"networks": [wrong]});
        let (status, answer) = platform.post(CONSUMER, &change, form).await;
        assert_eq!((status, &answer["code"]), (422, &"field.invalid".into()), "{wrong}");
        assert!(answer["detail"].as_str().unwrap().contains("CIDR"), "{answer}");
    }
    let many: Vec<_> = (0..51).map(|number| format!("10.24.{number}.0/24")).collect();
    let refused = platform.refused(CONSUMER, &change, json!({"networks": many})).await;
    assert_eq!(refused.0, 422);
    platform.made(CONSUMER, &change, json!({"networks": []})).await;
    assert!(platform.record(&key).unwrap().get("networks").is_none());
}

#[tokio::test]
async fn a_system_is_closed_when_no_key_and_no_connection_is_left_and_its_services_end_with_it() {
    let platform = Platform::with_service().await;
    let key = json!({"system": CONSUMING_SYSTEM, "algorithm": "hmac-sha256"});
    let made = platform.made(CONSUMER, "/api/v1/credentials", key.clone()).await;
    let keyid = made["keyid"].as_str().unwrap();
    let connection = platform.requested().await;
    let id = connection.rsplit_once('/').unwrap().1.to_owned();
    let close = |system: &str| format!("{PATH}/{system}/close");
    for (token, system, in_the_way) in [
        (CONSUMER, CONSUMING_SYSTEM, vec![id.as_str(), keyid]),
        (PROVIDER, PROVIDING_SYSTEM, vec![id.as_str()]),
    ] {
        let (status, answer) = platform.post(token, &close(system), Value::Null).await;
        assert_eq!((status, &answer["code"]), (409, &"resource.in_use".into()), "{answer}");
        for name in in_the_way {
            assert!(answer["detail"].as_str().unwrap().contains(name), "{name}: {answer}");
        }
    }
    platform.step(&connection, "withdraw").await;
    platform.made(CONSUMER, &format!("/api/v1/credentials/{keyid}/revoke"), json!({})).await;
    platform.made(CONSUMER, &close(CONSUMING_SYSTEM), Value::Null).await;
    platform.made(PROVIDER, &close(PROVIDING_SYSTEM), Value::Null).await;
    for gone in [format!("system/{CONSUMING_SYSTEM}"), format!("service/{SERVICE}")] {
        assert_eq!(platform.record(&gone), None, "{gone}");
    }
    let closed = (409, "resource.closed".to_owned());
    for (path, body) in [
        ("/api/v1/credentials".to_owned(), key),
        ("/api/v1/connections".to_owned(), connection_form()),
        (close(CONSUMING_SYSTEM), Value::Null),
        (format!("{PATH}/{CONSUMING_SYSTEM}/change"), json!({"name": "x"})),
        (format!("{PATH}/{CONSUMING_SYSTEM}/contacts"), json!({"contacts": []})),
    ] {
        assert_eq!(platform.refused(CONSUMER, &path, body).await, closed, "{path}");
    }
    let path = "/api/v1/organisations/H24.31/close";
    platform.made(OPERATOR, path, json!({"decision": "02/2025/QĐ-UBND"})).await;
    let listed = platform.get(&format!("{PATH}?state=closed")).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 2, "kept for ever");
}

#[tokio::test]
async fn contacts_and_networks_go_along_when_the_organisation_gets_another_code() {
    let platform = Platform::with_service().await;
    let contacts = json!({"contacts": [{"duty": "Trực", "phone": "0225", "email": "a@b.vn"}]});
    let of_system = format!("{PATH}/{CONSUMING_SYSTEM}/contacts");
    platform.made(CONSUMER, &of_system, contacts.clone()).await;
    let (status, _) = platform.ask(PROVIDER, "GET", &of_system, None).await;
    assert_eq!(status, 404, "another organisation's");
    let networks = json!({"networks": ["10.24.0.0/16"]});
    platform.made(CONSUMER, &format!("{PATH}/{CONSUMING_SYSTEM}/change"), networks).await;
    let recode = json!({"code": "H24.80", "decision": "1669/NQ-UBTVQH15"});
    platform.made(OPERATOR, "/api/v1/organisations/H24.31/recode", recode).await;
    assert_eq!(platform.get(&of_system).await, contacts);
    let record = platform.record("system/H24.80/mot-cua").unwrap();
    assert_eq!(record["networks"], json!(["10.24.0.0/16"]));
}
