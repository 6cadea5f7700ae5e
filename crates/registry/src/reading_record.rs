//! An auditor only reads, and what it read is recorded: the entry is durable before the answer
//! leaves. Nobody else's reading of the registry is: it holds no personal data and no secrets.

use std::collections::BTreeMap;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use evidence::Recorder;
use web::{Authenticated, Refusal};
use wire::id::Role;

use crate::refused::Refused;

const ACTION: &str = "registry.read";

/// Middleware inside the sign-on: records the readings of auditors.
pub(crate) async fn record(
    State(recorder): State<Recorder>,
    request: Request,
    next: Next,
) -> Response {
    let signed_on = request.extensions().get::<Authenticated>();
    let auditor = signed_on.filter(|Authenticated(actor)| actor.role == Role::Auditor).cloned();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let Some(Authenticated(actor)) = auditor.filter(|_| reads) else {
        return response;
    };
    let subject = BTreeMap::from([("path".to_owned(), path)]);
    let status = response.status().as_str().to_owned();
    match recorder.access(&actor, ACTION, subject, &status).await {
        Ok(_) => response,
        Err(error) => Refusal::from(Refused::from(error)).into_response(),
    }
}
