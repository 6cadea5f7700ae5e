//! `/api/v1/code-lists`
//!
//! What reads stands apart ([`reading_routes`]): it is also what the platform serves to systems
//! through the gateway.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{
    Authenticated, Document, IfMatch, Json, Page, PageQuery, PageRequest, Path, Query, Refusal,
    Tagged, field,
};
use wire::id::ServiceCode;
use wire::organisation_code::OrganisationCode;
use wire::problem::Text;

use super::answer::{
    ChangesView, CodeListView, EntriesView, EntryView, PreviewView, SuccessionView,
};
use super::command::NewVersion;
use super::reading::{
    ChangesQuery, EntriesQuery, EntryQuery, SuccessionQuery, code, cursor, list, read_cursor,
    today, version,
};
use super::shipped::{SHIPPED, Shipped};
use super::upload::{self, Upload};
use super::{CodeListAbout, MAX_BYTES, Version, command, sql, succession};
use crate::Registry;
use crate::authority::must_administer;
use crate::calendar::Day;
use crate::refused::{Noun, Refused};

/// Changes that a preview shows.
const PREVIEWED: usize = 200;
const DECISION_CHARS: usize = 500;

/// What reads. Who may is a matter of what is put around it.
pub(crate) fn reading_routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default()
        .routes(routes!(list_all))
        .routes(routes!(read))
        .routes(routes!(versions))
        .routes(routes!(entries))
        .routes(routes!(read_entry))
        .routes(routes!(successors))
        .routes(routes!(changes))
}

pub(crate) fn routes() -> OpenApiRouter<Registry> {
    reading_routes()
        .routes(routes!(register))
        .routes(routes!(change))
        .routes(routes!(retire))
        .routes(routes!(publish))
        .routes(routes!(preview))
        .routes(routes!(list_shipped))
        .routes(routes!(read_shipped))
}

/// A code list to register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CodeListForm {
    /// Its code: a-z, 0-9 and `-`.
    #[schema(example = "don-vi-hanh-chinh")]
    code: String,
    /// Identification code of its owner.
    #[schema(example = "H24.12")]
    organisation: String,
    /// What is said of it.
    about: CodeListAbout,
}

/// What is to be used in place of a list that is retired.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
struct CodeListEndForm {
    /// The code of another list.
    successor: Option<String>,
}

/// Which lists to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CodeListQuery {
    /// Only those of this organisation.
    organisation: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Items on the page: 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// What is said of a version.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct VersionQuery {
    /// From which day in Việt Nam it is in force; not before the version published last.
    #[param(format = Date, example = "2025-07-01")]
    effective_on: String,
    /// By which document it was issued.
    #[param(example = "Nghị quyết 1669/NQ-UBTVQH15")]
    decision: String,
    /// The digest that a preview told: refused if the upload is another.
    digest: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct EntryPath {
    /// Code of the list
    code: String,
    /// Code of the entry
    entry: String,
}

/// Code lists in the order of their codes.
#[utoipa::path(get, path = "/api/v1/code-lists", operation_id = "list_code_lists",
    tag = "code_lists", params(CodeListQuery),
    responses((status = 200, body = Page<CodeListView>), Problems))]
async fn list_all(
    State(registry): State<Registry>,
    Query(query): Query<CodeListQuery>,
) -> Result<Json<Page<CodeListView>>, Refusal> {
    let owner: Option<OrganisationCode> =
        field::parse_optional("organisation", query.organisation.as_deref())?;
    let owner = owner.map(|owner| owner.to_string()).unwrap_or_default();
    let page = PageRequest::new(query.after, query.limit)?;
    let found = sql::list(&registry.database, &owner, &page).await.map_err(Refused::from)?;
    let Page { items, next } = page.page(found, |list| list.code.to_string());
    let mut shown = Vec::with_capacity(items.len());
    for list in items {
        let in_force = sql::version_on(&registry.database, &list.code, today(&registry)).await;
        shown.push(CodeListView::new(list, in_force.map_err(Refused::from)?));
    }
    Ok(Json(Page { items: shown, next }))
}

/// One code list, and its version in force.
#[utoipa::path(get, path = "/api/v1/code-lists/{code}", operation_id = "read_code_list",
    tag = "code_lists", params(("code" = String, Path, description = "Its code")),
    responses((status = 200, body = CodeListView), Problems))]
async fn read(
    State(registry): State<Registry>,
    Path(code): Path<String>,
) -> Result<Tagged<CodeListView>, Refusal> {
    let (list, in_force) = list(&registry, &code).await?;
    Ok(Tagged(CodeListView::new(list, in_force)))
}

/// The versions of a code list, oldest first.
#[utoipa::path(get, path = "/api/v1/code-lists/{code}/versions",
    operation_id = "list_code_list_versions", tag = "code_lists",
    params(("code" = String, Path, description = "Its code"), PageQuery),
    responses((status = 200, body = Page<Version>), Problems))]
async fn versions(
    State(registry): State<Registry>,
    Path(code): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Version>>, Refusal> {
    let page = PageRequest::try_from(query)?;
    let after = match page.after.as_str() {
        "" => 0,
        after => after.parse().map_err(|_| web::page::not_a_cursor())?,
    };
    let (list, _) = list(&registry, &code).await?;
    let found = sql::versions(&registry.database, &list.code, after, &page).await;
    let page = page.page(found.map_err(Refused::from)?, |version| version.number.to_string());
    Ok(Json(page))
}

/// Entries of a code list: those valid today by the version in force, unless other ones are asked
/// for.
#[utoipa::path(get, path = "/api/v1/code-lists/{code}/entries",
    operation_id = "list_code_list_entries", tag = "code_lists",
    params(("code" = String, Path, description = "Code of the list"), EntriesQuery),
    responses((status = 200, body = EntriesView), Problems))]
async fn entries(
    State(registry): State<Registry>,
    Path(code): Path<String>,
    Query(query): Query<EntriesQuery>,
) -> Result<Tagged<EntriesView>, Refusal> {
    let (mut wanted, asked, page) = query.read(today(&registry))?;
    let (list, number) = version(&registry, &code, asked).await?;
    wanted.version = number;
    let after = read_cursor(&page.after)?;
    let found = sql::entries(&registry.database, &list, &wanted, after, page.rows()).await;
    let Page { items, next } = page.page(found.map_err(Refused::from)?, cursor);
    Ok(Tagged(EntriesView { version: number, items, next }))
}

/// What a code means today, or on another day, and whose place it took.
#[utoipa::path(get, path = "/api/v1/code-lists/{code}/entries/{entry}",
    operation_id = "read_code_list_entry", tag = "code_lists", params(EntryPath, EntryQuery),
    responses((status = 200, body = EntryView), Problems))]
async fn read_entry(
    State(registry): State<Registry>,
    Path(path): Path<EntryPath>,
    Query(query): Query<EntryQuery>,
) -> Result<Tagged<EntryView>, Refusal> {
    let entry = code("entry", path.entry)?;
    let as_of: Option<Day> = field::parse_optional("as_of", query.as_of.as_deref())?;
    let (list, number) = version(&registry, &path.code, query.version).await?;
    let found = succession::periods(&registry.database, &list, number, &entry).await;
    let found = succession::meant(&found.map_err(Refused::from)?, as_of, today(&registry));
    let found = found.ok_or_else(|| unknown_entry(&entry))?;
    let predecessors = succession::predecessors(&registry.database, &list, number, &found).await;
    let predecessors = predecessors.map_err(Refused::from)?;
    Ok(Tagged(EntryView { version: number, entry: found, predecessors }))
}

/// What became of a code: the codes that are in its place today, or on another day.
#[utoipa::path(get, path = "/api/v1/code-lists/{code}/entries/{entry}/successors",
    operation_id = "resolve_code_list_entry", tag = "code_lists",
    params(EntryPath, SuccessionQuery),
    responses((status = 200, body = SuccessionView), Problems))]
async fn successors(
    State(registry): State<Registry>,
    Path(path): Path<EntryPath>,
    Query(query): Query<SuccessionQuery>,
) -> Result<Tagged<SuccessionView>, Refusal> {
    let entry = code("entry", path.entry)?;
    let meant_on = field::parse_optional("meant_on", query.meant_on.as_deref())?;
    let as_of = field::parse_optional("as_of", query.as_of.as_deref())?;
    let as_of = as_of.unwrap_or_else(|| today(&registry));
    let (list, number) = version(&registry, &path.code, query.version).await?;
    let periods = succession::periods(&registry.database, &list, number, &entry).await;
    let found = succession::meant(&periods.map_err(Refused::from)?, meant_on, as_of);
    let found = found.ok_or_else(|| unknown_entry(&entry))?;
    let became = succession::follow(&registry.database, &list, number, found.clone(), as_of).await;
    let became = became.map_err(Refused::from)?;
    Ok(Tagged(SuccessionView::new(number, as_of, found, became)))
}

/// What is other than in the version that the reader has.
#[utoipa::path(get, path = "/api/v1/code-lists/{code}/changes",
    operation_id = "list_code_list_changes", tag = "code_lists",
    params(("code" = String, Path, description = "Code of the list"), ChangesQuery),
    responses((status = 200, body = ChangesView), Problems))]
async fn changes(
    State(registry): State<Registry>,
    Path(code): Path<String>,
    Query(query): Query<ChangesQuery>,
) -> Result<Json<ChangesView>, Refusal> {
    let page = PageRequest::new(query.after, query.limit)?;
    let after = read_cursor(&page.after)?;
    let (list, to) = version(&registry, &code, query.to).await?;
    let since = query.since.unwrap_or_default();
    if since > to {
        let rule = Text::new(
            format!("một phiên bản không sau phiên bản {to}."),
            format!("a version that is not after version {to}."),
        );
        return Err(field::invalid("since", &rule));
    }
    let found = sql::changes(&registry.database, &list, (since, to), after, page.rows()).await;
    let found = found.map_err(Refused::from)?;
    let key =
        |change: &super::difference::EntryChange| change.about().map(cursor).unwrap_or_default();
    let Page { items, next } = page.page(found, key);
    Ok(Json(ChangesView { since, to, items, next }))
}

/// Registers a code list; it has no version yet. For an administrator of the owner and the operator.
#[utoipa::path(post, path = "/api/v1/code-lists", operation_id = "register_code_list",
    tag = "code_lists", request_body = CodeListForm,
    responses((status = 201, body = CodeListView), Problems))]
async fn register(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Json(form): Json<CodeListForm>,
) -> Result<(StatusCode, Json<CodeListView>), Refusal> {
    let code = field::parse("code", &form.code)?;
    let owner: OrganisationCode = field::parse("organisation", &form.organisation)?;
    must_administer(&actor, &owner)?;
    let list = command::register(&registry, &actor, code, owner, form.about.read()?).await?;
    Ok((StatusCode::CREATED, Json(CodeListView::new(list, None))))
}

/// Replaces what is said of a code list. For an administrator of the owner and the operator.
#[utoipa::path(post, path = "/api/v1/code-lists/{code}/change",
    operation_id = "change_code_list", tag = "code_lists",
    params(("code" = String, Path, description = "Its code"), IfMatch),
    request_body = CodeListAbout,
    responses((status = 200, body = CodeListView), Problems))]
async fn change(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(code): Path<String>,
    if_match: IfMatch,
    Json(about): Json<CodeListAbout>,
) -> Result<Tagged<CodeListView>, Refusal> {
    let id: ServiceCode = field::parse("code", &code)?;
    must_administer(&actor, &command::owner(&registry, &id).await?)?;
    command::change(&registry, &actor, &id, about.read()?, &if_match).await?;
    read(State(registry), Path(code)).await
}

/// Ends the keeping of a code list: no version follows, and nothing should begin to use it. What was
/// published stays readable. For an administrator of the owner and the operator.
#[utoipa::path(post, path = "/api/v1/code-lists/{code}/retire",
    operation_id = "retire_code_list", tag = "code_lists",
    params(("code" = String, Path, description = "Its code"), IfMatch),
    request_body = CodeListEndForm,
    responses((status = 200, body = CodeListView), Problems))]
async fn retire(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(code): Path<String>,
    if_match: IfMatch,
    Json(form): Json<CodeListEndForm>,
) -> Result<Tagged<CodeListView>, Refusal> {
    let id: ServiceCode = field::parse("code", &code)?;
    must_administer(&actor, &command::owner(&registry, &id).await?)?;
    let successor = field::parse_optional("successor", form.successor.as_deref())?;
    command::retire(&registry, &actor, &id, successor, &if_match).await?;
    read(State(registry), Path(code)).await
}

/// Publishes the next version of a code list: all its entries, of every period, as CSV (UTF-8;
/// commas, semicolons or tabs; Vietnamese headers) or JSON, at most 8 MiB. An upload with mistakes
/// is refused with the line and rule of each, and nothing is changed. The entries of the version
/// published last make no new one (200). For an administrator of the owner and the operator.
#[utoipa::path(post, path = "/api/v1/code-lists/{code}/versions",
    operation_id = "publish_code_list_version", tag = "code_lists",
    params(("code" = String, Path, description = "Code of the list"), VersionQuery, IfMatch),
    request_body(content((String = "text/csv"), (Upload = "application/json"))),
    responses((status = 200, body = Version), (status = 201, body = Version), Problems))]
async fn publish(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(code): Path<String>,
    Query(query): Query<VersionQuery>,
    if_match: IfMatch,
    document: Document<MAX_BYTES>,
) -> Result<(StatusCode, Json<Version>), Refusal> {
    let code: ServiceCode = field::parse("code", &code)?;
    must_administer(&actor, &command::owner(&registry, &code).await?)?;
    let new = new_version(query, &document)?;
    let published = command::publish(&registry, &actor, &code, &new, &if_match).await?;
    let (version, is_new) = published;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(version)))
}

/// What publishing would change, without doing it. For an administrator of the owner and the
/// operator.
#[utoipa::path(post, path = "/api/v1/code-lists/{code}/versions/preview",
    operation_id = "preview_code_list_version", tag = "code_lists",
    params(("code" = String, Path, description = "Code of the list"), VersionQuery),
    request_body(content((String = "text/csv"), (Upload = "application/json"))),
    responses((status = 200, body = PreviewView), Problems))]
async fn preview(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(code): Path<String>,
    Query(query): Query<VersionQuery>,
    document: Document<MAX_BYTES>,
) -> Result<Json<PreviewView>, Refusal> {
    let code: ServiceCode = field::parse("code", &code)?;
    must_administer(&actor, &command::owner(&registry, &code).await?)?;
    let new = new_version(query, &document)?;
    let (version, mut changes) = command::preview(&registry, &actor, &code, &new).await?;
    changes.truncate(PREVIEWED);
    Ok(Json(PreviewView { version, changes }))
}

fn new_version(query: VersionQuery, document: &Document<MAX_BYTES>) -> Result<NewVersion, Refusal> {
    Ok(NewVersion {
        effective_on: field::parse("effective_on", &query.effective_on)?,
        decision: field::sentence("decision", &query.decision, DECISION_CHARS)?,
        previewed: query.digest,
        entries: upload::read(&document.media_type, &document.bytes)?,
    })
}

/// The code lists that come with the platform, for whoever keeps one to publish.
#[utoipa::path(get, path = "/api/v1/shipped-code-lists", operation_id = "list_shipped_code_lists",
    tag = "code_lists", params(PageQuery),
    responses((status = 200, body = Page<Shipped>), Problems))]
async fn list_shipped(
    _: Authenticated,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Shipped>>, Refusal> {
    let page = PageRequest::try_from(query)?;
    let rest = SHIPPED.iter().filter(|one| one.code > page.after.as_str()).copied();
    let page = page.page(rest.collect(), |one| one.code.to_owned());
    Ok(Json(page))
}

/// A code list that comes with the platform, as a sheet that can be published as it is.
#[utoipa::path(get, path = "/api/v1/shipped-code-lists/{code}",
    operation_id = "read_shipped_code_list", tag = "code_lists",
    params(("code" = String, Path, description = "Its code")),
    responses((status = 200, description = "The sheet", content((String = "text/csv"))), Problems))]
async fn read_shipped(_: Authenticated, Path(code): Path<String>) -> Result<Response, Refusal> {
    let code: ServiceCode = field::parse("code", &code)?;
    let found = SHIPPED.iter().find(|one| one.code == code.to_string());
    let found = found.ok_or_else(|| command::unknown(&code))?;
    let mut response = found.sheet.into_response();
    let media_type = HeaderValue::from_static("text/csv; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    Ok(response)
}

fn unknown_entry(code: &str) -> Refused {
    Refused::Unknown { noun: Noun::CodeListEntry, id: code.to_owned() }
}
