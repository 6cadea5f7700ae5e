use serde_json::{Value, json};

use crate::tests::platform::*;

fn met(conditions: &Value) -> Vec<(&str, bool)> {
    let items = conditions["conditions"].as_array().unwrap();
    items.iter().map(|one| (one["code"].as_str().unwrap(), one["met"] == true)).collect()
}

#[tokio::test]
async fn approval_is_refused_while_a_condition_is_unmet_and_names_each() {
    let platform = Platform::with_service().await;
    let path = platform.connection_after(&["submit", "consent", "test"]).await;
    let approve = format!("{path}/approve");
    let conditions = format!("{path}/conditions");
    assert_eq!(
        met(&platform.get(&conditions).await),
        [
            ("identification_code", true),
            ("credential", false),
            ("sandbox_test", false),
            ("security_level", false),
        ]
    );
    let (status, refused) = platform.post(STATE_MANAGER, &approve, json!({})).await;
    assert_eq!((status, &refused["code"]), (409, &"connection.conditions_unmet".into()));
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("credential, sandbox_test"), "{detail}");

    // A key of the sandbox is none for production.
    let mut form = json!({"system": CONSUMING_SYSTEM, "algorithm": "hmac-sha256"});
    form["environment"] = "sandbox".into();
    platform.made(CONSUMER, "/api/v1/credentials", form.clone()).await;
    assert!(!met(&platform.get(&conditions).await)[1].1);
    form["environment"] = "production".into();
    platform.made(CONSUMER, "/api/v1/credentials", form).await;
    let (_, refused) = platform.post(STATE_MANAGER, &approve, json!({})).await;
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("sandbox_test") && !detail.contains("credential,"), "{detail}");

    platform.step(&path, "approve").await;
    let shown = platform.get(&conditions).await;
    assert_eq!((met(&shown)[2].1, &shown["blocked"]), (true, &json!(false)));
    assert_eq!(shown["test_calls"][0]["operation"], "GET /units");
}

#[tokio::test]
async fn which_conditions_are_required_is_a_matter_of_the_rules() {
    let platform = Platform::with_service().await;
    let path = platform.connection_after(&["submit", "consent", "test"]).await;
    let mut rules = crate::regulation::tests::form();
    rules["conditions"] = json!(["identification_code"]);
    rules.as_object_mut().unwrap().remove("from");
    platform.made(STATE_MANAGER, "/api/v1/connection-rules", rules).await;
    platform.made(STATE_MANAGER, &format!("{path}/approve"), json!({})).await;
}

#[tokio::test]
async fn a_level_of_security_is_shown_and_demanded_where_the_rules_demand_it() {
    let platform = Platform::with_service().await;
    let mut rules = crate::regulation::tests::form();
    rules["conditions"] = json!(["security_level"]);
    rules.as_object_mut().unwrap().remove("from");
    platform.made(STATE_MANAGER, "/api/v1/connection-rules", rules).await;
    let path = platform.connection_after(&["submit", "consent", "test"]).await;
    let approve = format!("{path}/approve");
    let refused = platform.refused(STATE_MANAGER, &approve, json!({})).await;
    assert_eq!(refused, (409, "connection.conditions_unmet".to_owned()));
    let level = json!({"security_level": 3, "level_decision": "12/QĐ-SKHCN"});
    platform.made(CONSUMER, &format!("/api/v1/systems/{CONSUMING_SYSTEM}/change"), level).await;
    platform.made(STATE_MANAGER, &approve, json!({})).await;
}
