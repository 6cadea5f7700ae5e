use serde_json::json;

use crate::tests::platform::*;

#[tokio::test]
async fn what_was_never_used_is_found_and_proposed_for_narrowing() {
    let platform = Platform::with_service().await;
    let mut form = connection_form();
    form["asked"]["operations"] =
        json!([{"method": "GET", "path": "/units"}, {"method": "POST", "path": "/units"}]);
    let made = platform.made(CONSUMER, "/api/v1/connections", form).await;
    let path = format!("/api/v1/connections/{}", made["id"].as_str().unwrap());
    let usage = format!("{path}/usage");
    for step in ["submit", "consent", "test", "approve", "activate"] {
        platform.step(&path, step).await;
    }
    let unused = platform.get(&usage).await;
    assert_eq!(unused["never_used"], json!(["GET /units", "POST /units"]), "a test is no use");
    assert_eq!(unused.get("proposal"), None, "nothing is left to propose");

    let calls = platform.test_calls(&path, "production", "200").await;
    assert_eq!(calls.len(), 2);
    let later = "2026-12-01T00:00:00.000000Z";
    platform.clock.set(later.parse().unwrap());
    let all = platform.get(&usage).await;
    assert_eq!((&all["never_used"], all.get("proposal")), (&json!([]), None));
    assert_eq!(all["operations"][0]["calls"], 1);

    let since = platform.get(&format!("{usage}?from={later}")).await;
    assert_eq!(since["operations"][0]["calls"], 0, "only the period counts");
    platform.call(&path, "GET /units", "call.completed").await;
    platform.call(&path, "POST /units", "call.refused").await;
    let narrowed = platform.get(&format!("{usage}?from={later}&until=2026-12-02T00:00:00Z")).await;
    assert_eq!(
        (&narrowed["complete"], &narrowed["never_used"]),
        (&json!(true), &json!(["POST /units"]))
    );
    let proposal = narrowed["proposal"].clone();
    assert_eq!(proposal["operations"], json!([{"method": "GET", "path": "/units"}]));

    // And what is proposed can be asked for as it is.
    let mut form = connection_form();
    form["amends"] = path.rsplit('/').next().unwrap().into();
    form["asked"] = proposal;
    platform.made(CONSUMER, "/api/v1/connections", form).await;
}

#[tokio::test]
async fn a_period_that_ends_before_it_begins_is_refused() {
    let platform = Platform::with_service().await;
    let path = platform.requested().await;
    let usage = format!("{path}/usage?from=2026-12-02T00:00:00Z&until=2026-12-01T00:00:00Z");
    let (status, refused) = platform.ask(OPERATOR, "GET", &usage, None).await;
    assert_eq!((status, &refused["code"]), (422, &"field.invalid".into()));
}
