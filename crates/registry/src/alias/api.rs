//! `/api/v1/aliases`

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{Authenticated, IfMatch, Json, Page, PageRequest, Path, Query, Refusal, Tagged, field};

use super::command::{self, NewAlias};
use super::{Alias, sql};
use crate::Registry;
use crate::refused::Refused;

pub(crate) fn routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default()
        .routes(routes!(list, make))
        .routes(routes!(read))
        .routes(routes!(set_end))
}

/// An alias to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AliasForm {
    /// The former code of an organisation, or id of a system; nothing in force may have it.
    #[schema(example = "H23.12")]
    name: String,
    /// The code or id it leads to, of the same kind.
    #[schema(example = "H24.12")]
    successor: String,
    /// From when it does; now when left out.
    #[schema(format = DateTime)]
    from: Option<String>,
    /// Until when it does; for ever when left out.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// The decision on which it rests.
    #[schema(example = "1669/NQ-UBTVQH15")]
    decision: String,
}

/// The end of an alias.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndForm {
    /// Until when it leads on, not before now; for ever when left out.
    #[schema(format = DateTime, example = "2030-07-01T00:00:00Z")]
    until: Option<String>,
}

/// Which aliases to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AliasQuery {
    /// Only those that lead to this code or id.
    successor: Option<String>,
    /// Only those in force at this moment.
    #[param(format = DateTime)]
    at: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Items on the page: 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Former names in their order.
#[utoipa::path(get, path = "/api/v1/aliases", tag = "aliases", params(AliasQuery),
    responses((status = 200, body = Page<Alias>), Problems))]
async fn list(
    State(registry): State<Registry>,
    _: Authenticated,
    Query(query): Query<AliasQuery>,
) -> Result<Json<Page<Alias>>, Refusal> {
    let filter = sql::Filter {
        successor: field::parse_optional("successor", query.successor.as_deref())?,
        at: field::parse_optional("at", query.at.as_deref())?,
    };
    let page = PageRequest::new(query.after, query.limit)?;
    let found = sql::list(&registry.database, &filter, &page).await.map_err(Refused::from)?;
    Ok(Json(page.page(found, |alias| alias.name.to_string())))
}

/// One former name. In the path, `/` in the id of a system is written `%2F`.
#[utoipa::path(get, path = "/api/v1/aliases/{name}", tag = "aliases",
    params(("name" = String, Path, description = "Former code or id, percent-encoded")),
    responses((status = 200, body = Alias), Problems))]
async fn read(
    State(registry): State<Registry>,
    _: Authenticated,
    Path(text): Path<String>,
) -> Result<Tagged<Alias>, Refusal> {
    let name = field::parse("name", &text)?;
    let found = sql::find(&registry.database, &name).await.map_err(Refused::from)?;
    Ok(Tagged(found.ok_or_else(|| command::unknown(&name))?))
}

/// Makes an alias for a name that nothing in force has, such as a code of another registry.
/// Refused if names would lead back to themselves. For the operator and the state manager.
#[utoipa::path(post, path = "/api/v1/aliases", tag = "aliases", request_body = AliasForm,
    responses((status = 201, body = Alias), Problems))]
async fn make(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Json(form): Json<AliasForm>,
) -> Result<(StatusCode, Json<Alias>), Refusal> {
    let new = NewAlias {
        name: field::parse("name", &form.name)?,
        successor: field::parse("successor", &form.successor)?,
        from: field::parse_optional("from", form.from.as_deref())?,
        until: field::parse_optional("until", form.until.as_deref())?,
        decision: field::parse("decision", &form.decision)?,
    };
    Ok((StatusCode::CREATED, Json(command::make(&registry, &actor, new).await?)))
}

/// Sets until when a former name leads on. In the path, `/` in the id of a system is written
/// `%2F`. For the operator and the state manager.
#[utoipa::path(post, path = "/api/v1/aliases/{name}/end", tag = "aliases",
    params(("name" = String, Path, description = "Former code or id, percent-encoded"), IfMatch),
    request_body = EndForm,
    responses((status = 200, body = Alias), Problems))]
async fn set_end(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(text): Path<String>,
    if_match: IfMatch,
    Json(form): Json<EndForm>,
) -> Result<Tagged<Alias>, Refusal> {
    let name = field::parse("name", &text)?;
    let until = field::parse_optional("until", form.until.as_deref())?;
    Ok(Tagged(command::set_end(&registry, &actor, &name, until, &if_match).await?))
}
