//! `/api/docs`: the control API for a reader, made from the OpenAPI document and nothing else.

mod outline;
mod prose;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::Shown;
use crate::page::{Reader, Words, answer};
use outline::Group;
use prose::Block;

#[derive(Template)]
#[template(path = "api_docs.html")]
struct ApiDocs {
    words: Words,
    groups: Vec<Group>,
}

pub(crate) async fn show(State(shown): State<Arc<Shown>>, Reader(language): Reader) -> Response {
    answer(&ApiDocs { words: Words(language), groups: outline::of(&shown.openapi) })
}
