//! `/api/v1/organisations`

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{
    Authenticated, IfMatch, Json, Page, PageQuery, PageRequest, Path, Query, Refusal, Tagged, field,
};

use super::command::{self, Names, NewOrganisation};
use super::{Organisation, sql};
use crate::Registry;
use crate::refused::Refused;

/// The longest name, in characters.
const NAME_CHARS: usize = 250;

pub(crate) fn routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default()
        .routes(routes!(list, register))
        .routes(routes!(read))
        .routes(routes!(rename))
}

/// An organisation to register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganisationForm {
    /// Identification code of QĐ 20/2020/QĐ-TTg.
    #[schema(example = "H24.12")]
    code: String,
    /// Its name in Vietnamese.
    #[schema(example = "Sở Nội vụ")]
    name: String,
    /// Its name in English.
    name_en: Option<String>,
    /// Its code of the old format (QCVN 102), if it had one.
    #[schema(example = "000.00.12.H24")]
    legacy_code: Option<String>,
}

/// Other names for an organisation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameForm {
    /// Its name in Vietnamese.
    #[schema(example = "Sở Nội vụ")]
    name: String,
    /// Its name in English; left out, it has none.
    name_en: Option<String>,
}

/// Organisations in the order of their codes.
#[utoipa::path(get, path = "/api/v1/organisations", tag = "organisations", params(PageQuery),
    responses((status = 200, body = Page<Organisation>), Problems))]
async fn list(
    State(registry): State<Registry>,
    _: Authenticated,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Organisation>>, Refusal> {
    let page = PageRequest::try_from(query)?;
    let found = sql::list(&registry.database, &page).await.map_err(Refused::from)?;
    Ok(Json(page.page(found, |organisation| organisation.code.to_string())))
}

/// One organisation.
#[utoipa::path(get, path = "/api/v1/organisations/{code}", tag = "organisations",
    params(("code" = String, Path, description = "Identification code")),
    responses((status = 200, body = Organisation), Problems))]
async fn read(
    State(registry): State<Registry>,
    _: Authenticated,
    Path(code): Path<String>,
) -> Result<Tagged<Organisation>, Refusal> {
    let code = field::parse("code", &code)?;
    let found = sql::find(&registry.database, &code).await.map_err(Refused::from)?;
    Ok(Tagged(found.ok_or_else(|| command::unknown(&code))?))
}

/// Registers an organisation; the one above it must be registered already. For the operator and
/// the state manager.
#[utoipa::path(post, path = "/api/v1/organisations", tag = "organisations",
    request_body = OrganisationForm,
    responses((status = 201, body = Organisation), Problems))]
async fn register(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Json(form): Json<OrganisationForm>,
) -> Result<(StatusCode, Json<Organisation>), Refusal> {
    let new = NewOrganisation {
        code: field::parse("code", &form.code)?,
        names: names(&form.name, form.name_en.as_deref())?,
        legacy_code: field::parse_optional("legacy_code", form.legacy_code.as_deref())?,
    };
    let organisation = command::register(&registry, &actor, new).await?;
    Ok((StatusCode::CREATED, Json(organisation)))
}

/// Gives an organisation other names. For the operator and the state manager.
#[utoipa::path(post, path = "/api/v1/organisations/{code}/rename", tag = "organisations",
    params(("code" = String, Path, description = "Identification code"), IfMatch),
    request_body = RenameForm,
    responses((status = 200, body = Organisation), Problems))]
async fn rename(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(code): Path<String>,
    if_match: IfMatch,
    Json(form): Json<RenameForm>,
) -> Result<Tagged<Organisation>, Refusal> {
    let code = field::parse("code", &code)?;
    let names = names(&form.name, form.name_en.as_deref())?;
    Ok(Tagged(command::rename(&registry, &actor, &code, names, &if_match).await?))
}

fn names(name: &str, name_en: Option<&str>) -> Result<Names, Refusal> {
    Ok(Names {
        name: field::sentence("name", name, NAME_CHARS)?,
        name_en: name_en.map(|name| field::sentence("name_en", name, NAME_CHARS)).transpose()?,
    })
}
