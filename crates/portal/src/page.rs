//! What all pages share: the language of the reader, the frame, the headers of safety.

use askama::Template;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use wire::problem::Language;

/// Nothing but our own stylesheet loads, nothing frames a page, no form leaves.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const STYLESHEET: &str = include_str!("portal.css");

/// The reader's language: `?lang=vi|en`, else `Accept-Language`, else Vietnamese.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader(pub(crate) Language);

impl<S: Send + Sync> FromRequestParts<S> for Reader {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let asked = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).ok();
        let asked = asked.and_then(|Query(pairs)| {
            pairs.into_iter().find_map(|(name, value)| (name == "lang").then_some(value))
        });
        Ok(Self(match asked.as_deref() {
            Some("vi") => Language::Vietnamese,
            Some("en") => Language::English,
            _ => {
                let accepted = parts.headers.get(header::ACCEPT_LANGUAGE);
                Language::from_accept_language(accepted.and_then(|value| value.to_str().ok()))
            }
        }))
    }
}

/// The two languages side by side in a template: `{{ words.say("Tiếng Việt", "English") }}`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words(pub(crate) Language);

impl Words {
    /// The text in the reader's language.
    pub(crate) fn say<'a>(self, vietnamese: &'a str, english: &'a str) -> &'a str {
        match self.0 {
            Language::Vietnamese => vietnamese,
            Language::English => english,
        }
    }

    /// The BCP 47 tag of the page.
    pub(crate) fn tag(self) -> &'static str {
        self.say("vi", "en")
    }
}

/// The page as an answer. A template that fails to render is a fault of ours: 500 and no detail.
pub(crate) fn answer(page: &impl Template) -> Response {
    let Ok(html) = page.render() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)),
        (header::VARY, HeaderValue::from_static("accept-language")),
    ];
    (headers, html).into_response()
}

/// `/assets/portal.css`.
pub(crate) async fn stylesheet() -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("max-age=300")),
    ];
    (headers, STYLESHEET).into_response()
}
