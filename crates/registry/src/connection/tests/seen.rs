//! Two people at one connection: whoever changes it says in which state they saw it.

use serde_json::{Value, json};

use super::{STRAIGHT, because};
use crate::tests::platform::*;

async fn tag(platform: &Platform, path: &str) -> String {
    let (_, headers, _) = platform.heard(CONSUMER, "GET", path, None, &[]).await;
    headers["etag"].to_str().unwrap().to_owned()
}

/// Posts as of a reading; returns status, code and the new tag.
async fn post(
    platform: &Platform,
    token: &str,
    path: &str,
    body: Value,
    seen: &str,
) -> (u16, String, String) {
    let seen = [("if-match", seen)];
    let (status, headers, body) = platform.heard(token, "POST", path, Some(body), &seen).await;
    let tag = headers.get("etag").map(|tag| tag.to_str().unwrap().to_owned());
    (status, body["code"].as_str().unwrap_or_default().to_owned(), tag.unwrap_or_default())
}

#[tokio::test]
async fn of_two_who_change_a_connection_they_saw_one_wins_and_the_other_is_told() {
    let platform = Platform::with_service().await;
    let path = platform.requested().await;
    let changed = (412, "resource.changed".to_owned(), String::new());
    let first = tag(&platform, &path).await;
    let mut other = asked();
    other["usage"] = "Khác".into();
    let revise = format!("{path}/revise");
    let (status, _, second) = post(&platform, CONSUMER, &revise, other, &first).await;
    assert_eq!((status, &second), (200, &tag(&platform, &path).await));
    assert_ne!(first, second);
    assert_eq!(post(&platform, CONSUMER, &revise, asked(), &first).await, changed);
    assert_eq!(platform.get(&path).await["asked"]["usage"], "Khác", "nothing half-applied");

    let (submit, withdraw) = (format!("{path}/submit"), format!("{path}/withdraw"));
    let (status, _, third) = post(&platform, CONSUMER, &submit, json!({}), &second).await;
    assert_eq!((status, &third), (200, &tag(&platform, &path).await));
    assert_eq!(post(&platform, CONSUMER, &withdraw, json!({}), &second).await, changed);
    let outsider = post(&platform, OTHER_ADMIN, &withdraw, json!({}), &third).await;
    assert_eq!((outsider.0, outsider.1.as_str()), (403, "role.not_permitted"));
    let malformed = post(&platform, CONSUMER, &withdraw, json!({}), "abc").await;
    assert_eq!((malformed.0, malformed.1.as_str()), (400, "request.malformed"));
    assert_eq!(post(&platform, CONSUMER, &withdraw, json!({}), "*").await.0, 200);
}

#[tokio::test]
async fn of_two_steps_at_once_exactly_one_is_taken() {
    let platform = Platform::with_service().await;
    let path = platform.connection_after(&STRAIGHT).await;
    let seen = tag(&platform, &path).await;
    let mut end = because();
    end["ground"] = "no_longer_needed".into();
    let suspend = json!({"reason": "vì", "measures": "Chặn", "restored_when": "Đã khắc phục"});
    let (ending, suspending) = (format!("{path}/end"), format!("{path}/suspend"));
    let (end, suspend) = tokio::join!(
        post(&platform, CONSUMER, &ending, end, &seen),
        post(&platform, OPERATOR, &suspending, suspend, &seen),
    );
    let mut statuses = [end.0, suspend.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    let state = if end.0 == 200 { "ended" } else { "suspended" };
    assert_eq!(platform.get(&path).await["state"], state);
}

#[tokio::test]
async fn a_renewal_is_of_the_connection_as_it_was_seen() {
    let platform = Platform::with_service().await;
    let path = platform.connection_after(&STRAIGHT).await;
    let seen = tag(&platform, &path).await;
    platform.step(&path, "suspend").await;
    let (renew, until) = (format!("{path}/renew"), json!({"until": "2029-01-01T00:00:00Z"}));
    assert_eq!(post(&platform, CONSUMER, &renew, until.clone(), &seen).await.0, 412);
    let now = tag(&platform, &path).await;
    assert_eq!(post(&platform, CONSUMER, &renew, until, &now).await.0, 201);
}
