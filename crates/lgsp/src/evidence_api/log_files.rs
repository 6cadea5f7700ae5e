//! The log as any C2SP tlog-tiles client reads it.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use web::{Authenticated, Path, Refusal};
use wire::error_code::ErrorCode;
use wire::problem::Text;
use wire::tile::{TileKind, TilePath};

use super::EvidenceApi;
use super::reading::{self, Reading};
use super::rights;

const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";
const JSON: &str = "application/json";

/// The newest checkpoint changes each second: caches ask every time.
const ASK_EVERY_TIME: &str = "no-cache";
/// What a tile path names never changes, partial tiles included: their width is in the path.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// For this reader only.
const NOT_SHARED: &str = "private, no-store";
const AN_HOUR: &str = "public, max-age=3600";

/// `GET /.well-known/lgsp-trust.json`
pub(super) async fn trust(State(api): State<EvidenceApi>) -> Result<Response, Refusal> {
    let file = serde_json::to_vec_pretty(api.trust.borrow().as_ref());
    let file = file.map_err(|error| reading::internal(&error))?;
    Ok(answer(JSON, AN_HOUR, file))
}

/// `GET /evidence/logs/{log}/checkpoint`
pub(super) async fn checkpoint(
    State(api): State<EvidenceApi>,
    Path(log): Path<String>,
) -> Result<Response, Refusal> {
    api.must_be_ours(&log)?;
    let published = api.recorder.log().checkpoint();
    Ok(answer(TEXT, ASK_EVERY_TIME, published.note.clone().into_bytes()))
}

/// `GET /evidence/logs/{log}/checkpoint.cosigned`: the largest one that enough witnesses cosigned,
/// with their lines.
pub(super) async fn cosigned(
    State(api): State<EvidenceApi>,
    Path(log): Path<String>,
) -> Result<Response, Refusal> {
    api.must_be_ours(&log)?;
    let cosigned = api.cosigned.borrow().clone().ok_or_else(not_cosigned)?;
    Ok(answer(TEXT, ASK_EVERY_TIME, cosigned.note.clone().into_bytes()))
}

/// `GET /evidence/logs/{log}/tile/{L}/{N}[.p/{W}]`
pub(super) async fn hash_tile(
    State(api): State<EvidenceApi>,
    Path((log, path)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    api.must_be_ours(&log)?;
    let path: TilePath = format!("tile/{path}").parse().map_err(|_| no_such_tile())?;
    // Entries have a route of their own, behind the sign-on; they must not leave by this one,
    // whatever spelling of the path led here.
    if matches!(path.kind, TileKind::Entries) {
        return Err(no_such_tile());
    }
    Ok(answer(BYTES, FOR_EVER, api.tile(path).await?))
}

/// `GET /evidence/logs/{log}/tile/entries/{N}[.p/{W}]` in a log whose entries are public.
pub(super) async fn public_entries(
    State(api): State<EvidenceApi>,
    Path((log, path)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    api.must_be_ours(&log)?;
    Ok(answer(BYTES, FOR_EVER, api.tile(entries_path(&path)?).await?))
}

/// The same in a log whose entries are for auditors only.
pub(super) async fn entries(
    State(api): State<EvidenceApi>,
    Authenticated(actor): Authenticated,
    Path((log, path)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    api.must_be_ours(&log)?;
    let path = entries_path(&path)?;
    let subject = BTreeMap::from([("entries".to_owned(), path.to_string())]);
    let reading = Reading { recorder: &api.recorder, actor: &actor, subject };
    if !rights::may_read_entries(&actor) {
        return Err(reading.refuse().await);
    }
    let bytes = api.tile(path).await?;
    reading.record().await?;
    Ok(answer(BYTES, NOT_SHARED, bytes))
}

impl EvidenceApi {
    fn must_be_ours(&self, log: &str) -> Result<(), Refusal> {
        if log == self.log_name.as_ref() {
            return Ok(());
        }
        Err(Refusal::new(
            ErrorCode::EvidenceNotFound,
            Text::new(
                format!("Nút này chỉ có nhật ký «{}».", self.log_name),
                format!("This node has the log `{}` only.", self.log_name),
            ),
        ))
    }

    async fn tile(&self, path: TilePath) -> Result<Vec<u8>, Refusal> {
        let bytes = self.recorder.log().read(path).await;
        bytes.map_err(|error| reading::unreadable(&error))?.ok_or_else(no_such_tile)
    }
}

fn entries_path(path: &str) -> Result<TilePath, Refusal> {
    format!("tile/entries/{path}").parse().map_err(|_| no_such_tile())
}

fn not_cosigned() -> Refusal {
    Refusal::new(
        ErrorCode::EvidenceNotFound,
        Text::new(
            "Chưa có mốc kiểm tra nào được đủ số nhân chứng đồng ký.",
            "No checkpoint has been cosigned by enough witnesses yet.",
        ),
    )
}

fn no_such_tile() -> Refusal {
    Refusal::new(
        ErrorCode::EvidenceNotFound,
        Text::new(
            "Nhật ký chưa công bố tệp này, hoặc đường dẫn sai dạng C2SP tlog-tiles.",
            "The log has not published such a file, or the path is not one of C2SP tlog-tiles.",
        ),
    )
}

pub(super) fn answer(media_type: &'static str, caching: &'static str, body: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static(caching)),
    ];
    (headers, body).into_response()
}
