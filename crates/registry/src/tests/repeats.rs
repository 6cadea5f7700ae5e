//! One request sent twice, and two people at one thing.

use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::platform::*;

const ORGANISATIONS: &str = "/api/v1/organisations";
const RENAME: &str = "/api/v1/organisations/H24.12/rename";

struct Heard {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Heard {
    fn code(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }

    fn is_replayed(&self) -> bool {
        self.headers.contains_key("idempotency-replayed")
    }

    fn tag(&self) -> &str {
        self.headers["etag"].to_str().unwrap()
    }
}

/// Posts with a header.
async fn post(
    platform: &Platform,
    token: &str,
    path: &str,
    body: &Value,
    header: (&str, &str),
) -> Heard {
    let (status, headers, body) =
        platform.heard(token, "POST", path, Some(body.clone()), &[header]).await;
    Heard { status, headers, body }
}

async fn read(platform: &Platform, path: &str, headers: &[(&str, &str)]) -> Heard {
    let (status, headers, body) = platform.heard(OPERATOR, "GET", path, None, headers).await;
    Heard { status, headers, body }
}

#[tokio::test]
async fn a_repeated_request_is_answered_again_and_not_carried_out_again() {
    let platform = Platform::with_service().await;
    let form = json!({"system": CONSUMING_SYSTEM, "algorithm": "hmac-sha256"});
    let key = ("idempotency-key", "\"8e03978e-40d5-43e8-bc93-6894a57f9324\"");
    let path = "/api/v1/credentials";
    let first = post(&platform, CONSUMER, path, &form, key).await;
    let entries = platform.entries().await.len();
    let again = post(&platform, CONSUMER, path, &form, key).await;
    assert_eq!((first.status, again.status), (201, 201), "{}", first.body);
    assert_eq!(first.body, again.body, "the secret that was lost on its way comes again");
    assert_eq!((first.is_replayed(), again.is_replayed()), (false, true));
    assert_eq!(platform.entries().await.len(), entries);
    let bare = ("idempotency-key", "8e03978e-40d5-43e8-bc93-6894a57f9324");
    assert!(post(&platform, CONSUMER, path, &form, bare).await.is_replayed(), "quotes or not");
    let others = post(&platform, OPERATOR, path, &form, key).await;
    assert_eq!((others.status, others.is_replayed()), (201, false), "a key is its sender's own");
}

#[tokio::test]
async fn a_key_does_not_serve_for_another_request() {
    let platform = Platform::with_service().await;
    let key = ("idempotency-key", "one");
    let form = json!({"code": "H24.50", "name": "Sở Y tế"});
    assert_eq!(post(&platform, OPERATOR, ORGANISATIONS, &form, key).await.status, 201);
    let other = json!({"code": "H24.51", "name": "Sở Y tế"});
    let refused = post(&platform, OPERATOR, ORGANISATIONS, &other, key).await;
    assert_eq!(refused.code(), (422, "idempotency.key_reused"));
    let names = json!({"name": "Sở Y tế"});
    let refused = post(&platform, OPERATOR, RENAME, &names, key).await;
    assert_eq!(refused.code(), (422, "idempotency.key_reused"));
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    let platform = Platform::with_service().await;
    let key = ("idempotency-key", "one");
    let early = json!({"code": "H24.50.01", "name": "Trung tâm"});
    let refused = post(&platform, OPERATOR, ORGANISATIONS, &early, key).await;
    assert_eq!(refused.code(), (409, "resource.conflict"));
    platform.made(OPERATOR, ORGANISATIONS, json!({"code": "H24.50", "name": "Sở Y tế"})).await;
    let made = post(&platform, OPERATOR, ORGANISATIONS, &early, key).await;
    assert_eq!((made.status, made.is_replayed()), (201, false));
}

#[tokio::test]
async fn of_one_request_sent_many_times_at_once_exactly_one_is_carried_out() {
    let platform = Platform::with_service().await;
    let before = platform.actions().await.iter().filter(|a| *a == "organisation.renamed").count();
    let names = json!({"name": "Sở Nội vụ"});
    let key = ("idempotency-key", "one");
    let send = || post(&platform, OPERATOR, RENAME, &names, key);
    let (a, b, c, d) = tokio::join!(send(), send(), send(), send());
    let after = platform.actions().await.iter().filter(|a| *a == "organisation.renamed").count();
    assert_eq!(after - before, 1);
    let all = [a, b, c, d];
    for heard in &all {
        let told = heard.status == 200 || heard.code() == (409, "idempotency.done_already");
        assert!(told, "{} {}", heard.status, heard.body);
    }
    assert!(all.iter().any(|heard| heard.status == 200 && !heard.is_replayed()));
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let platform = Platform::with_service().await;
    let (key, names) = (("idempotency-key", "one"), json!({"name": "Sở Nội vụ"}));
    post(&platform, OPERATOR, RENAME, &names, key).await;
    platform.clock.advance(evidence::repeat::KEPT + std::time::Duration::from_secs(1));
    let later = post(&platform, OPERATOR, RENAME, &names, key).await;
    assert_eq!((later.status, later.is_replayed()), (200, false));
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let platform = Platform::with_service().await;
    let long = "k".repeat(256);
    for key in ["", "\"\"", "a b", "a\"b", "\u{e9}", &long] {
        let names = json!({"name": "Sở Nội vụ"});
        let heard = post(&platform, OPERATOR, RENAME, &names, ("idempotency-key", key)).await;
        assert_eq!(heard.code(), (400, "request.malformed"), "{key}");
    }
}

#[tokio::test]
async fn of_two_people_who_change_what_they_saw_one_wins_and_the_other_is_told() {
    let platform = Platform::with_service().await;
    let path = "/api/v1/organisations/H24.12";
    let seen = read(&platform, path, &[]).await;
    let mine = json!({"name": "Sở Nội vụ"});
    let won = post(&platform, OPERATOR, RENAME, &mine, ("if-match", seen.tag())).await;
    assert_eq!(won.status, 200);
    let theirs = json!({"name": "Sở Tài chính"});
    let lost = post(&platform, STATE_MANAGER, RENAME, &theirs, ("if-match", seen.tag())).await;
    assert_eq!(lost.code(), (412, "resource.changed"));
    let now = read(&platform, path, &[]).await;
    assert_eq!((now.tag(), &now.body["name"]), (won.tag(), &json!("Sở Nội vụ")));
    let many = format!("{}, {}", seen.tag(), now.tag());
    for line in ["*", &many] {
        let made = post(&platform, OPERATOR, RENAME, &mine, ("if-match", line)).await;
        assert_eq!(made.status, 200, "{line}");
    }
    for line in ["", "abc", "\"a", "W/"] {
        let refused = post(&platform, OPERATOR, RENAME, &mine, ("if-match", line)).await;
        assert_eq!(refused.code(), (400, "request.malformed"), "{line}");
    }
    let weak = format!("W/{}", now.tag());
    let refused = post(&platform, OPERATOR, RENAME, &mine, ("if-match", &weak)).await;
    assert_eq!(refused.code(), (412, "resource.changed"), "a weak tag matches nothing here");
}

#[tokio::test]
async fn a_reader_who_has_the_answer_is_not_sent_it_again() {
    let platform = Platform::with_service().await;
    let path = "/api/v1/organisations/H24.12";
    let first = read(&platform, path, &[]).await;
    let weak = format!("\"x\", W/{}", first.tag());
    for known in [first.tag(), &weak, "*"] {
        let spared = read(&platform, path, &[("if-none-match", known)]).await;
        assert_eq!((spared.status, &spared.body), (304, &Value::Null), "{known}");
        assert_eq!(spared.tag(), first.tag());
    }
    assert_eq!(read(&platform, path, &[("if-none-match", "\"x\"")]).await.status, 200);
}
