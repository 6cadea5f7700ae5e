//! `/api/v1/profiles`, `/api/v1/profile-assignments`, `/api/v1/profile-previews` and
//! `/api/v1/profile-publications`

mod view;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{Authenticated, Json, Page, PageQuery, PageRequest, Path, Query, Refusal, Tagged, field};
use wire::id::{ProfileCode, SystemId};

use self::view::{AssignmentView, PreviewView, ProfileView, PublicationView};
use super::form::ProposalForm;
use super::standing::{Standing, standing};
use super::{command, last_use, sql};
use crate::Registry;
use crate::authority::{RunsThePlatform, must_manage_the_state};
use crate::refused::Refused;
use crate::system;

pub(crate) fn routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default()
        .routes(routes!(list_profiles))
        .routes(routes!(read_profile))
        .routes(routes!(list_versions))
        .routes(routes!(list_assignments))
        .routes(routes!(read_assignment))
        .routes(routes!(preview_profiles))
        .routes(routes!(publish_profiles))
        .routes(routes!(read_standing))
}

/// Which assignments to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AssignmentQuery {
    /// Only those to this system.
    system: Option<String>,
    /// Only those of this profile.
    profile: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Items on the page: 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// The technical profiles that are known, each in its last version, in the order of their codes. One
/// holds for whom it is assigned to; until any is, every algorithm is allowed.
#[utoipa::path(get, path = "/api/v1/profiles", tag = "profiles", params(PageQuery),
    responses((status = 200, body = Page<ProfileView>), Problems))]
async fn list_profiles(
    State(registry): State<Registry>,
    _: Authenticated,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<ProfileView>>, Refusal> {
    let page = PageRequest::try_from(query)?;
    let known = sql::known_in(&registry.database).await.map_err(Refused::from)?;
    let found = known.profiles.into_values().filter(|one| one.code.as_str() > page.after.as_str());
    let page = page.page(found.collect(), |one| one.code.to_string());
    Ok(Json(page.map(ProfileView::from)))
}

/// A technical profile in its last version.
#[utoipa::path(get, path = "/api/v1/profiles/{code}", tag = "profiles",
    params(("code" = String, Path, description = "Code of the profile")),
    responses((status = 200, body = ProfileView), Problems))]
async fn read_profile(
    State(registry): State<Registry>,
    _: Authenticated,
    Path(code): Path<String>,
) -> Result<Tagged<ProfileView>, Refusal> {
    let code = field::parse("code", &code)?;
    let last = sql::versions(&registry.database, &code).await.map_err(Refused::from)?.pop();
    Ok(Tagged(last.ok_or_else(|| command::unknown(&code))?.into()))
}

/// Every version of a technical profile, oldest first, with who published it and why.
#[utoipa::path(get, path = "/api/v1/profiles/{code}/versions", tag = "profiles",
    params(("code" = String, Path, description = "Code of the profile"), PageQuery),
    responses((status = 200, body = Page<ProfileView>), Problems))]
async fn list_versions(
    State(registry): State<Registry>,
    _: Authenticated,
    Path(code): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<ProfileView>>, Refusal> {
    let code: ProfileCode = field::parse("code", &code)?;
    let page = PageRequest::try_from(query)?;
    let after = number::<u32>(&page)?;
    let mut found = sql::versions(&registry.database, &code).await.map_err(Refused::from)?;
    if found.is_empty() {
        return Err(command::unknown(&code).into());
    }
    found.retain(|one| after.is_none_or(|after| one.version > after));
    let page = page.page(found, |one| one.version.to_string());
    Ok(Json(page.map(ProfileView::from)))
}

/// For whom profiles hold, in the order in which it was decided, with who decided it and why.
#[utoipa::path(get, path = "/api/v1/profile-assignments", tag = "profiles", params(AssignmentQuery),
    responses((status = 200, body = Page<AssignmentView>), Problems))]
async fn list_assignments(
    State(registry): State<Registry>,
    _: Authenticated,
    Query(query): Query<AssignmentQuery>,
) -> Result<Json<Page<AssignmentView>>, Refusal> {
    let system = field::parse_optional("system", query.system.as_deref())?;
    let profile = field::parse_optional("profile", query.profile.as_deref())?;
    let page = PageRequest::new(query.after, query.limit)?;
    let after = number::<i64>(&page)?.unwrap_or(0);
    let (system, profile) = (system.as_ref(), profile.as_ref());
    let found = sql::list(&registry.database, system, profile, after, &page).await;
    let page = page.page(found.map_err(Refused::from)?, |one| one.number.to_string());
    Ok(Json(page.map(AssignmentView::from)))
}

/// One assignment.
#[utoipa::path(get, path = "/api/v1/profile-assignments/{number}", tag = "profiles",
    params(("number" = u64, Path, description = "Its number")),
    responses((status = 200, body = AssignmentView), Problems))]
async fn read_assignment(
    State(registry): State<Registry>,
    _: Authenticated,
    Path(text): Path<String>,
) -> Result<Tagged<AssignmentView>, Refusal> {
    let number = text.parse().map_err(|_| view::not_a_number("number"))?;
    let found = sql::find_assignment(&registry.database, number).await.map_err(Refused::from)?;
    Ok(Tagged(found.ok_or_else(|| command::unknown_assignment(number))?.into()))
}

/// Says what a proposal would break until a date, system by system: credentials and connections that
/// would be refused then, and those that turn until then. Changes nothing. For the operator and the
/// state manager.
#[utoipa::path(post, path = "/api/v1/profile-previews", tag = "profiles", params(PageQuery),
    request_body = ProposalForm,
    responses((status = 200, body = PreviewView), Problems))]
async fn preview_profiles(
    State(registry): State<Registry>,
    RunsThePlatform(actor): RunsThePlatform,
    Query(query): Query<PageQuery>,
    Json(form): Json<ProposalForm>,
) -> Result<Json<PreviewView>, Refusal> {
    let page = PageRequest::try_from(query)?;
    let wanted = form.read()?.wanted;
    let (broken, digest) = command::look_ahead(&registry, &actor, wanted).await?;
    let (date, totals) = (broken.date, broken.totals());
    let systems = broken.systems.into_iter();
    let systems = systems.filter(|one| one.system.to_string() > page.after).collect();
    let mut page = page.page(systems, |one| one.system.to_string());
    let log = registry.recorder.log();
    let last_use_read_back_to = last_use::fill_in(log, &mut page.items).await?;
    let Page { items, next } = page;
    Ok(Json(PreviewView { digest, date, totals, last_use_read_back_to, items, next }))
}

/// Publishes a version of a profile, an assignment or the end of one, as it was previewed; refused
/// without its digest, and if it would break something else by now. Gateways enforce the dates by
/// the clock. For the state manager.
#[utoipa::path(post, path = "/api/v1/profile-publications", tag = "profiles",
    request_body = ProposalForm,
    responses((status = 201, body = PublicationView), Problems))]
async fn publish_profiles(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Json(form): Json<ProposalForm>,
) -> Result<(StatusCode, Json<PublicationView>), Refusal> {
    must_manage_the_state(&actor)?;
    let read = form.read()?;
    let seen = read.preview.ok_or_else(command::preview_needed)?;
    let reason = read.reason.ok_or_else(|| field::missing("reason"))?;
    let published = command::publish(&registry, &actor, read.wanted, &seen, reason).await?;
    Ok((StatusCode::CREATED, Json(published.into())))
}

/// What a system may sign with, by the technical profile that holds for it: when each algorithm
/// passes, in each environment.
#[utoipa::path(get, path = "/api/v1/systems/{organisation}/{system}/profile", tag = "profiles",
    params(
        ("organisation" = String, Path, description = "Code of the organisation"),
        ("system" = String, Path, description = "Code of the system"),
    ),
    responses((status = 200, body = Standing), Problems))]
async fn read_standing(
    State(registry): State<Registry>,
    _: Authenticated,
    Path((organisation, code)): Path<(String, String)>,
) -> Result<Json<Standing>, Refusal> {
    let id: SystemId = field::parse("system", &format!("{organisation}/{code}"))?;
    let found = system::sql::find(&registry.database, &id).await.map_err(Refused::from)?;
    let found = found.ok_or_else(|| system::command::unknown(&id))?;
    let known = sql::known_in(&registry.database).await.map_err(Refused::from)?;
    Ok(Json(standing(&known, id, found.security_level, registry.clock.now())))
}

/// The number after which a page begins.
fn number<N: std::str::FromStr>(page: &PageRequest) -> Result<Option<N>, Refusal> {
    match page.after.as_str() {
        "" => Ok(None),
        after => Ok(Some(after.parse().map_err(|_| web::page::not_a_cursor())?)),
    }
}
