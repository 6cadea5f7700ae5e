//! `/api/v1/imports`, `/api/v1/export`

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{
    Authenticated, IfMatch, Json, LongJson, Page, PageQuery, PageRequest, Path, Query, Refusal,
    Tagged, field,
};
use wire::id::ImportId;
use wire::problem::Text;

use super::command::{self, NewImport};
use super::conflict::Resolution;
use super::rehearsal::{MOST_CALLS, RecordedCall, Rehearsed};
use super::{Import, RowFate, sql};
use crate::Registry;
use crate::authority::{AsOperator, RunsThePlatform, must_oversee_the_platform};
use crate::decision::DecisionNumber;
use crate::refused::Refused;

/// The longest title, in characters.
const LINE_CHARS: usize = 250;

pub(crate) fn routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default()
        .routes(routes!(list, propose))
        .routes(routes!(read))
        .routes(routes!(fates))
        .routes(routes!(resolve))
        .routes(routes!(rehearse))
        .routes(routes!(apply))
        .routes(routes!(undo))
        .routes(routes!(export))
}

/// A document of another registry.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportForm {
    /// What it is about.
    #[schema(example = "Hợp nhất sổ đăng ký của LGSP Hải Dương")]
    title: String,
    /// On which legal basis.
    #[schema(example = "01/2025/QĐ-UBND")]
    legal_basis: String,
    /// The document: `{"lgsp_registry": 1, "organisation": [{"code": …}], …}` as an export writes it;
    /// nouns and fields that it does not have are not known.
    #[schema(value_type = Object)]
    document: serde_json::Value,
}

/// Decisions about conflicts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolutionsForm {
    /// All decisions there are; those sent before count no more.
    resolutions: Vec<Resolution>,
}

/// Calls to be judged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallsForm {
    /// At most 100,000.
    calls: Vec<RecordedCall>,
}

/// Which rows of an import.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FatesQuery {
    /// Only those with this fate: `added`, `same`, `taken`, `kept`, `joined` or `left_out`.
    fate: Option<String>,
    /// `next` of the page before; left out for the first page.
    after: Option<String>,
    /// Items on the page: 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Imports in the order of their proposal, with their counts; what the registries disagree on stands
/// in each one's own reading. For those who run or audit the platform.
#[utoipa::path(get, path = "/api/v1/imports", tag = "imports", params(PageQuery),
    responses((status = 200, body = Page<Import>), Problems))]
async fn list(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Import>>, Refusal> {
    must_oversee_the_platform(&actor)?;
    let page = PageRequest::try_from(query)?;
    let found = sql::list(&registry.database, &page).await.map_err(Refused::from)?;
    let found = found.into_iter().map(Import::without_details).collect();
    Ok(Json(page.page(found, |import| import.id.to_string())))
}

/// One import with everything the two registries disagree on.
#[utoipa::path(get, path = "/api/v1/imports/{id}", tag = "imports",
    params(("id" = String, Path, description = "Import id")),
    responses((status = 200, body = Import), Problems))]
async fn read(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(id): Path<String>,
) -> Result<Tagged<Import>, Refusal> {
    let id = field::parse("id", &id)?;
    must_oversee_the_platform(&actor).map_err(|_| command::unknown(&id))?;
    let found = sql::find(&registry.database, &id).await.map_err(Refused::from)?;
    Ok(Tagged(found.ok_or_else(|| command::unknown(&id))?))
}

/// What becomes of each row of the document: none is lost unsaid.
#[utoipa::path(get, path = "/api/v1/imports/{id}/rows", tag = "imports",
    params(("id" = String, Path, description = "Import id"), FatesQuery),
    responses((status = 200, body = Page<RowFate>), Problems))]
async fn fates(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(id): Path<String>,
    Query(query): Query<FatesQuery>,
) -> Result<Json<Page<RowFate>>, Refusal> {
    let id: ImportId = field::parse("id", &id)?;
    must_oversee_the_platform(&actor).map_err(|_| command::unknown(&id))?;
    let page = PageRequest::new(query.after, query.limit)?;
    let after = if page.after.is_empty() { Ok(-1) } else { page.after.parse() };
    let after = after.map_err(|_| web::page::not_a_cursor())?;
    let fate = query.fate.as_deref().map(fate).transpose()?.unwrap_or_default();
    let rows = sql::fates(&registry.database, &id, fate, after, page.rows()).await;
    let rows = rows.map_err(Refused::from)?;
    Ok(Json(page.page(rows, |row| row.number.to_string())))
}

/// What can become of a row.
const FATES: [&str; 6] = ["added", "same", "taken", "kept", "joined", "left_out"];

fn fate(text: &str) -> Result<&'static str, Refusal> {
    FATES.into_iter().find(|fate| *fate == text).ok_or_else(|| {
        let rule = Text::new(
            "«added», «same», «taken», «kept», «joined» hoặc «left_out».",
            "`added`, `same`, `taken`, `kept`, `joined` or `left_out`.",
        );
        field::invalid("fate", &rule)
    })
}

/// Compares a document with the registry: what is new, what differs, what clashes. Nothing of it is
/// written. For the operator. The body may have 64 MiB.
#[utoipa::path(post, path = "/api/v1/imports", tag = "imports", request_body = ImportForm,
    responses((status = 201, body = Import), Problems))]
async fn propose(
    State(registry): State<Registry>,
    AsOperator(actor): AsOperator,
    LongJson(form): LongJson<ImportForm>,
) -> Result<(StatusCode, Tagged<Import>), Refusal> {
    let new = NewImport {
        title: field::sentence("title", &form.title, LINE_CHARS)?,
        legal_basis: field::parse::<DecisionNumber>("legal_basis", &form.legal_basis)?.to_string(),
        document: form.document,
    };
    let import = command::propose(&registry, &actor, new).await?;
    Ok((StatusCode::CREATED, Tagged(import)))
}

/// Decides about conflicts. For the operator.
#[utoipa::path(post, path = "/api/v1/imports/{id}/resolve", tag = "imports",
    params(("id" = String, Path, description = "Import id")), request_body = ResolutionsForm,
    responses((status = 200, body = Import), Problems))]
async fn resolve(
    State(registry): State<Registry>,
    AsOperator(actor): AsOperator,
    Path(id): Path<String>,
    LongJson(form): LongJson<ResolutionsForm>,
) -> Result<Tagged<Import>, Refusal> {
    let id = field::parse("id", &id)?;
    Ok(Tagged(command::resolve(&registry, &actor, &id, form.resolutions).await?))
}

/// Judges recorded calls by the registry as the import would make it. Nothing is written. For the
/// operator and the state manager.
#[utoipa::path(post, path = "/api/v1/imports/{id}/rehearse", tag = "imports",
    params(("id" = String, Path, description = "Import id")), request_body = CallsForm,
    responses((status = 200, body = Rehearsed), Problems))]
async fn rehearse(
    State(registry): State<Registry>,
    RunsThePlatform(actor): RunsThePlatform,
    Path(id): Path<String>,
    LongJson(form): LongJson<CallsForm>,
) -> Result<Json<Rehearsed>, Refusal> {
    let id = field::parse("id", &id)?;
    field::within("calls", form.calls.len(), 1..=MOST_CALLS)?;
    Ok(Json(command::rehearse(&registry, &actor, &id, form.calls).await?))
}

/// Writes the import, all of it or nothing, and brings it into force. For the state manager, and not
/// for the operator who proposed it: `If-Match` must say which reading of it was decided about.
#[utoipa::path(post, path = "/api/v1/imports/{id}/apply", tag = "imports",
    params(("id" = String, Path, description = "Import id"), IfMatch),
    responses((status = 200, body = Import), Problems))]
async fn apply(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(id): Path<String>,
    seen: IfMatch,
) -> Result<Tagged<Import>, Refusal> {
    let id = field::parse("id", &id)?;
    Ok(Tagged(command::apply(&registry, &actor, &id, &seen).await?))
}

/// Takes an import back. For the state manager.
#[utoipa::path(post, path = "/api/v1/imports/{id}/undo", tag = "imports",
    params(("id" = String, Path, description = "Import id")),
    responses((status = 200, body = Import), Problems))]
async fn undo(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(id): Path<String>,
) -> Result<Tagged<Import>, Refusal> {
    let id = field::parse("id", &id)?;
    Ok(Tagged(command::undo(&registry, &actor, &id).await?))
}

/// The whole registry as a document, without secrets; importing it changes nothing. For those who
/// run or audit the platform.
#[utoipa::path(get, path = "/api/v1/export", tag = "imports",
    responses((status = 200, body = Object), Problems))]
async fn export(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
) -> Result<Json<serde_json::Value>, Refusal> {
    must_oversee_the_platform(&actor)?;
    Ok(Json(command::export(&registry).await?))
}
