//! One log line per request to the control listener.
//!
//! **Invariant**: the line holds the route's template (`/api/v1/connections/{id}`), never the path
//! or the query, for those can hold what only the parties may know; and no word that a stranger
//! chose becomes the name of a metric.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use wire::ambient::Clock;
use wire::header::LGSP_REQUEST_ID;

/// Middleware: passes the request on, then writes its line and counts it.
pub async fn log(State(clock): State<Arc<dyn Clock>>, request: Request, next: Next) -> Response {
    let started = clock.now();
    let method = known(request.method());
    let matched = request.extensions().get::<MatchedPath>();
    let template = matched.map_or("(no route)", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    let micros = clock.now().as_micros().saturating_sub(started.as_micros());
    let took_us = u64::try_from(micros).unwrap_or(0);
    let status = response.status().as_u16();
    let request_id = response.headers().get(LGSP_REQUEST_ID);
    let request_id = request_id.and_then(|value| value.to_str().ok()).unwrap_or("-");
    tracing::info!(
        target: "lgsp::access",
        method, path = template, status, took_us, request_id,
        "control request"
    );
    metrics::counter!(
        "lgsp_control_requests_total",
        "method" => method, "path" => template, "status" => status.to_string()
    )
    .increment(1);
    metrics::histogram!("lgsp_control_request_seconds")
        .record(Duration::from_micros(took_us).as_secs_f64());
    response
}

/// The method, if it is one of HTTP's own: each word that stood here would be counted for ever,
/// and strangers choose it.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
