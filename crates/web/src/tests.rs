mod shapes;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode, header};
use axum::routing::{get, post};
use evidence::Actor;
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use testkit::{SeededRandomness, TestClock};
use tower::ServiceExt;
use wire::error_code::ErrorCode;
use wire::id::Role;
use wire::problem::{Problem, Text};

use crate::*;

/// Knows one token.
struct OneToken;

impl Authenticator for OneToken {
    fn authenticate<'a>(&'a self, bearer: &'a str) -> Authentication<'a> {
        Box::pin(async move {
            if bearer == "right" {
                return Ok(Actor {
                    organisation: "H24.12".parse().unwrap(),
                    role: Role::OrganisationAdmin,
                    credential: "t1".to_owned(),
                });
            }
            Err(Problem::new(ErrorCode::TokenInvalid, Text::new("Mã sai.", "A wrong token.")))
        })
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    name: String,
    #[serde(default)]
    parts: Vec<Part>,
    whole: Option<Part>,
    size: Option<Size>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Size {
    Small,
    Large,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OptionalForm {
    reason: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    size: u32,
}

async fn who(Authenticated(actor): Authenticated) -> String {
    actor.organisation.to_string()
}

async fn echo(Json(form): Json<Form>) -> Json<Form> {
    Json(form)
}

async fn optional(Json(form): Json<OptionalForm>) -> Json<OptionalForm> {
    Json(form)
}

async fn paged(Query(query): Query<PageQuery>) -> Result<String, Refusal> {
    let page = PageRequest::try_from(query)?;
    Ok(format!("{} {}", page.after, page.limit))
}

async fn careless() -> &'static str {
    "this handler never asks who it is"
}

async fn broken() -> &'static str {
    panic!("a handler of this test breaks on purpose")
}

fn listener() -> Router {
    let private = Router::new()
        .route("/who", get(who))
        .route("/careless", get(careless))
        .route("/echo", post(echo))
        .route("/optional", post(optional))
        .route("/paged", get(paged))
        .route("/broken", get(broken));
    let unprotected = Router::new().route("/unprotected/who", get(who));
    let ambient = Ambient {
        clock: Arc::new(TestClock::default()),
        randomness: Arc::new(SeededRandomness::new(1)),
    };
    surface(require_sign_on(private, Arc::new(OneToken)).merge(unprotected), ambient)
}

fn request(method: Method, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header(header::AUTHORIZATION, "Bearer right")
}

async fn send(request: Request<Body>) -> Response<Body> {
    listener().oneshot(request).await.unwrap()
}

async fn problem(request: Request<Body>) -> (StatusCode, Value) {
    let response = send(request).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn posted(body: impl Into<Body>) -> (StatusCode, Value) {
    let request = request(Method::POST, "/echo").header(header::CONTENT_TYPE, "application/json");
    problem(request.header(header::ACCEPT_LANGUAGE, "en").body(body.into()).unwrap()).await
}

#[tokio::test]
async fn a_signed_on_actor_is_known_to_the_handler() {
    let response = send(request(Method::GET, "/who").body(Body::empty()).unwrap()).await;
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "H24.12");
}

#[tokio::test]
async fn a_stranger_reaches_no_handler_not_even_one_that_does_not_ask() {
    for path in ["/who", "/careless", "/unprotected/who"] {
        let nobody = Request::get(path).body(Body::empty()).unwrap();
        let (status, problem) = problem(nobody).await;
        assert_eq!((status.as_u16(), &problem["code"]), (401, &"token.missing".into()), "{path}");
    }
}

#[tokio::test]
async fn a_wrong_token_and_two_tokens_are_refused() {
    let wrong = Request::get("/who").header(header::AUTHORIZATION, "Bearer wrong");
    let (_, refusal) = problem(wrong.body(Body::empty()).unwrap()).await;
    assert_eq!(refusal["code"], "token.invalid");
    let two = request(Method::GET, "/who").header(header::AUTHORIZATION, "Bearer right");
    let (_, refusal) = problem(two.body(Body::empty()).unwrap()).await;
    assert_eq!(refusal["code"], "token.missing");
    let basic = Request::get("/who").header(header::AUTHORIZATION, "Basic right");
    let (_, refusal) = problem(basic.body(Body::empty()).unwrap()).await;
    assert_eq!(refusal["code"], "token.missing");
}

#[tokio::test]
async fn without_the_sign_on_layer_nobody_is_signed_on() {
    let bearer = request(Method::GET, "/unprotected/who").body(Body::empty()).unwrap();
    assert_eq!(problem(bearer).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_refusal_speaks_the_readers_language_and_names_request_and_path() {
    let vi = request(Method::GET, "/nowhere").body(Body::empty()).unwrap();
    let (status, vi) = problem(vi).await;
    let en = request(Method::GET, "/nowhere").header(header::ACCEPT_LANGUAGE, "en-GB");
    let en = send(en.body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(vi["detail"], "Không có gì ở đường dẫn này.");
    assert_eq!(vi["instance"], "/nowhere");
    assert!(vi["request_id"].is_string());
    assert_eq!(en.headers()[header::CONTENT_LANGUAGE], "en");
    let id = en.headers()[wire::header::LGSP_REQUEST_ID].to_str().unwrap().to_owned();
    let body = en.into_body().collect().await.unwrap().to_bytes();
    let en: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(en["detail"], "There is nothing at this path.");
    assert_eq!(en["request_id"], Value::from(id));
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let response = send(request(Method::DELETE, "/who").body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    assert_eq!(response.headers()[header::ALLOW], "GET,HEAD");
}

#[tokio::test]
async fn every_response_keeps_browsers_from_guessing() {
    for path in ["/who", "/nowhere"] {
        let response = send(request(Method::GET, path).body(Body::empty()).unwrap()).await;
        let headers = response.headers();
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store", "{path}");
        assert!(headers.contains_key(header::CONTENT_SECURITY_POLICY), "{path}");
        assert!(headers.contains_key(wire::header::LGSP_REQUEST_ID), "{path}");
    }
}

#[tokio::test]
async fn a_handler_that_breaks_is_the_platforms_fault_and_nothing_more() {
    let (status, refusal) =
        problem(request(Method::GET, "/broken").body(Body::empty()).unwrap()).await;
    assert_eq!((status.as_u16(), &refusal["fault"]), (500, &"platform".into()));
    assert_eq!(refusal["code"], "platform.internal");
}

#[tokio::test]
async fn a_handler_comes_to_its_end_though_the_client_hung_up() {
    let (begun, wait_for_begun) = tokio::sync::oneshot::channel::<()>();
    let (go_on, may_go_on) = tokio::sync::oneshot::channel::<()>();
    let (ended, wait_for_end) = tokio::sync::oneshot::channel::<()>();
    let once = Arc::new(tokio::sync::Mutex::new(Some((begun, may_go_on, ended))));
    let slow = move || {
        let once = Arc::clone(&once);
        async move {
            let (begun, may_go_on, ended) = once.lock().await.take().unwrap();
            begun.send(()).unwrap();
            may_go_on.await.unwrap();
            ended.send(()).unwrap();
        }
    };
    let ambient = Ambient {
        clock: Arc::new(TestClock::default()),
        randomness: Arc::new(SeededRandomness::new(1)),
    };
    let listener = surface(Router::new().route("/slow", get(slow)), ambient);
    let request = Request::get("/slow").body(Body::empty()).unwrap();
    let client = tokio::spawn(listener.oneshot(request));
    wait_for_begun.await.unwrap();
    client.abort();
    assert!(client.await.unwrap_err().is_cancelled());
    go_on.send(()).unwrap();
    wait_for_end.await.unwrap();
}

#[test]
fn a_page_knows_whether_there_is_a_next_one() {
    let page = PageRequest::new(None, Some(2)).unwrap();
    assert_eq!(page.rows(), 3);
    let full = page.page(vec![1, 2, 3], ToString::to_string);
    assert_eq!((full.items, full.next), (vec![1, 2], Some("2".to_owned())));
    let last = page.page(vec![1, 2], ToString::to_string);
    assert_eq!((last.items, last.next), (vec![1, 2], None));
}
