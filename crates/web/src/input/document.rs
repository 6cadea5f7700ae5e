//! A body that is taken as it is.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use http_body_util::{BodyExt, Limited};
use wire::error_code::ErrorCode;

use super::not_read;
use crate::refusal::Refusal;

/// The bytes of a body of at most `MAX_BYTES`, and what they are said to be. A longer one is
/// refused by its announced length, or as soon as it turns out to be longer.
#[derive(Debug, Clone)]
pub struct Document<const MAX_BYTES: usize> {
    /// The media type in lower case, without parameters; empty if none is named.
    pub media_type: String,
    /// The body.
    pub bytes: Bytes,
}

impl<S: Send + Sync, const MAX_BYTES: usize> FromRequest<S> for Document<MAX_BYTES> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let announced = text(header::CONTENT_LENGTH).and_then(|text| text.parse::<usize>().ok());
        if announced.is_some_and(|length| length > MAX_BYTES) {
            return Err(Refusal::new(ErrorCode::RequestTooLarge, super::longer_than(MAX_BYTES)));
        }
        let media_type = text(header::CONTENT_TYPE).unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        let media_type = media_type.to_ascii_lowercase();
        let body = Limited::new(body, MAX_BYTES).collect().await;
        let bytes = body.map_err(|error| not_read(error.as_ref(), MAX_BYTES))?.to_bytes();
        Ok(Self { media_type, bytes })
    }
}
