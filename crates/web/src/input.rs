//! What comes in: JSON bodies, query strings and path segments as types, and refusals that name
//! the field that was wrong.
//!
//! Read first: [`Json`], then [`shape`] for how a wrong shape is explained and [`field`] for how
//! text becomes a type.
//!
//! **Invariant**: what a type does not name is refused, never ignored, so that a misspelt option
//! cannot pass for an accepted one. **Trust**: bodies are read up to [`MAX_BODY_BYTES`] only.

pub mod document;
pub mod field;
pub mod shape;

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use wire::error_code::ErrorCode;
use wire::problem::Text;

use crate::refusal::Refusal;

/// The longest JSON body that is read, in bytes.
pub const MAX_BODY_BYTES: usize = 256 * 1024;

/// The longest body of [`LongJson`], in bytes.
pub const MAX_LONG_BODY_BYTES: usize = 64 * 1024 * 1024;

/// How many long bodies are read at once.
static READING: Semaphore = Semaphore::const_new(2);

/// A JSON body, in or out. Types for the way in say `#[serde(deny_unknown_fields)]`. No body at
/// all counts as `{}`, whatever its media type: a step that needs no field needs no body.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

/// A long JSON body: a whole registry is one. For the few routes that say so, and ask who may before
/// they ask for it.
#[derive(Debug, Clone)]
pub struct LongJson<T>(pub T);

/// The query string. Its types say `#[serde(deny_unknown_fields)]` too.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

/// Segments of the path.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        read_json(request, MAX_BODY_BYTES).await.map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for LongJson<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        // Closed never, so that the permit is always given in the end.
        let _one_of_few = READING.acquire().await;
        read_json(request, MAX_LONG_BODY_BYTES).await.map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        shape::from_query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(segments)) => Ok(Self(segments)),
            Err(rejection) => Err(not_a_path(&rejection)),
        }
    }
}

async fn read_json<T: DeserializeOwned>(request: Request, most: usize) -> Result<T, Refusal> {
    let is_json = must_be_json(request.headers());
    let body = Limited::new(request.into_body(), most).collect().await;
    let body = body.map_err(|error| not_read(error.as_ref(), most))?.to_bytes();
    if body.is_empty() {
        return shape::from_json(b"{}");
    }
    is_json?;
    shape::from_json(&body)
}

fn must_be_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let named = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = named.and_then(|named| named.split(';').next()).unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Refusal::new(
        ErrorCode::MediaTypeUnsupported,
        Text::new("Phần thân phải là application/json.", "The body must be application/json."),
    ))
}

/// The caller sent more than `most` bytes, or stopped sending.
pub(crate) fn not_read(error: &(dyn std::error::Error + 'static), most: usize) -> Refusal {
    if error.is::<LengthLimitError>() {
        return Refusal::new(ErrorCode::RequestTooLarge, longer_than(most));
    }
    Refusal::new(
        ErrorCode::RequestMalformed,
        Text::new("Không đọc được hết phần thân.", "The body could not be read to its end."),
    )
}

fn longer_than(most: usize) -> Text {
    Text::new(
        format!("Phần thân dài hơn {most} byte."),
        format!("The body is longer than {most} bytes."),
    )
}

fn not_a_path(rejection: &PathRejection) -> Refusal {
    Refusal::new(
        ErrorCode::RequestMalformed,
        Text::new(
            format!("Không đọc được đường dẫn ({})", rejection.body_text()),
            format!("The path could not be read ({})", rejection.body_text()),
        ),
    )
}
