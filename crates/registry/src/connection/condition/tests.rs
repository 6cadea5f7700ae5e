use serde_json::{Value, json};

use crate::profile::tests::{ending, publish};
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
            ("profile", true),
        ]
    );
    let (status, refused) = platform.post(STATE_MANAGER, &approve, json!({})).await;
    assert_eq!((status, &refused["code"]), (409, &"connection.conditions_unmet".into()));
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("credential, sandbox_test, security_level"), "{detail}");

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
async fn which_conditions_are_required_is_a_matter_of_the_rules_but_never_whether_a_test_is() {
    let platform = Platform::with_service().await;
    let path = platform.connection_after(&["submit", "consent", "test"]).await;
    let approve = format!("{path}/approve");
    in_force(&platform, json!({"conditions": ["identification_code"]})).await;
    let (status, refused) = platform.post(STATE_MANAGER, &approve, json!({})).await;
    assert_eq!((status, &refused["code"]), (409, &"connection.conditions_unmet".into()));
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("sandbox_test") && !detail.contains("credential"), "{detail}");
    let entries = platform.test_calls(&path, "sandbox", "200").await;
    platform.made(OPERATOR, &format!("{path}/confirm_test"), json!({"entries": entries})).await;
    platform.made(STATE_MANAGER, &approve, json!({})).await;
}

#[tokio::test]
async fn a_test_is_waived_with_a_reason_by_whom_the_rules_name_and_another_one_approves() {
    let platform = Platform::with_service().await;
    let path = platform.connection_after(&["submit", "consent", "test"]).await;
    let (waive, approve) = (format!("{path}/waive_test"), format!("{path}/approve"));
    let because = json!({"reason": "Dịch vụ chưa có môi trường thử nghiệm"});
    let refused = platform.refused(STATE_MANAGER, &waive, because.clone()).await;
    assert_eq!(refused, (409, "connection.step_not_possible".to_owned()), "the shipped rules");
    let rules = json!({"conditions": [], "test_waived_by": ["state_manager"]});
    in_force(&platform, rules).await;
    let refused = platform.refused(OPERATOR, &waive, because.clone()).await;
    assert_eq!(refused, (409, "connection.step_not_possible".to_owned()), "only the state manager");
    let refused = platform.refused(STATE_MANAGER, &waive, json!({})).await;
    assert_eq!(refused, (422, "field.invalid".to_owned()), "it must say why");
    platform.made(STATE_MANAGER, &waive, because).await;
    let shown = platform.get(&format!("{path}/conditions")).await;
    assert_eq!((met(&shown)[2], &shown["blocked"]), (("sandbox_test", true), &json!(false)));
    let entry = platform.entries().await.pop().unwrap();
    assert_eq!(entry.action, "connection.test_waived");
    let refused = platform.refused(STATE_MANAGER, &approve, json!({})).await;
    assert_eq!(refused, (409, "duties.not_separated".to_owned()));
    platform.made("state_manager:H24.01:t-second", &approve, json!({})).await;
}

/// Rules of these members, the rest as shipped, from now on.
async fn in_force(platform: &Platform, members: Value) {
    let mut rules = crate::regulation::tests::form();
    let form = rules.as_object_mut().unwrap();
    form.remove("from");
    form.extend(members.as_object().unwrap().clone());
    platform.made(STATE_MANAGER, "/api/v1/connection-rules", rules).await;
}

#[tokio::test]
async fn a_level_of_security_is_demanded_by_the_shipped_rules() {
    let platform = Platform::with_service().await;
    let path = platform.connection_after(&["submit", "consent", "test"]).await;
    let approve = format!("{path}/approve");
    let form = json!({"system": CONSUMING_SYSTEM, "algorithm": "hmac-sha256"});
    platform.made(CONSUMER, "/api/v1/credentials", form).await;
    let entries = platform.test_calls(&path, "sandbox", "200").await;
    platform.made(OPERATOR, &format!("{path}/confirm_test"), json!({"entries": entries})).await;
    let refused = platform.refused(STATE_MANAGER, &approve, json!({})).await;
    assert_eq!(refused, (409, "connection.conditions_unmet".to_owned()));
    let level = json!({"security_level": 3, "level_decision": "12/QĐ-SKHCN"});
    platform.made(CONSUMER, &format!("/api/v1/systems/{CONSUMING_SYSTEM}/change"), level).await;
    platform.made(STATE_MANAGER, &approve, json!({})).await;
}

#[tokio::test]
async fn a_key_that_the_profile_will_not_allow_is_none_to_be_approved_with() {
    let platform = Platform::with_service().await;
    let path = platform.connection_after(&["submit", "consent", "test"]).await;
    platform.meet_conditions(&path).await;
    let shown = async || platform.get(&format!("{path}/conditions")).await["conditions"][4].clone();
    assert_eq!(shown().await["met"], true, "no profile is assigned");
    // The consumer has HMAC; the connection begins before the end of that, then after.
    publish(&platform, ending("2026-12-01T00:00:00Z")).await;
    assert_eq!(shown().await["met"], true);
    platform.clock.set("2026-12-01T00:00:00Z".parse().unwrap());
    let condition = shown().await;
    assert_eq!((&condition["required"], &condition["met"]), (&json!(true), &json!(false)));
    let why = condition["why_en"].as_str().unwrap();
    assert!(why.contains("it has: hmac-sha256; allowed: ed25519"), "{why}");
    let (status, refused) =
        platform.post(STATE_MANAGER, &format!("{path}/approve"), json!({})).await;
    assert_eq!((status, &refused["code"]), (409, &"connection.conditions_unmet".into()));
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("that are not met: profile."), "{detail}");
}

#[tokio::test]
async fn a_key_that_proves_too_little_for_the_service_is_none_to_be_approved_with() {
    let platform = Platform::with_service().await;
    let path = platform.connection_after(&["submit", "consent", "test"]).await;
    platform.meet_conditions(&path).await;
    let mut demanding = ending("2027-01-01T00:00:00Z");
    demanding["profile"]["demands"] = json!([{"asymmetric": true, "signed_answers": false}]);
    demanding["assignment"]["system"] = PROVIDING_SYSTEM.into();
    publish(&platform, demanding).await;
    let shown = platform.get(&format!("{path}/conditions")).await;
    assert!(!met(&shown)[4].1, "{shown}");
}
