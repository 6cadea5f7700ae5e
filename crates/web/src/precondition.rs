//! Two people at one thing: whoever changes it says which state of it they saw (RFC 9110 §13).
//!
//! The tag of a thing is the hash of what its reader is shown, so there is no counter to keep: the
//! answer of a `GET` bears it ([`Tagged`]), and a change that sends it back as `If-Match` is made
//! only if the thing is still shown so ([`IfMatch::require`], asked inside the transaction that
//! changes it, where nobody else writes).

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, Required};
use wire::error_code::ErrorCode;
use wire::merkle::sha256;
use wire::problem::Text;

use crate::refusal::Refusal;

/// The most bytes of an `If-Match` or `If-None-Match` line that are read: some fifty tags.
const MAX_LINE_BYTES: usize = 4 * 1024;
/// What of a list of tags can be said in a schema.
const TAGS_PATTERN: &str = r#"^(\*|(W/)?"[!#-~]*"(, *(W/)?"[!#-~]*")*)$"#;

/// One thing as JSON, with its tag in `ETag`.
#[derive(Debug, Clone)]
pub struct Tagged<T>(pub T);

/// The state in which the caller saw what is to be changed, if they said so.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum IfMatch {
    /// No `If-Match`: whatever the state.
    #[default]
    Unsaid,
    /// `*`: whatever the state, as long as there is one.
    Any,
    /// One of these tags, as they stand in the line.
    OneOf(Vec<String>),
}

impl IfMatch {
    /// Like [`Self::require`], and refuses with `resource.tag_needed` whoever does not say what they
    /// saw: for decisions about content that others can still change.
    pub fn require_said<T: Serialize>(&self, shown: &T) -> Result<(), Refusal> {
        match self {
            Self::OneOf(_) => self.require(shown),
            Self::Unsaid | Self::Any => Err(Refusal::new(
                ErrorCode::ResourceTagNeeded,
                Text::new(
                    "Yêu cầu thiếu «If-Match» với thẻ của nội dung đã xem.",
                    "The request lacks `If-Match` with the tag of what was seen.",
                ),
            )),
        }
    }

    /// Refuses with `resource.changed` unless `shown` is as the caller saw it. `shown` is what a
    /// `GET` by the same caller answers, read within the change.
    pub fn require<T: Serialize>(&self, shown: &T) -> Result<(), Refusal> {
        let Self::OneOf(tags) = self else {
            return Ok(());
        };
        let now = tag(&body(shown)?);
        if tags.contains(&now) { Ok(()) } else { Err(changed(&now)) }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        match tags(&parts.headers, &header::IF_MATCH)? {
            None => Ok(Self::Unsaid),
            Some(tags) if tags == ["*"] => Ok(Self::Any),
            Some(tags) => Ok(Self::OneOf(tags)),
        }
    }
}

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let tags = ObjectBuilder::new().schema_type(Type::String).pattern(Some(TAGS_PATTERN));
        let line = ParameterBuilder::new()
            .name("If-Match")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(
                "The `ETag` that a reading of this came with: the change is made only if nobody \
                 changed it since.",
            ))
            .schema(Some(tags));
        vec![line.build()]
    }
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        match body(&self.0) {
            Ok(body) => with_tag(body),
            Err(refusal) => refusal.into_response(),
        }
    }
}

/// Middleware: a reader who has the answer already is told so (304) instead of being sent it again.
pub async fn spare_what_is_known(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = if reads { tags(request.headers(), &header::IF_NONE_MATCH) } else { Ok(None) };
    let response = next.run(request).await;
    let tag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
    let (Ok(Some(known)), Some(tag), StatusCode::OK) = (known, tag, response.status()) else {
        return response;
    };
    // The weak comparison of RFC 9110 §8.8.3.2.
    let same = |known: &String| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag;
    if known.iter().any(same) { not_modified(&response) } else { response }
}

fn not_modified(response: &Response) -> Response {
    let mut short = StatusCode::NOT_MODIFIED.into_response();
    for name in [header::ETAG, header::CACHE_CONTROL, header::VARY] {
        if let Some(value) = response.headers().get(&name) {
            short.headers_mut().insert(name, value.clone());
        }
    }
    short
}

fn with_tag(body: Vec<u8>) -> Response {
    let tag = HeaderValue::from_str(&tag(&body));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(tag) = tag {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn body<T: Serialize>(shown: &T) -> Result<Vec<u8>, Refusal> {
    serde_json::to_vec(shown).map_err(|error| {
        tracing::error!(%error, "an answer could not be written");
        let detail = Text::new("Nền tảng gặp lỗi.", "The platform failed.");
        Refusal::new(ErrorCode::PlatformInternal, detail)
    })
}

/// A strong tag: `"` + the base64 of the SHA-256 of the body + `"`.
fn tag(body: &[u8]) -> String {
    format!("\"{}\"", hash_text(&[body]))
}

/// The SHA-256 of some bytes one after the other, in base64.
pub(crate) fn hash_text(parts: &[&[u8]]) -> String {
    STANDARD.encode(sha256(parts))
}

/// The tags of a list of RFC 9110 §8.8.3, quotes and all; `None` if there is no such line.
fn tags(headers: &HeaderMap, name: &header::HeaderName) -> Result<Option<Vec<String>>, Refusal> {
    let mut tags = Vec::new();
    let mut lines = headers.get_all(name).iter().peekable();
    if lines.peek().is_none() {
        return Ok(None);
    }
    for line in lines {
        let line = line.to_str().ok().filter(|line| line.len() <= MAX_LINE_BYTES);
        let line = line.ok_or_else(|| not_tags(name))?;
        for tag in line.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
            if tag != "*" && !is_tag(tag) {
                return Err(not_tags(name));
            }
            tags.push(tag.to_owned());
        }
    }
    if tags.is_empty() { Err(not_tags(name)) } else { Ok(Some(tags)) }
}

fn is_tag(text: &str) -> bool {
    let quoted = text.strip_prefix("W/").unwrap_or(text);
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.is_some_and(|inner| inner.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"'))
}

fn not_tags(name: &header::HeaderName) -> Refusal {
    Refusal::new(
        ErrorCode::RequestMalformed,
        Text::new(
            format!(
                "Dòng «{name}» phải là * hoặc các thẻ trong ngoặc kép, cách nhau bằng dấu phẩy."
            ),
            format!("The line `{name}` must be * or quoted tags with commas between them."),
        ),
    )
}

fn changed(now: &str) -> Refusal {
    Refusal::new(
        ErrorCode::ResourceChanged,
        Text::new(
            format!(
                "Nội dung đã được người khác thay đổi sau khi quý vị đọc; thẻ hiện tại là {now}."
            ),
            format!("It was changed after you read it; its tag is {now} now."),
        ),
    )
}
