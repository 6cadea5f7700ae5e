//! The operations listener: is it alive, can it work, what does it count.
//!
//! **Trust**: no sign-on here, so it stands on loopback by default and shows nothing of who called
//! whom.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;

/// One thing a node needs to work.
#[derive(Debug, Clone)]
pub(super) struct Need {
    /// `database`, `log`, `nodes`, `gateway`.
    pub(super) name: &'static str,
    /// `None` if it is there, otherwise why it isn't.
    pub(super) lacking: Option<String>,
}

/// Looks at what the node needs; asked at each `/readyz`.
pub(super) trait Readiness: Send + Sync {
    /// All needs, met or not.
    fn needs(&self) -> impl Future<Output = Vec<Need>> + Send;
}

struct Operations<R> {
    readiness: R,
    metrics: PrometheusHandle,
}

/// `/healthz`, `/readyz` and `/metrics`.
pub(super) fn routes<R: Readiness + 'static>(readiness: R, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz::<R>))
        .route("/metrics", get(render::<R>))
        .with_state(Arc::new(Operations { readiness, metrics }))
}

/// Alive: the process answers. Nothing else is looked at, so that a broken disk does not make an
/// orchestrator restart a node in a loop.
async fn healthz() -> &'static str {
    "ok\n"
}

/// Ready: 200 if every need is met, else 503; one line per need either way.
async fn readyz<R: Readiness>(State(operations): State<Arc<Operations<R>>>) -> Response {
    let needs = operations.readiness.needs().await;
    let ready = needs.iter().all(|need| need.lacking.is_none());
    let mut lines = String::new();
    for need in &needs {
        let state = need.lacking.as_deref().unwrap_or("ok");
        // Writing to a string does not fail.
        let _ = writeln!(lines, "{}: {state}", need.name);
    }
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, lines).into_response()
}

async fn render<R: Readiness>(State(operations): State<Arc<Operations<R>>>) -> Response {
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], operations.metrics.render()).into_response()
}
