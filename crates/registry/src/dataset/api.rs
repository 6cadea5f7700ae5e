//! `/api/v1/data-sets`

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{Authenticated, IfMatch, Json, Page, PageRequest, Path, Query, Refusal, Tagged, field};
use wire::ambient::UtcMicros;
use wire::id::ServiceCode;
use wire::organisation_code::OrganisationCode;

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
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    registered_at: UtcMicros,
}

impl From<DataSet> for DataSetView {
    fn from(set: DataSet) -> Self {
        Self {
            update_due: set.update_due(),
            code: set.code,
            organisation: set.organisation,
            about: set.about,
            updated_at: set.updated_at,
            registered_at: set.registered_at,
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

/// Nothing needs to be said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DataSetUpdate, example = json!({}))]
struct UpdateForm {}

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
    params(("code" = String, Path, description = "Its code")),
    responses((status = 200, body = DataSetView), Problems))]
async fn read(
    State(registry): State<Registry>,
    _: Authenticated,
    Path(code): Path<String>,
) -> Result<Tagged<DataSetView>, Refusal> {
    let code = field::parse("code", &code)?;
    let found = sql::find(&registry.database, &code).await.map_err(Refused::from)?;
    Ok(Tagged(found.ok_or_else(|| command::unknown(&code))?.into()))
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
    Json(UpdateForm {}): Json<UpdateForm>,
) -> Result<Tagged<DataSetView>, Refusal> {
    let code = field::parse("code", &code)?;
    let set = command::declare_update(&registry, &actor, &code).await?;
    Ok(Tagged(set.into()))
}
