//! The record of a call, and the bundle that proves it.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use evidence::bundle::{self, Disclosure, FoundEntry, Wanted, is_showable};
use evidence::{Actor, BodyDigest, Detail, HeadLines, KeptDetail};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use web::openapi::Problems;
use web::{Authenticated, Json, Organisations, Path, Refusal, field};
use wire::digest::ContentDigest;
use wire::error_code::ErrorCode;
use wire::id::RequestId;
use wire::problem::Text;

use super::EvidenceApi;
use super::log_files;
use super::reading::{self, Reading};
use super::rights::{Parties, Sight, sight};

/// The record of one call, as JSON.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CallRecord {
    /// The call's id, as its answer's `Lgsp-Request-Id` said it.
    #[schema(value_type = String, example = "019abcde-0000-7000-8000-000000000000")]
    request_id: RequestId,
    /// The origin of the log in which the entries stand.
    #[schema(example = "lgsp.haiphong.example/log")]
    log: String,
    /// What the log holds about it.
    entries: Vec<EntryRecord>,
    /// Where the bundle is.
    bundle: String,
}

/// One entry of the call.
#[derive(Debug, Serialize, ToSchema)]
struct EntryRecord {
    /// Where it stands in the log.
    index: u64,
    /// Whether a published checkpoint covers it by now.
    published: bool,
    /// The entry as it stands in the log.
    #[schema(value_type = Object)]
    entry: Value,
    /// What is behind the commitments, for whoever may see it and while it is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Content>,
}

/// What an entry commits to. Lines that carry secrets are left out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EntryContent)]
struct Content {
    /// The request line and fields as they arrived.
    request_head: Vec<String>,
    /// What body was sent, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_body: Option<Body>,
    /// The status line and fields as they were answered.
    response_head: Vec<String>,
    /// What body was answered, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_body: Option<Body>,
    /// What the caller signed (RFC 9421).
    signature_base: String,
    /// The caller's signature, in base64.
    signature: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BodyDigest)]
struct Body {
    /// As the header `Content-Digest` (RFC 9530) would say it.
    content_digest: String,
    /// In bytes.
    length: u64,
}

/// The record of one call.
///
/// With its content for the auditor, the incident handler, and administrators and officers of the
/// two organisations between which it went; without content for the operator and the state
/// manager; for nobody else. Each reading, and each refused one, is itself an entry of the log.
#[utoipa::path(get, path = "/evidence/v1/calls/{request_id}", tag = "evidence",
    params(("request_id" = String, Path, description = "The call's id, of `Lgsp-Request-Id`")),
    responses((status = 200, body = CallRecord), Problems))]
pub(super) async fn call(
    State(api): State<EvidenceApi>,
    Authenticated(actor): Authenticated,
    Path(request_id): Path<String>,
) -> Result<Json<CallRecord>, Refusal> {
    let request_id: RequestId = request_id.parse().map_err(|_| not_a_request_id())?;
    let wanted = Wanted::Call(request_id);
    let reading = api.reading(&actor, wanted, "record");
    let entries = api.find(wanted).await?;
    let sight = common_sight(&*api.organisations, &actor, &entries).await?;
    if sight == Sight::Nothing {
        return Err(reading.refuse().await);
    }
    let mut records = Vec::with_capacity(entries.len());
    for found in &entries {
        records.push(api.entry_record(found, sight).await?);
    }
    reading.record().await?;
    Ok(Json(CallRecord {
        request_id,
        log: api.recorder.log().origin().to_string(),
        entries: records,
        bundle: format!("/evidence/v1/bundles/{request_id}"),
    }))
}

/// The bundle that proves a call, or one entry: an ASiC-E container that is checked offline.
///
/// Opened for the auditor, the incident handler, and administrators and officers of the two
/// organisations between which the call went; closed (proofs without content) for the operator and
/// the state manager; for nobody else. Each reading, and each refused one, is itself an entry of
/// the log.
#[utoipa::path(get, path = "/evidence/v1/bundles/{call_or_index}", tag = "evidence",
    params(("call_or_index" = String, Path,
        description = "The call's id, of `Lgsp-Request-Id`, or the index of an entry")),
    responses(
        (status = 200, description = "The bundle", body = String,
            content_type = wire::bundle::MEDIA_TYPE),
        Problems,
    ))]
pub(super) async fn bundle(
    State(api): State<EvidenceApi>,
    Authenticated(actor): Authenticated,
    Path(wanted): Path<String>,
) -> Result<Response, Refusal> {
    let wanted: Wanted = wanted.parse().map_err(|_| not_a_request_id())?;
    let reading = api.reading(&actor, wanted, "bundle");
    let entries = api.find(wanted).await?;
    let disclosure = match common_sight(&*api.organisations, &actor, &entries).await? {
        Sight::Nothing => return Err(reading.refuse().await),
        Sight::Proof => Disclosure::Closed,
        Sight::Content => Disclosure::Open,
    };
    let made = bundle::make(api.recorder.log(), &api.history, &entries, disclosure).await;
    let bytes = made.map_err(|error| {
        tracing::error!(%error, "a bundle could not be made");
        let vi = "Chưa lập được gói bằng chứng.";
        Refusal::new(error.code(), Text::new(vi, format!("The bundle was not made: {error}.")))
    })?;
    reading.record().await?;
    let mut response = log_files::answer(wire::bundle::MEDIA_TYPE, "private, no-store", bytes);
    if let Ok(name) =
        HeaderValue::from_str(&format!("attachment; filename=\"{}.asice\"", name(wanted)))
    {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

impl EvidenceApi {
    fn reading<'a>(&'a self, actor: &'a Actor, wanted: Wanted, form: &str) -> Reading<'a> {
        let what = match wanted {
            Wanted::Call(_) => "call",
            Wanted::Entry(_) => "entry",
        };
        let subject =
            BTreeMap::from([(what.to_owned(), name(wanted)), ("form".to_owned(), form.to_owned())]);
        Reading { recorder: &self.recorder, actor, subject }
    }

    /// The entries, at least one.
    async fn find(&self, wanted: Wanted) -> Result<Vec<FoundEntry>, Refusal> {
        let found = bundle::find(self.recorder.log(), wanted).await;
        let found = found.map_err(|error| reading::unreadable(&error))?;
        if found.is_empty() { Err(not_found()) } else { Ok(found) }
    }

    async fn entry_record(&self, found: &FoundEntry, sight: Sight) -> Result<EntryRecord, Refusal> {
        let log = self.recorder.log();
        let content = match sight {
            Sight::Content => {
                let kept = log.detail(found.index).await;
                match kept.map_err(|error| reading::unreadable(&error))? {
                    KeptDetail::Kept(detail) => Some(Content::of(&detail)),
                    KeptDetail::Absent | KeptDetail::Destroyed => None,
                }
            }
            Sight::Proof | Sight::Nothing => None,
        };
        let entry = serde_json::from_slice(&found.bytes);
        Ok(EntryRecord {
            index: found.index,
            published: log.checkpoint().size > found.index,
            entry: entry.map_err(|error| reading::internal(&error))?,
            content,
        })
    }
}

impl Content {
    fn of(detail: &Detail) -> Self {
        let showable = |lines: &HeadLines| {
            lines.iter().filter(|line| is_showable(line)).map(str::to_owned).collect::<Vec<_>>()
        };
        let base: Vec<&str> =
            detail.signature_base.lines().filter(|line| is_showable(line)).collect();
        Self {
            request_head: showable(&detail.request_head),
            request_body: detail.request_body.map(Body::of),
            response_head: showable(&detail.response_head),
            response_body: detail.response_body.map(Body::of),
            signature_base: base.join("\n"),
            signature: STANDARD.encode(&detail.signature),
        }
    }
}

impl Body {
    fn of(body: BodyDigest) -> Self {
        let digest = ContentDigest::from_sha256(body.sha256);
        Self { content_digest: digest.to_string(), length: body.length }
    }
}

/// What the actor may see of all of them: the least of what it may see of each.
async fn common_sight(
    organisations: &dyn Organisations,
    actor: &Actor,
    entries: &[FoundEntry],
) -> Result<Sight, Refusal> {
    let mut least = None;
    for found in entries {
        let parties = Parties::of(&found.entry).known_today(organisations).await?;
        let sight = sight(actor, &parties);
        least = Some(least.map_or(sight, |least: Sight| least.min(sight)));
    }
    Ok(least.unwrap_or(Sight::Nothing))
}

fn name(wanted: Wanted) -> String {
    match wanted {
        Wanted::Call(request_id) => request_id.to_string(),
        Wanted::Entry(index) => index.to_string(),
    }
}

fn not_a_request_id() -> Refusal {
    let rule = Text::new(
        "mã yêu cầu (UUID phiên bản 7, chữ thường), hoặc số thứ tự bản ghi khi xin gói bằng chứng.",
        "a request id (a UUID of version 7 in small letters), or an entry's index for a bundle.",
    );
    field::invalid("id", &rule)
}

fn not_found() -> Refusal {
    Refusal::new(
        ErrorCode::EvidenceNotFound,
        Text::new(
            "Nhật ký của nút này không có bản ghi như vậy.",
            "The log of this node has no such record.",
        ),
    )
}
