//! `/api/v1/services/{…}/descriptions`

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use evidence::Actor;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{
    Authenticated, Document, Json, Page, PageQuery, PageRequest, Path, Query, Refusal, Tagged,
    field,
};
use wire::ambient::UtcMicros;
use wire::error_code::ErrorCode;
use wire::id::ServiceId;
use wire::problem::Text;

use super::{Described, Format, MAX_BYTES, Revision, command, sql};
use crate::Registry;
use crate::authority::must_administer;
use crate::refused::Refused;
use crate::service;
use crate::service::api::ServicePath;

pub(crate) fn routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default()
        .routes(routes!(list, take))
        .routes(routes!(read))
        .routes(routes!(document))
}

/// A revision of a service's description.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceDescriptionRevision)]
struct RevisionView {
    /// 1 for the first; the highest is in force.
    revision: u32,
    /// How the document is written.
    #[schema(example = "application/openapi+yaml")]
    media_type: &'static str,
    /// The digest of its bytes, as in `Content-Digest` (RFC 9530).
    digest: String,
    /// How many bytes it has.
    bytes: u64,
    /// When it was uploaded.
    #[schema(value_type = String, format = DateTime)]
    taken_at: UtcMicros,
    /// What it says.
    described: Described,
}

impl From<Revision> for RevisionView {
    fn from(revision: Revision) -> Self {
        Self {
            revision: revision.number,
            media_type: revision.format.media_type(),
            digest: revision.digest,
            bytes: revision.bytes,
            taken_at: revision.taken_at,
            described: revision.described,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct RevisionPath {
    /// Its number, or `latest`
    revision: String,
}

/// The revisions of a service's description, oldest first.
#[utoipa::path(get,
    path = "/api/v1/services/{organisation}/{system}/{service}/{version}/descriptions",
    operation_id = "list_descriptions", tag = "services",
    params(ServicePath, PageQuery),
    responses((status = 200, body = Page<RevisionView>), Problems))]
async fn list(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(path): Path<ServicePath>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<RevisionView>>, Refusal> {
    let id = service::api::named(path)?;
    let page = PageRequest::try_from(query)?;
    let after = match page.after.as_str() {
        "" => 0,
        after => number(after)?,
    };
    service::command::shown(&registry, &actor, &id).await?;
    let found = sql::list(&registry.database, &id, after, &page).await.map_err(Refused::from)?;
    let page = page.page(found, |revision| revision.number.to_string());
    Ok(Json(page.map(RevisionView::from)))
}

/// Uploads the next revision of a service's description: OpenAPI 3.0 or 3.1 as JSON or YAML, or
/// WSDL 1.1 or 2.0, at most 2 MiB. A document with mistakes is refused with line, column and rule
/// of each. Nothing that it points to is fetched: a `$ref` out of the document is refused. The
/// bytes of the revision in force make no new one (200). A service has at most 50 revisions (409).
/// For an administrator of the provider and the operator.
#[utoipa::path(post,
    path = "/api/v1/services/{organisation}/{system}/{service}/{version}/descriptions",
    operation_id = "upload_description", tag = "services",
    params(ServicePath),
    request_body(content(
        (String = "application/openapi+yaml"),
        (String = "application/openapi+json"),
        (String = "application/wsdl+xml"),
    )),
    responses((status = 200, body = RevisionView), (status = 201, body = RevisionView), Problems))]
async fn take(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(path): Path<ServicePath>,
    document: Document<MAX_BYTES>,
) -> Result<(StatusCode, Json<RevisionView>), Refusal> {
    let id = service::api::named(path)?;
    // Before the document: an outsider learns nothing of its rules.
    must_administer(&actor, &id.organisation)?;
    let format = Format::of(&document.media_type).ok_or_else(other_media_type)?;
    let (revision, is_new) = command::take(&registry, &actor, &id, format, document.bytes).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(revision.into())))
}

/// A revision of a service's description, with its operations.
#[utoipa::path(get,
    path = "/api/v1/services/{organisation}/{system}/{service}/{version}/descriptions/{revision}",
    operation_id = "read_description", tag = "services",
    params(ServicePath, RevisionPath),
    responses((status = 200, body = RevisionView), Problems))]
async fn read(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(path): Path<ServicePath>,
    Path(revision): Path<RevisionPath>,
) -> Result<Tagged<RevisionView>, Refusal> {
    let (_, revision) = find(&registry, &actor, path, revision).await?;
    Ok(Tagged(revision.into()))
}

/// The document of a revision, byte for byte as it was uploaded.
#[utoipa::path(get,
    path = "/api/v1/services/{organisation}/{system}/{service}/{version}/descriptions/{revision}/document",
    operation_id = "read_description_document", tag = "services",
    params(ServicePath, RevisionPath),
    responses((status = 200, description = "The document", content(
        (String = "application/openapi+yaml"),
        (String = "application/openapi+json"),
        (String = "application/wsdl+xml"),
    )), Problems))]
async fn document(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(path): Path<ServicePath>,
    Path(revision): Path<RevisionPath>,
) -> Result<Response, Refusal> {
    let (id, revision) = find(&registry, &actor, path, revision).await?;
    let document = sql::document(&registry.database, &id, revision.number).await;
    let document = document.map_err(Refused::from)?;
    let document = document.ok_or_else(|| command::unknown(&id, &revision.number.to_string()))?;
    let mut response = document.into_response();
    let headers = response.headers_mut();
    let media_type = HeaderValue::from_static(revision.format.media_type());
    headers.insert(header::CONTENT_TYPE, media_type);
    // A stranger's XML is to be kept, not shown by a browser as a page of the platform.
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    if let Ok(digest) = HeaderValue::from_str(&revision.digest) {
        headers.insert(HeaderName::from_static("content-digest"), digest);
    }
    Ok(response)
}

async fn find(
    registry: &Registry,
    actor: &Actor,
    path: ServicePath,
    RevisionPath { revision }: RevisionPath,
) -> Result<(ServiceId, Revision), Refusal> {
    let id = service::api::named(path)?;
    service::command::shown(registry, actor, &id).await?;
    let wanted = match revision.as_str() {
        "latest" => None,
        text => Some(number(text)?),
    };
    let found = sql::find(&registry.database, &id, wanted).await.map_err(Refused::from)?;
    let found = found.ok_or_else(|| command::unknown(&id, &revision))?;
    Ok((id, found))
}

fn number(text: &str) -> Result<u32, Refusal> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| {
        let rule = Text::new(
            "số thứ tự của một phiên bản tài liệu, từ 1, hoặc «latest».",
            "the number of a revision, from 1, or `latest`.",
        );
        field::invalid("revision", &rule)
    })
}

fn other_media_type() -> Refusal {
    Refusal::new(
        ErrorCode::MediaTypeUnsupported,
        Text::new(
            "Tài liệu phải là application/openapi+yaml, application/openapi+json hoặc \
             application/wsdl+xml.",
            "The document must be application/openapi+yaml, application/openapi+json or \
             application/wsdl+xml.",
        ),
    )
}
