//! The pages people see: what runs here, the control API explained, every error code explained.
//!
//! Read first: [`landing`] (`/`), then [`api_docs`] (`/api/docs`) and [`error_pages`]
//! (`/docs/errors`, where the `type` of every problem points), [`agreement`] (the one page that is for
//! those who are signed on). A page is a handler, a view and a
//! template side by side; `layout.html` frames them all.
//!
//! **Invariant**: no page carries a script, inline or linked, and every value goes through the
//! template's escaping. **Trust**: pages show what is public anyway, and agreements
//! to whom the registry shows them; whoever controls this crate could mislead a reader, but holds no
//! key and no session.

pub mod agreement;
pub mod api_docs;
pub mod error_pages;
pub mod landing;
mod page;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

/// What the pages show that only the running platform knows.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Where systems send their calls, e.g. `http://127.0.0.1:8081`.
    pub gateway_url: String,
    /// The evidence logs of this platform.
    pub logs: Vec<ShownLog>,
    /// The OpenAPI 3.1 document of the control API.
    pub openapi: serde_json::Value,
    /// `true` when everything here is sample data.
    pub demo: bool,
}

/// One evidence log, as a reader finds it.
#[derive(Debug, Clone)]
pub struct ShownLog {
    /// The origin that stands in its checkpoints.
    pub origin: String,
    /// Path of the log on this listener, without a trailing slash.
    pub path: String,
}

/// All pages. Mount it beside the API; it owns `/`, `/api/docs`, `/docs/errors` and `/assets/…`.
pub fn router(shown: Shown) -> Router {
    Router::new()
        .route("/", get(landing::show))
        .route("/api/docs", get(api_docs::show))
        .route("/docs/errors", get(error_pages::show))
        .route("/assets/portal.css", get(page::stylesheet))
        .route("/assets/agreement.css", get(agreement::stylesheet))
        .with_state(Arc::new(shown))
}
