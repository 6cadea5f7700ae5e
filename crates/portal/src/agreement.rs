//! `/connections/{id}/agreement`: an agreement as a page to print and to file.
//!
//! What stands there is the registry's [`Document`], part by part; the digest at its foot is that of
//! its plain text, which the control API serves and the entry of the approval bears. It is a
//! document of Vietnamese law and so in Vietnamese only.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use registry::Registry;
use registry::connection::agreement::{Agreement, Document, seen_by};
use web::{Authenticated, Refusal, field};
use wire::id::ConnectionId;

use crate::page::answer;

const STYLESHEET: &str = include_str!("agreement.css");

#[derive(Template)]
#[template(path = "agreement.html")]
struct Page<'a> {
    document: &'a Document,
    approved: bool,
    digest: &'a str,
}

/// The page. The caller puts [`web::require_sign_on`] around it.
pub fn routes(registry: &Registry) -> Router {
    let routes =
        Router::new().route("/connections/{id}/agreement", get(show)).with_state(registry.clone());
    registry.record_readings(routes)
}

async fn show(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let id: ConnectionId = field::parse("id", &id)?;
    Ok(page(&seen_by(&registry, &actor, &id).await?))
}

pub(crate) fn page(agreement: &Agreement) -> Response {
    answer(&Page {
        document: &agreement.document,
        approved: agreement.approved_at.is_some(),
        digest: &agreement.digest,
    })
}

/// `/assets/agreement.css`.
pub(crate) async fn stylesheet() -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("max-age=300")),
    ];
    (headers, STYLESHEET).into_response()
}
