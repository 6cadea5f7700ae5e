//! `/api/v1/systems`

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{Authenticated, Json, Page, PageRequest, Path, Query, Refusal, field};
use wire::id::SystemId;

use super::{System, command, sql};
use crate::Registry;
use crate::refused::Refused;

/// The longest name, in characters.
const NAME_CHARS: usize = 250;

pub(crate) fn routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default().routes(routes!(list, register)).routes(routes!(read))
}

/// A system to register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SystemForm {
    /// Code of the organisation it belongs to.
    #[schema(example = "H24.12")]
    organisation: String,
    /// What its organisation calls it in addresses.
    #[schema(example = "don-vi-hanh-chinh")]
    code: String,
    /// What people call it.
    #[schema(example = "Cơ sở dữ liệu đơn vị hành chính")]
    name: String,
}

/// Which systems to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SystemQuery {
    /// Only those of this organisation.
    organisation: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Items on the page: 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Systems in the order of their ids.
#[utoipa::path(get, path = "/api/v1/systems", tag = "systems", params(SystemQuery),
    responses((status = 200, body = Page<System>), Problems))]
async fn list(
    State(registry): State<Registry>,
    _: Authenticated,
    Query(query): Query<SystemQuery>,
) -> Result<Json<Page<System>>, Refusal> {
    let organisation = field::parse_optional("organisation", query.organisation.as_deref())?;
    let page = PageRequest::new(query.after, query.limit)?;
    let found = sql::list(&registry.database, organisation.as_ref(), &page).await;
    Ok(Json(page.page(found.map_err(Refused::from)?, |system| system.id.to_string())))
}

/// One system.
#[utoipa::path(get, path = "/api/v1/systems/{organisation}/{system}", tag = "systems",
    params(
        ("organisation" = String, Path, description = "Identification code"),
        ("system" = String, Path, description = "System code"),
    ),
    responses((status = 200, body = System), Problems))]
async fn read(
    State(registry): State<Registry>,
    _: Authenticated,
    Path((organisation, system)): Path<(String, String)>,
) -> Result<Json<System>, Refusal> {
    let id = SystemId {
        organisation: field::parse("organisation", &organisation)?,
        system: field::parse("system", &system)?,
    };
    let found = sql::find(&registry.database, &id).await.map_err(Refused::from)?;
    Ok(Json(found.ok_or_else(|| command::unknown(&id))?))
}

/// Registers a system. For an administrator of the organisation and the operator.
#[utoipa::path(post, path = "/api/v1/systems", tag = "systems", request_body = SystemForm,
    responses((status = 201, body = System), Problems))]
async fn register(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Json(form): Json<SystemForm>,
) -> Result<(StatusCode, Json<System>), Refusal> {
    let id = SystemId {
        organisation: field::parse("organisation", &form.organisation)?,
        system: field::parse("code", &form.code)?,
    };
    let name = field::sentence("name", &form.name, NAME_CHARS)?;
    Ok((StatusCode::CREATED, Json(command::register(&registry, &actor, id, name).await?)))
}
