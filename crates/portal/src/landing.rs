//! `/`: where everything on this platform is.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::page::{Reader, Words, answer};
use crate::{Shown, ShownLog};

#[derive(Template)]
#[template(path = "landing.html")]
struct Landing<'a> {
    words: Words,
    demo: bool,
    gateway_url: &'a str,
    logs: &'a [ShownLog],
}

pub(crate) async fn show(State(shown): State<Arc<Shown>>, Reader(language): Reader) -> Response {
    answer(&Landing {
        words: Words(language),
        demo: shown.demo,
        gateway_url: &shown.gateway_url,
        logs: &shown.logs,
    })
}
