//! A refusal on its way out: a [`Problem`] that becomes a response.
//!
//! A handler knows neither the reader's language nor the request's id, so it hands over the
//! [`Problem`] itself; [`surface`](crate::surface::surface), which knows both, writes the body.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use wire::error_code::{ErrorCode, Retry};
use wire::problem::{Language, PROBLEM_JSON, Problem, Text};

/// What a handler returns instead of an answer.
#[derive(Debug, Clone)]
pub struct Refusal(pub Problem);

/// The problem of a response that still waits for its language and request id.
#[derive(Clone)]
pub(crate) struct Unfinished(pub(crate) Arc<Problem>);

impl Refusal {
    /// `detail` says what was wrong with *this* request; what the code means in general stands in
    /// its title and next step already.
    pub fn new(code: ErrorCode, detail: Text) -> Self {
        Self(Problem::new(code, detail))
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let problem = Arc::new(self.0);
        let mut response = problem_response(&problem, Language::Vietnamese);
        response.extensions_mut().insert(Unfinished(problem));
        response
    }
}

/// Status, body and the headers that belong to the problem itself.
pub(crate) fn problem_response(problem: &Problem, language: Language) -> Response {
    let status =
        StatusCode::from_u16(problem.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, problem.to_json(language)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Retry::AfterSeconds(seconds) = problem.retry() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
