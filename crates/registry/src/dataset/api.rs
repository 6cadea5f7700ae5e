//! `/api/v1/data-sets`

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{
    Authenticated, IfMatch, Json, Page, PageQuery, PageRequest, Path, Query, Refusal, Tagged, field,
};
use wire::ambient::UtcMicros;
use wire::digest::ContentDigest;
use wire::id::{ServiceCode, ServiceId};
use wire::organisation_code::OrganisationCode;
use wire::problem::Text;

use super::event::{self, Event, EventKind, Update};
use super::{DataSet, DataSetAbout, command, sql};
use crate::Registry;
use crate::authority::must_administer;
use crate::refused::Refused;

pub(crate) fn routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default()
        .routes(routes!(list, register))
        .routes(routes!(read))
        .routes(routes!(change))
        .routes(routes!(declare_update))
        .routes(routes!(versions))
        .routes(routes!(give))
        .routes(routes!(changes))
}

/// A data set.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DataSet)]
pub(super) struct DataSetView {
    /// Its code, of the whole city.
    #[schema(value_type = String, example = "don-vi-hanh-chinh")]
    code: ServiceCode,
    /// Whose it is.
    #[schema(value_type = String, example = "H24.12")]
    organisation: OrganisationCode,
    /// What is said of it.
    about: DataSetAbout,
    /// When an update was declared last; when it was registered, until then.
    #[schema(value_type = String, format = DateTime)]
    updated_at: UtcMicros,
    /// By when the next one is to be declared, if it has a schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    update_due: Option<UtcMicros>,
    /// How many updates were declared: the number of its version.
    version: u32,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    registered_at: UtcMicros,
    /// The services that give it.
    #[schema(value_type = Vec<String>)]
    services: Vec<ServiceId>,
    /// The code lists that its items are written in and that are no longer kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    retired_code_lists: Vec<ServiceCode>,
}

impl From<DataSet> for DataSetView {
    fn from(set: DataSet) -> Self {
        Self {
            update_due: set.update_due(),
            code: set.code,
            organisation: set.organisation,
            about: set.about,
            updated_at: set.updated_at,
            version: set.version,
            registered_at: set.registered_at,
            services: set.services,
            retired_code_lists: set.retired_code_lists,
        }
    }
}

/// A data set to register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DataSetForm {
    /// Its code: a-z, 0-9 and `-`.
    #[schema(example = "don-vi-hanh-chinh")]
    code: String,
    /// Identification code of its owner.
    #[schema(example = "H24.12")]
    organisation: String,
    /// What is said of it.
    about: DataSetAbout,
}

/// What is to be known of an update; nothing needs to be said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DataSetUpdate, example = json!({"note": "Cập nhật quý III", "rows": 114}))]
struct UpdateForm {
    /// What changed, in a line.
    note: Option<String>,
    /// The digest of the data, as in `Content-Digest` (RFC 9530).
    digest: Option<String>,
    /// How many rows the data have.
    #[schema(minimum = 0)]
    rows: Option<u32>,
}

impl UpdateForm {
    fn read(self) -> Result<Update, Refusal> {
        let digest = self.digest.map(|text| {
            ContentDigest::parse(&text).map(|digest| digest.to_string()).map_err(|_| {
                let rule = Text::new(
                    "giá trị như trong «Content-Digest» (ví dụ sha-256=:…:).",
                    "a value as in `Content-Digest` (example: sha-256=:…:).",
                );
                field::invalid("digest", &rule)
            })
        });
        let note = self.note.map(|note| field::sentence("note", &note, NOTE_CHARS));
        Ok(Update {
            note: note.transpose()?,
            digest: digest.transpose()?,
            rows: self.rows.map(i64::from),
        })
    }
}

/// Which services give a data set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DataSetServices)]
struct ServicesForm {
    /// Their ids: at most 50.
    #[schema(example = json!(["H24.12/don-vi-hanh-chinh/danh-muc/v1"]))]
    services: Vec<String>,
}

/// At which moment to look.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AsOfQuery {
    /// What was said of it, and its version, at this moment.
    #[param(format = DateTime)]
    as_of: Option<String>,
}

/// Of an update.
const NOTE_CHARS: usize = 500;
const MAX_SERVICES: usize = 50;

/// Which data sets to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DataSetQuery {
    /// Only those of this organisation.
    organisation: Option<String>,
    /// `true`: only those whose update is late.
    overdue: Option<bool>,
    /// `next` of the page before.
    after: Option<String>,
    /// Items on the page: 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Data sets in the order of their codes.
#[utoipa::path(get, path = "/api/v1/data-sets", tag = "data_sets", params(DataSetQuery),
    responses((status = 200, body = Page<DataSetView>), Problems))]
async fn list(
    State(registry): State<Registry>,
    _: Authenticated,
    Query(query): Query<DataSetQuery>,
) -> Result<Json<Page<DataSetView>>, Refusal> {
    let owner: Option<OrganisationCode> =
        field::parse_optional("organisation", query.organisation.as_deref())?;
    let owner = owner.map(|owner| owner.to_string()).unwrap_or_default();
    let page = PageRequest::new(query.after, query.limit)?;
    let overdue_at = query.overdue.unwrap_or_default().then(|| registry.clock.now());
    let found = sql::list(&registry.database, &owner, overdue_at, &page).await;
    let page = page.page(found.map_err(Refused::from)?, |set| set.code.to_string());
    Ok(Json(page.map(DataSetView::from)))
}

/// One data set.
#[utoipa::path(get, path = "/api/v1/data-sets/{code}", tag = "data_sets",
    params(("code" = String, Path, description = "Its code"), AsOfQuery),
    responses((status = 200, body = DataSetView), Problems))]
async fn read(
    State(registry): State<Registry>,
    _: Authenticated,
    Path(code): Path<String>,
    Query(query): Query<AsOfQuery>,
) -> Result<Tagged<DataSetView>, Refusal> {
    let code = field::parse("code", &code)?;
    let moment = field::parse_optional("as_of", query.as_of.as_deref())?;
    let found = sql::find(&registry.database, &code).await.map_err(Refused::from)?;
    let mut set = found.ok_or_else(|| command::unknown(&code))?;
    if let Some(moment) = moment {
        let then = event::last_by(&registry.database, &code, moment).await;
        let then = then.map_err(Refused::from)?.ok_or_else(|| command::unknown(&code))?;
        (set.about, set.version) = (then.about, then.version);
    }
    Ok(Tagged(set.into()))
}

/// The versions of a data set: the updates that were declared, oldest first.
#[utoipa::path(get, path = "/api/v1/data-sets/{code}/versions",
    operation_id = "list_data_set_versions", tag = "data_sets",
    params(("code" = String, Path, description = "Its code"), PageQuery),
    responses((status = 200, body = Page<Event>), Problems))]
async fn versions(
    State(registry): State<Registry>,
    _: Authenticated,
    Path(code): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Event>>, Refusal> {
    let code = field::parse("code", &code)?;
    let page = PageRequest::try_from(query)?;
    let after = match page.after.as_str() {
        "" => 0,
        after => after.parse().map_err(|_| web::page::not_a_cursor())?,
    };
    command::owner(&registry, &code).await?;
    let only = Some(EventKind::Updated);
    let found = event::of_one(&registry.database, &code, only, after, &page).await;
    let page = page.page(found.map_err(Refused::from)?, |event| event.number.to_string());
    Ok(Json(page))
}

/// What happened in the register of data sets, oldest first: to read what changed since a page, ask
/// with its cursor.
#[utoipa::path(get, path = "/api/v1/data-set-changes", operation_id = "list_data_set_changes",
    tag = "data_sets", params(PageQuery),
    responses((status = 200, body = EventsView), Problems))]
async fn changes(
    State(registry): State<Registry>,
    _: Authenticated,
    Query(query): Query<PageQuery>,
) -> Result<Json<EventsView>, Refusal> {
    let page = PageRequest::try_from(query)?;
    let after = match page.after.as_str() {
        "" => (-1, "", 0),
        after => read_cursor(after).ok_or_else(web::page::not_a_cursor)?,
    };
    let found = event::of_all(&registry.database, after, &page).await.map_err(Refused::from)?;
    let Page { items, next } = page.page(found, cursor);
    let cursor = items.last().map(cursor).or(Some(page.after).filter(|after| !after.is_empty()));
    Ok(Json(EventsView { items, next, cursor }))
}

/// A page of what happened in the register.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DataSetChanges)]
struct EventsView {
    /// What happened.
    items: Vec<Event>,
    /// What to send as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// What to send as `after`, on the last page too, to be told later what happened since.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

fn cursor(event: &Event) -> String {
    format!("{} {} {}", event.sequence, event.data_set, event.number)
}

fn read_cursor(text: &str) -> Option<(i64, &str, i64)> {
    let mut parts = text.split(' ');
    let read = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?.parse().ok()?);
    parts.next().is_none().then_some(read)
}

/// Says which services give a data set, in place of what was said before. For an administrator of the
/// owner and the operator.
#[utoipa::path(post, path = "/api/v1/data-sets/{code}/services",
    operation_id = "replace_data_set_services", tag = "data_sets",
    params(("code" = String, Path, description = "Its code"), IfMatch),
    request_body = ServicesForm,
    responses((status = 200, body = DataSetView), Problems))]
async fn give(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(code): Path<String>,
    if_match: IfMatch,
    Json(form): Json<ServicesForm>,
) -> Result<Tagged<DataSetView>, Refusal> {
    let code = field::parse("code", &code)?;
    must_administer(&actor, &command::owner(&registry, &code).await?)?;
    field::within("services", form.services.len(), 0..=MAX_SERVICES)?;
    let services = form.services.iter().enumerate();
    let services = services.map(|(at, id)| field::parse(&format!("services[{at}]"), id));
    let services = services.collect::<Result<_, Refusal>>()?;
    Ok(Tagged(command::give(&registry, &actor, &code, services, &if_match).await?.into()))
}

/// Registers a data set as the one source of its items. An item that another data set is the source
/// of is refused, and that one named. For an administrator of the owner and the operator.
#[utoipa::path(post, path = "/api/v1/data-sets", tag = "data_sets", request_body = DataSetForm,
    responses((status = 201, body = DataSetView), Problems))]
async fn register(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Json(form): Json<DataSetForm>,
) -> Result<(StatusCode, Json<DataSetView>), Refusal> {
    let code = field::parse("code", &form.code)?;
    let owner: OrganisationCode = field::parse("organisation", &form.organisation)?;
    must_administer(&actor, &owner)?;
    let set = command::register(&registry, &actor, code, owner, form.about.read()?).await?;
    Ok((StatusCode::CREATED, Json(set.into())))
}

/// Replaces what is said of a data set. For an administrator of the owner and the operator.
#[utoipa::path(post, path = "/api/v1/data-sets/{code}/change", tag = "data_sets",
    params(("code" = String, Path, description = "Its code"), IfMatch),
    request_body = DataSetAbout,
    responses((status = 200, body = DataSetView), Problems))]
async fn change(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(code): Path<String>,
    if_match: IfMatch,
    Json(about): Json<DataSetAbout>,
) -> Result<Tagged<DataSetView>, Refusal> {
    let code = field::parse("code", &code)?;
    must_administer(&actor, &command::owner(&registry, &code).await?)?;
    let set = command::change(&registry, &actor, &code, about.read()?, &if_match).await?;
    Ok(Tagged(set.into()))
}

/// Declares that the data were brought up to date now; the log keeps whether that was late. For an
/// administrator of the owner and the operator.
#[utoipa::path(post, path = "/api/v1/data-sets/{code}/updates", tag = "data_sets",
    params(("code" = String, Path, description = "Its code")),
    request_body = UpdateForm,
    responses((status = 200, body = DataSetView), Problems))]
async fn declare_update(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(code): Path<String>,
    Json(form): Json<UpdateForm>,
) -> Result<Tagged<DataSetView>, Refusal> {
    let code = field::parse("code", &code)?;
    must_administer(&actor, &command::owner(&registry, &code).await?)?;
    let set = command::declare_update(&registry, &actor, &code, &form.read()?).await?;
    Ok(Tagged(set.into()))
}
