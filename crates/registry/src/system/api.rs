//! `/api/v1/systems`

mod form;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{Authenticated, IfMatch, Json, Page, PageRequest, Path, Query, Refusal, Tagged, field};
use wire::id::SystemId;

use self::form::{ChangeForm, LEVELS, SystemForm};
use super::{System, command, sql};
use crate::Registry;
use crate::contact::form::ContactsForm;
use crate::contact::{self, Contacts, Whose};
use crate::refused::Refused;

pub(crate) fn routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default()
        .routes(routes!(list, register))
        .routes(routes!(read))
        .routes(routes!(change))
        .routes(routes!(close))
        .routes(routes!(read_contacts, replace_contacts))
}

/// The two segments that name a system.
type SystemPath = (String, String);

/// Which systems to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SystemQuery {
    /// Only those of this organisation.
    organisation: Option<String>,
    /// Only those of this level of information security.
    #[param(minimum = 1, maximum = 5)]
    security_level: Option<u8>,
    /// `open`: only those that are not closed; `closed`: only the others.
    #[param(pattern = "^(open|closed)$")]
    state: Option<String>,
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
    let level = query.security_level.map(|level| field::within("security_level", level, LEVELS));
    let filter = sql::Filter {
        organisation: field::parse_optional("organisation", query.organisation.as_deref())?,
        security_level: level.transpose()?,
        open: form::state(query.state.as_deref())?,
    };
    let page = PageRequest::new(query.after, query.limit)?;
    let found = sql::list(&registry.database, &filter, &page).await;
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
    Path(path): Path<SystemPath>,
) -> Result<Tagged<System>, Refusal> {
    let id = named(&path)?;
    let found = sql::find(&registry.database, &id).await.map_err(Refused::from)?;
    Ok(Tagged(found.ok_or_else(|| command::unknown(&id))?))
}

/// Registers a system. For an administrator of the organisation and the operator.
#[utoipa::path(post, path = "/api/v1/systems", tag = "systems", request_body = SystemForm,
    responses((status = 201, body = System), Problems))]
async fn register(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Json(form): Json<SystemForm>,
) -> Result<(StatusCode, Json<System>), Refusal> {
    let (id, traits) = form.read()?;
    let system = command::register(&registry, &actor, id, traits).await?;
    Ok((StatusCode::CREATED, Json(system)))
}

/// Changes what is known of a system; what is left out stays as it is. Other networks are in force
/// at gateways when it is answered. For an administrator of the organisation and the operator.
#[utoipa::path(post, path = "/api/v1/systems/{organisation}/{system}/change", tag = "systems",
    params(
        ("organisation" = String, Path, description = "Identification code"),
        ("system" = String, Path, description = "System code"),
        IfMatch,
    ),
    request_body = ChangeForm,
    responses((status = 200, body = System), Problems))]
async fn change(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(path): Path<SystemPath>,
    if_match: IfMatch,
    Json(form): Json<ChangeForm>,
) -> Result<Tagged<System>, Refusal> {
    let (id, traits) = (named(&path)?, form.read()?);
    Ok(Tagged(command::change(&registry, &actor, &id, traits, &if_match).await?))
}

/// Ends a system and its services. Refused with a list while a key of it serves, or a connection of
/// it or to it has not ended. For an administrator of the organisation and the operator.
#[utoipa::path(post, path = "/api/v1/systems/{organisation}/{system}/close", tag = "systems",
    params(
        ("organisation" = String, Path, description = "Identification code"),
        ("system" = String, Path, description = "System code"),
        IfMatch,
    ),
    responses((status = 200, body = System), Problems))]
async fn close(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(path): Path<SystemPath>,
    if_match: IfMatch,
) -> Result<Tagged<System>, Refusal> {
    let id = named(&path)?;
    Ok(Tagged(command::close(&registry, &actor, &id, &if_match).await?))
}

/// Whom to call about a system, day and night. For its organisation and those who run, manage and
/// audit the platform.
#[utoipa::path(get, path = "/api/v1/systems/{organisation}/{system}/contacts", tag = "systems",
    params(
        ("organisation" = String, Path, description = "Identification code"),
        ("system" = String, Path, description = "System code"),
    ),
    responses((status = 200, body = Contacts), Problems))]
async fn read_contacts(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(path): Path<SystemPath>,
) -> Result<Tagged<Contacts>, Refusal> {
    let whose = Whose::System(named(&path)?);
    Ok(Tagged(contact::read(&registry, &actor, &whose).await?))
}

/// Puts these contacts in the place of those before. The log says that they changed, never what
/// they are. For an administrator of the organisation and the operator.
#[utoipa::path(post, path = "/api/v1/systems/{organisation}/{system}/contacts", tag = "systems",
    params(
        ("organisation" = String, Path, description = "Identification code"),
        ("system" = String, Path, description = "System code"),
        IfMatch,
    ),
    request_body = ContactsForm,
    responses((status = 200, body = Contacts), Problems))]
async fn replace_contacts(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(path): Path<SystemPath>,
    if_match: IfMatch,
    Json(form): Json<ContactsForm>,
) -> Result<Tagged<Contacts>, Refusal> {
    let whose = Whose::System(named(&path)?);
    let contacts = form.read()?;
    Ok(Tagged(contact::replace(&registry, &actor, &whose, contacts, &if_match).await?))
}

fn named((organisation, system): &SystemPath) -> Result<SystemId, Refusal> {
    Ok(SystemId {
        organisation: field::parse("organisation", organisation)?,
        system: field::parse("system", system)?,
    })
}
