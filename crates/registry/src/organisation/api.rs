//! `/api/v1/organisations`

mod form;
pub(in crate::organisation) mod succession;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{
    Authenticated, IfMatch, Json, Page, PageQuery, PageRequest, Path, Query, Refusal, Tagged, field,
};
use wire::ambient::UtcMicros;
use wire::organisation_code::{LegacyCode, OrganisationCode};

use self::form::{CloseForm, OrganisationForm, RenameForm};
use super::history::{Event, as_of};
use super::{Organisation, Suggestion, command, sql};
use crate::Registry;
use crate::contact::form::ContactsForm;
use crate::contact::{self, Contacts, Whose};
use crate::refused::Refused;

pub(crate) fn routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default()
        .routes(routes!(list, register))
        .routes(routes!(suggest))
        .routes(routes!(read))
        .routes(routes!(history))
        .routes(routes!(rename))
        .routes(routes!(close))
        .merge(succession::routes())
        .merge(super::plan::api::routes())
        .routes(routes!(read_contacts, replace_contacts))
}

/// Which organisations to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrganisationQuery {
    /// Only those directly below this one.
    parent: Option<String>,
    /// Only this one and those below it, at whatever distance.
    within: Option<String>,
    /// Only the one that has this code of the old format.
    legacy_code: Option<String>,
    /// `open`: only those whose code is in force; `closed`: only the others.
    #[param(pattern = "^(open|closed)$")]
    state: Option<String>,
    /// As they were at this moment; those that came later are left out, so a page may be short.
    #[param(format = DateTime)]
    as_of: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Items on the page: 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// At which moment to look.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AsOfQuery {
    /// As it was at this moment.
    #[param(format = DateTime)]
    as_of: Option<String>,
}

/// A code in either format.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SuggestQuery {
    /// A code of QĐ 20/2020/QĐ-TTg, for which one of the old format is wanted.
    code: Option<String>,
    /// A code of the old format, for which one of QĐ 20/2020/QĐ-TTg is wanted.
    legacy_code: Option<String>,
}

/// Organisations in the order of their codes.
#[utoipa::path(get, path = "/api/v1/organisations", tag = "organisations",
    params(OrganisationQuery),
    responses((status = 200, body = Page<Organisation>), Problems))]
async fn list(
    State(registry): State<Registry>,
    _: Authenticated,
    Query(query): Query<OrganisationQuery>,
) -> Result<Json<Page<Organisation>>, Refusal> {
    let moment = field::parse_optional("as_of", query.as_of.as_deref())?;
    let open = form::state(query.state.as_deref())?;
    let filter = sql::Filter {
        parent: field::parse_optional("parent", query.parent.as_deref())?,
        within: field::parse_optional("within", query.within.as_deref())?,
        legacy_code: field::parse_optional("legacy_code", query.legacy_code.as_deref())?,
        // What was open then is another question than what is open today.
        open: if moment.is_some() { None } else { open },
    };
    let page = PageRequest::new(query.after, query.limit)?;
    let found = sql::list(&registry.database, &filter, &page).await.map_err(Refused::from)?;
    let mut page = page.page(found, |organisation| organisation.code.to_string());
    if let Some(moment) = moment {
        page.items = back_at(&registry, page.items, moment).await?;
        page.items.retain(|then| open.is_none_or(|open| open == then.closed_at.is_none()));
    }
    Ok(Json(page))
}

/// The organisations, which are in the order of their codes, as they were at `moment`.
async fn back_at(
    registry: &Registry,
    today: Vec<Organisation>,
    moment: UtcMicros,
) -> Result<Vec<Organisation>, Refused> {
    let (Some(first), Some(last)) = (today.first(), today.last()) else {
        return Ok(today);
    };
    let within = (&first.code, &last.code);
    let mut events = sql::last_events_by(&registry.database, within, moment).await?.into_iter();
    let mut next = events.next();
    let mut then = Vec::new();
    for organisation in &today {
        while next.as_ref().is_some_and(|(code, _)| *code < organisation.code) {
            next = events.next();
        }
        if let Some((code, event)) = &next
            && *code == organisation.code
        {
            then.extend(as_of(organisation, std::slice::from_ref(event), moment));
        }
    }
    Ok(then)
}

/// What the two formats of codes propose for each other by rule; nothing is changed. The table of
/// organisations is asked first: `registered` is who has the code.
#[utoipa::path(get, path = "/api/v1/organisations/suggest", tag = "organisations",
    params(SuggestQuery),
    responses((status = 200, body = Suggestion), Problems))]
async fn suggest(
    State(registry): State<Registry>,
    _: Authenticated,
    Query(query): Query<SuggestQuery>,
) -> Result<Json<Suggestion>, Refusal> {
    let code: Option<OrganisationCode> = field::parse_optional("code", query.code.as_deref())?;
    let legacy: Option<LegacyCode> =
        field::parse_optional("legacy_code", query.legacy_code.as_deref())?;
    let suggestion = match (code, legacy) {
        (Some(code), None) => {
            let found = sql::find(&registry.database, &code).await.map_err(Refused::from)?;
            let by_table = found.as_ref().and_then(|found| found.legacy_code);
            Suggestion {
                legacy_code: by_table.or_else(|| code.suggest_legacy()),
                code: Some(code),
                registered: found.map(|found| found.code),
            }
        }
        (None, Some(legacy)) => {
            let found = sql::find_by_legacy(&registry.database, &legacy).await;
            let registered = found.map_err(Refused::from)?;
            Suggestion {
                code: registered.clone().or_else(|| legacy.suggest()),
                legacy_code: Some(legacy),
                registered,
            }
        }
        (None, None) | (Some(_), Some(_)) => return Err(form::one_code()),
    };
    Ok(Json(suggestion))
}

/// One organisation.
#[utoipa::path(get, path = "/api/v1/organisations/{code}", tag = "organisations",
    params(("code" = String, Path, description = "Identification code"), AsOfQuery),
    responses((status = 200, body = Organisation), Problems))]
async fn read(
    State(registry): State<Registry>,
    _: Authenticated,
    Path(code): Path<String>,
    Query(query): Query<AsOfQuery>,
) -> Result<Tagged<Organisation>, Refusal> {
    let code = field::parse("code", &code)?;
    let moment = field::parse_optional("as_of", query.as_of.as_deref())?;
    let found = sql::find(&registry.database, &code).await.map_err(Refused::from)?;
    let mut organisation = found.ok_or_else(|| command::unknown(&code))?;
    if let Some(moment) = moment {
        let then = back_at(&registry, vec![organisation], moment).await?.pop();
        organisation = then.ok_or_else(|| command::unknown(&code))?;
    }
    Ok(Tagged(organisation))
}

/// What happened to a code, oldest first, each with the place of its entry in the evidence log.
#[utoipa::path(get, path = "/api/v1/organisations/{code}/history", tag = "organisations",
    params(("code" = String, Path, description = "Identification code"), PageQuery),
    responses((status = 200, body = Page<Event>), Problems))]
async fn history(
    State(registry): State<Registry>,
    _: Authenticated,
    Path(code): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Event>>, Refusal> {
    let code = field::parse("code", &code)?;
    let page = PageRequest::try_from(query)?;
    let after = form::number("after", &page.after)?;
    if sql::find(&registry.database, &code).await.map_err(Refused::from)?.is_none() {
        return Err(command::unknown(&code).into());
    }
    let events = sql::events(&registry.database, &code, after, &page).await;
    let mut page = page.page(events.map_err(Refused::from)?, |event| event.number.to_string());
    for event in &mut page.items {
        let Some(sequence) = event.sequence else {
            continue;
        };
        let entry = registry.recorder.entry_of(sequence).await.map_err(Refused::from)?;
        event.entry = entry.map(|(origin, index)| format!("{origin}/{index}"));
    }
    Ok(Json(page))
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
    let (new, basis) = form.read()?;
    let organisation = command::register(&registry, &actor, new, basis).await?;
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
    let (names, basis) = form.read()?;
    Ok(Tagged(command::rename(&registry, &actor, &code, names, basis, &if_match).await?))
}

/// Ends an organisation. Refused with a list while organisations below it or systems of it are not
/// closed. Its code stays registered for ever. For the operator and the state manager.
#[utoipa::path(post, path = "/api/v1/organisations/{code}/close", tag = "organisations",
    params(("code" = String, Path, description = "Identification code"), IfMatch),
    request_body = CloseForm,
    responses((status = 200, body = Organisation), Problems))]
async fn close(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(code): Path<String>,
    if_match: IfMatch,
    Json(form): Json<CloseForm>,
) -> Result<Tagged<Organisation>, Refusal> {
    let code = field::parse("code", &code)?;
    let basis = form.read()?;
    Ok(Tagged(command::close(&registry, &actor, &code, basis, &if_match).await?))
}

/// Whom to call at an organisation, day and night. For the organisation itself and those who run,
/// manage and audit the platform.
#[utoipa::path(get, path = "/api/v1/organisations/{code}/contacts", tag = "organisations",
    params(("code" = String, Path, description = "Identification code")),
    responses((status = 200, body = Contacts), Problems))]
async fn read_contacts(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(code): Path<String>,
) -> Result<Tagged<Contacts>, Refusal> {
    let whose = Whose::Organisation(field::parse("code", &code)?);
    Ok(Tagged(contact::read(&registry, &actor, &whose).await?))
}

/// Puts these contacts in the place of those before. The log says that they changed, never what
/// they are. For an administrator of the organisation and the operator.
#[utoipa::path(post, path = "/api/v1/organisations/{code}/contacts", tag = "organisations",
    params(("code" = String, Path, description = "Identification code"), IfMatch),
    request_body = ContactsForm,
    responses((status = 200, body = Contacts), Problems))]
async fn replace_contacts(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(code): Path<String>,
    if_match: IfMatch,
    Json(form): Json<ContactsForm>,
) -> Result<Tagged<Contacts>, Refusal> {
    let whose = Whose::Organisation(field::parse("code", &code)?);
    let contacts = form.read()?;
    Ok(Tagged(contact::replace(&registry, &actor, &whose, contacts, &if_match).await?))
}
