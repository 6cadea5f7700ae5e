//! First step: one request with one meaning, for us.

use crate::caller::Ask;
use crate::city::{City, Setting, city};
use crate::policy::SERVICE;
use crate::provider::Provider;

/// Sends raw bytes over a fresh connection; the answer's status and code.
async fn raw(city: &City, request: &str) -> (u16, String) {
    let request = request.replace("HOST", &city.address().to_string());
    let request = request.replace("SCHEME", crate::cell::scheme());
    let answer = city.line().await.ask(request.as_bytes()).await;
    let id = answer.header("lgsp-request-id").unwrap();
    assert_eq!(answer.json()["request_id"], id);
    (answer.status, answer.code())
}

#[tokio::test]
async fn what_is_not_one_request_with_one_meaning_is_refused() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let malformed = (400, "request.malformed".to_owned());
    for request in [
        "GET / HTTP/1.1\r\nHost : HOST\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: HOST\r\n folded: 1\r\n\r\n",
        "GET / HTTP/1.1\nHost: HOST\n\n",
        "nonsense\r\n\r\n",
        "GET /\0 HTTP/1.1\r\nHost: HOST\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "POST / HTTP/1.0\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n",
    ] {
        assert_eq!(raw(&city, request).await, malformed, "{request:?}");
    }
}

#[tokio::test]
async fn host_stands_once_and_names_this_gateway() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let bad_host = (400, "request.host_invalid".to_owned());
    for request in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost:\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: HOST\r\nHost: HOST\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: HOST, HOST\r\n\r\n",
        "GET SCHEME://HOST/ HTTP/1.1\r\nHost: other.example\r\n\r\n",
    ] {
        let (status, code) = raw(&city, request).await;
        let is_foreign = request.contains(", HOST");
        let expected = if is_foreign {
            (421, "request.foreign_authority".to_owned())
        } else {
            bad_host.clone()
        };
        assert_eq!((status, code), expected, "{request:?}");
    }
    for request in [
        "GET / HTTP/1.1\r\nHost: other.example\r\n\r\n",
        "GET SCHEME://other.example/ HTTP/1.1\r\nHost: other.example\r\n\r\n",
    ] {
        let foreign = (421, "request.foreign_authority".to_owned());
        assert_eq!(raw(&city, request).await, foreign);
    }
}

#[tokio::test]
async fn a_path_that_could_be_read_in_two_ways_is_refused_before_anyone_looks_at_its_signature() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    for path in [
        "/a/../b",
        "/a/%2e%2e/b",
        "/./a",
        "//a",
        "/a//b",
        "/a%2fb",
        "/a%5Cb",
        "/a\\b",
        "/a%00b",
        "/a#fragment",
        "/a?q#fragment",
        "/a%zz",
        "*",
        "HOST",
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: HOST\r\n\r\n");
        let refusal = (400, "request.path_not_normal".to_owned());
        assert_eq!(raw(&city, &request).await, refusal, "{path}");
    }
    let signed = Ask::get("/../x");
    assert_eq!(city.ask(&signed).await.code(), "request.path_not_normal");
}

#[tokio::test]
async fn a_head_beyond_its_bounds_is_refused() {
    let provider = Provider::friendly().await;
    let mut setting = Setting::new(provider.address);
    setting.config.limits.max_head_bytes = 2048;
    setting.config.limits.max_fields = 20;
    let city = setting.start().await;
    let too_large = (431, "request.head_too_large".to_owned());
    let long = format!("GET / HTTP/1.1\r\nHost: HOST\r\nX: {}\r\n\r\n", "x".repeat(3000));
    assert_eq!(raw(&city, &long).await, too_large);
    let many = format!("GET / HTTP/1.1\r\nHost: HOST\r\n{}\r\n", "X: 1\r\n".repeat(20));
    assert_eq!(raw(&city, &many).await, too_large);
    let most = format!("GET / HTTP/1.1\r\nHost: HOST\r\n{}\r\n", "X: 1\r\n".repeat(MOST));
    assert_eq!(raw(&city, &most).await, too_large);
    assert_eq!(city.ask(&Ask::get("/")).await.status, 200);
}

/// More lines than any configuration allows.
const MOST: usize = gateway::MOST_FIELDS;

#[tokio::test]
async fn an_absolute_target_is_served_like_a_relative_one() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let bytes = Ask::get("/units").bytes(&city);
    let text = String::from_utf8(bytes).unwrap();
    let absolute =
        text.replacen(&format!("GET /{SERVICE}"), &format!("GET {}/{SERVICE}", city.public), 1);
    assert_eq!(city.line().await.ask(absolute.as_bytes()).await.status, 200);
    assert_eq!(provider.only().target, "/units");
}

#[tokio::test]
async fn refusals_are_spoken_in_the_language_that_is_asked_for() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let request = |line: &str| format!("GET / HTTP/1.1\r\nHost: {}\r\n{line}\r\n", city.address());
    let vietnamese = city.line().await.ask(request("").as_bytes()).await;
    let english = city.line().await.ask(request("Accept-Language: en\r\n").as_bytes()).await;
    assert_eq!(vietnamese.header("content-language"), Some("vi"));
    assert_eq!(english.header("content-language"), Some("en"));
    assert_eq!(english.json()["detail"], "The request has no signature with tag=\"lgsp\".");
    assert_ne!(vietnamese.json()["title"], english.json()["title"]);
}
