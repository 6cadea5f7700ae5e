use serde_json::json;

use crate::tests::platform::*;

#[tokio::test]
async fn a_test_is_made_of_real_calls_of_this_connection_in_the_sandbox_with_success() {
    let platform = Platform::with_service().await;
    let mut form = connection_form();
    form["asked"]["operations"] =
        json!([{"method": "GET", "path": "/units"}, {"method": "GET", "path": "/units/{id}"}]);
    let made = platform.made(CONSUMER, "/api/v1/connections", form).await;
    let path = format!("/api/v1/connections/{}", made["id"].as_str().unwrap());
    let other = platform.connection_after(&["submit", "consent", "test"]).await;
    for step in ["submit", "consent"] {
        platform.step(&path, step).await;
    }
    let early = platform.test_calls(&path, "sandbox", "200").await;
    platform.clock.advance(std::time::Duration::from_mins(1));
    platform.step(&path, "test").await;
    let confirm = format!("{path}/confirm_test");
    let foreign = platform.test_calls(&other, "sandbox", "200").await;
    let production = platform.test_calls(&path, "production", "200").await;
    let failed = platform.test_calls(&path, "sandbox", "502").await;
    let good = platform.test_calls(&path, "sandbox", "200").await;
    for (entries, told) in [
        (json!([]), "1 to 200"),
        (json!([good[0], good[0]]), "each only once"),
        (json!([early[0]]), "before the test began"),
        (json!([foreign[0]]), "another connection"),
        (json!([production[0]]), "sandbox credential"),
        (json!([failed[0]]), "did not succeed: 502"),
        (json!(["lgsp.test/log/0"]), "not of a call"),
        (json!(["lgsp.test/log/1000000"]), "no such entry"),
        (json!(["other.test/log/1"]), "this node's log"),
        (json!([good[0]]), "No successful test call of: GET /units/{id}"),
    ] {
        let form = json!({"entries": entries});
        let (status, refused) = platform.post(OPERATOR, &confirm, form).await;
        assert_eq!((status, &refused["code"]), (422, &"field.invalid".into()), "{entries}");
        assert!(refused["detail"].as_str().unwrap().contains(told), "{told}: {refused}");
    }
    let confirmed = platform.made(OPERATOR, &confirm, json!({"entries": good})).await;
    assert_eq!(confirmed["state"], "testing");
    let shown = platform.get(&format!("{path}/conditions")).await;
    assert_eq!(shown["test_calls"].as_array().unwrap().len(), 2);
    let entry = platform.entries().await.pop().unwrap();
    assert_eq!(
        (entry.action.as_str(), entry.subject["calls"].as_str()),
        ("connection.test_confirmed", "2")
    );
}
