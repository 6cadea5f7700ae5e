//! What every answer of the control listener has in common, whoever made it.
//!
//! A request gets its id; a refusal gets the reader's language, that id and the path; every
//! response gets the headers that keep browsers from guessing; unknown paths and methods are
//! problems like any other.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use wire::ambient::{Clock, Randomness};
use wire::error_code::{ErrorCode, Fault};
use wire::id::RequestId;
use wire::problem::{Language, Problem, Text};

use crate::refusal::{Refusal, Unfinished, problem_response};

/// Time and randomness for request ids.
#[derive(Clone)]
pub struct Ambient {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub randomness: Arc<dyn Randomness>,
}

/// Puts the common surface around all routes of a listener. To be called once, last.
pub fn surface(routes: Router, ambient: Ambient) -> Router {
    routes
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(ambient, finish))
}

async fn unknown_path() -> Refusal {
    Refusal::new(
        ErrorCode::ResourceNotFound,
        Text::new("Không có gì ở đường dẫn này.", "There is nothing at this path."),
    )
}

async fn wrong_method(method: Method) -> Refusal {
    Refusal::new(
        ErrorCode::MethodNotAllowed,
        Text::new(
            format!("Đường dẫn này không nhận phương thức {method}."),
            format!("This path does not take {method}."),
        ),
    )
}

async fn finish(State(ambient): State<Ambient>, mut request: Request, next: Next) -> Response {
    let id = RequestId::new(ambient.clock.now(), ambient.randomness.as_ref());
    request.extensions_mut().insert(id);
    let language = reader_language(request.headers());
    let uri = request.uri().clone();
    let mut response = run_to_its_end(request, next).await;
    if let Some(Unfinished(problem)) = response.extensions_mut().remove() {
        response = finish_problem(&problem, &id, &uri, language, response.headers());
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(HeaderName::from_static(wire::header::LGSP_REQUEST_ID), id);
    }
    guard(headers);
    response
}

/// A task of its own: a client that hangs up drops its request's future, and a command dropped
/// between its commit and what must follow from it would leave the change without effect.
async fn run_to_its_end(request: Request, next: Next) -> Response {
    match tokio::spawn(next.run(request)).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(%error, "a handler did not come to its end");
            let detail = Text::new("Nền tảng gặp lỗi.", "The platform failed.");
            Refusal::new(ErrorCode::PlatformInternal, detail).into_response()
        }
    }
}

/// Writes the body that the handler could not.
fn finish_problem(
    problem: &Problem,
    id: &RequestId,
    uri: &Uri,
    language: Language,
    headers_so_far: &HeaderMap,
) -> Response {
    let mut problem = problem.clone();
    problem.request_id = Some(*id);
    problem.instance = Some(uri.path().to_owned());
    if problem.code.fault() == Fault::Platform {
        tracing::error!(request_id = %id, code = problem.code.as_str(),
            detail = %problem.detail.en, "a request failed for a reason of ours");
    }
    let mut response = problem_response(&problem, language);
    if let Some(allow) = headers_so_far.get(header::ALLOW) {
        response.headers_mut().insert(header::ALLOW, allow.clone());
    }
    response
}

fn reader_language(headers: &HeaderMap) -> Language {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    Language::from_accept_language(wanted)
}

/// Headers that a page or file may set more narrowly itself, and that stand otherwise.
fn guard(headers: &mut HeaderMap) {
    let guards = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in guards {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
