//! `Idempotency-Key`: a request whose answer was lost may be sent again.
//!
//! The same content with the same key is answered as the first time, without being carried out
//! again; [`evidence::repeat`] keeps that promise over crashes and over several nodes. A request
//! that was refused changed nothing, so its key is still free.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use evidence::{Before, Recorder, Repeatable};
use http_body_util::{BodyExt, Limited};
use keys::SecretBox;
use serde::{Deserialize, Serialize};
use wire::error_code::ErrorCode;
use wire::problem::Text;

use crate::input::not_read;
use crate::precondition::hash_text;
use crate::refusal::Refusal;
use crate::sign_on::Authenticated;

/// The header of a request's key.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Stands on an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The longest key, in bytes.
const MAX_KEY_BYTES: usize = 255;
/// The longest body of a request with a key, in bytes. What is longer, a whole registry, is sent
/// without one.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;
/// Headers of an answer that belong to what was made rather than to the sending of it.
const KEPT_HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];

/// What it takes to answer a request again.
#[derive(Clone)]
pub struct Repeats {
    /// Remembers the keys.
    pub recorder: Recorder,
    /// Seals the answers, for some of them show a secret.
    pub secrets: SecretBox,
}

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, String)>,
    /// In base64: most bodies are text, and a list of numbers would be four times as long.
    body: String,
}

/// Lets the requests of signed-on actors to `routes` be repeated. To be put inside
/// [`require_sign_on`](crate::require_sign_on).
pub fn allow_repeats(routes: Router, repeats: Repeats) -> Router {
    routes.route_layer(from_fn_with_state(repeats, answer_once))
}

async fn answer_once(
    State(repeats): State<Repeats>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let Some(key) = key(request.headers())?.filter(|_| changes) else {
        return Ok(next.run(request).await);
    };
    let Some(Authenticated(actor)) = request.extensions().get::<Authenticated>().cloned() else {
        return Ok(next.run(request).await);
    };
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY_BYTES).collect().await;
    let body = body.map_err(|error| not_read(error.as_ref(), MAX_BODY_BYTES))?.to_bytes();
    let fingerprint = fingerprint(&parts.method, &parts.uri.to_string(), &parts.headers, &body);
    let repeatable = Arc::new(Repeatable::new(actor.credential, key, fingerprint.clone()));
    if let Some(before) =
        repeats.recorder.before(&repeatable).await.map_err(|error| not_known(&error))?
    {
        return repeats.answer_again(&repeatable, before, &fingerprint);
    }
    let request = Request::from_parts(parts, Body::from(body));
    let response = repeatable.carry_out(next.run(request)).await;
    if repeatable.has_changed_something() && response.status().is_success() {
        return Ok(repeats.keep(&repeatable, response).await);
    }
    Ok(response)
}

impl Repeats {
    fn answer_again(
        &self,
        request: &Repeatable,
        before: Before,
        fingerprint: &str,
    ) -> Result<Response, Refusal> {
        if before.fingerprint != fingerprint {
            return Err(Refusal::new(
                ErrorCode::IdempotencyKeyReused,
                Text::new(
                    "Khóa này đã dùng cho một yêu cầu có nội dung khác.",
                    "This key was used for a request with other content.",
                ),
            ));
        }
        // A ring whose old keys were retired opens the answers of that time no more.
        let opened =
            before.answer.and_then(|sealed| self.secrets.open(&aad(request), &sealed).ok());
        let kept = opened.and_then(|kept| serde_json::from_slice::<Kept>(&kept).ok());
        kept.and_then(Kept::into_response).ok_or_else(|| {
            Refusal::new(
                ErrorCode::IdempotencyDoneAlready,
                Text::new(
                    "Yêu cầu này đã được thực hiện; câu trả lời không được lưu.",
                    "This request was carried out; its answer was not kept.",
                ),
            )
        })
    }

    /// The response, kept on its way out. Where it cannot be kept it leaves none the less: what it
    /// says has happened.
    async fn keep(&self, request: &Repeatable, response: Response) -> Response {
        let (parts, body) = response.into_parts();
        let Ok(body) = body.collect().await.map(http_body_util::Collected::to_bytes) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let text = |value: &HeaderValue| value.to_str().map(ToOwned::to_owned).ok();
        let headers = KEPT_HEADERS.iter().filter_map(|name| {
            parts.headers.get(name).and_then(text).map(|value| (name.to_string(), value))
        });
        let kept = Kept {
            status: parts.status.as_u16(),
            headers: headers.collect(),
            body: STANDARD.encode(&body),
        };
        let plain = serde_json::to_vec(&kept).unwrap_or_default();
        match self.secrets.seal(&aad(request), &plain) {
            Ok(sealed) => {
                if let Err(error) = self.recorder.keep_answer(request, &sealed).await {
                    tracing::warn!(%error, "an answer could not be kept for a repetition");
                }
            }
            Err(error) => tracing::warn!(%error, "an answer could not be sealed"),
        }
        Response::from_parts(parts, Body::from(body))
    }
}

impl Kept {
    fn into_response(self) -> Option<Response> {
        let status = StatusCode::from_u16(self.status).ok()?;
        let body = STANDARD.decode(self.body).ok()?;
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_TYPE);
        for (name, value) in self.headers {
            let name = HeaderName::try_from(name).ok()?;
            headers.insert(name, HeaderValue::try_from(value).ok()?);
        }
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
        Some(response)
    }
}

/// Two requests with one key came at once, and the other one was first.
pub fn done_already() -> Text {
    Text::new(
        "Một yêu cầu với cùng khóa đã được thực hiện; lần này không có gì thay đổi.",
        "A request with the same key was carried out; nothing was changed this time.",
    )
}

/// An answer opens only for the request that it was kept for.
fn aad(request: &Repeatable) -> Vec<u8> {
    format!("idempotency {} {}", request.credential(), request.key()).into_bytes()
}

/// The key: a string in quotes, as the IETF draft has it, or the same without them.
fn key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let mut lines = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(line) = lines.next() else {
        return Ok(None);
    };
    let text = line.to_str().unwrap_or_default().trim();
    let text = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
    if text.is_empty() || text.len() > MAX_KEY_BYTES || !is_plain || lines.next().is_some() {
        return Err(Refusal::new(
            ErrorCode::RequestMalformed,
            Text::new(
                "«Idempotency-Key» phải là một chuỗi từ 1 đến 255 ký tự ASCII không có dấu cách.",
                "`Idempotency-Key` must be one text of 1 to 255 ASCII characters without spaces.",
            ),
        ));
    }
    Ok(Some(text.to_owned()))
}

/// Differs if anything that a handler reads does.
fn fingerprint(method: &Method, target: &str, headers: &HeaderMap, body: &Bytes) -> String {
    let line = |name: HeaderName| headers.get(name).map_or(&b""[..], HeaderValue::as_bytes);
    let parts = [
        method.as_str().as_bytes(),
        target.as_bytes(),
        line(header::CONTENT_TYPE),
        line(header::IF_MATCH),
        body,
    ];
    let lengths = parts.map(|part| (part.len() as u64).to_be_bytes());
    let framed: Vec<&[u8]> =
        lengths.iter().zip(parts).flat_map(|(length, part)| [&length[..], part]).collect();
    hash_text(&framed)
}

fn not_known(error: &store::StoreError) -> Refusal {
    tracing::error!(%error, "whether a request is repeated could not be looked up");
    Refusal::new(
        ErrorCode::DatabaseUnavailable,
        Text::new("Chưa đọc được cơ sở dữ liệu.", "The database could not be read."),
    )
}
