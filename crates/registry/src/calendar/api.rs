//! `/api/v1/calendar`

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{
    Authenticated, IfMatch, Json, Page, PageQuery, PageRequest, Path, Query, Refusal, Tagged, field,
};
use wire::ambient::UtcMicros;
use wire::problem::Text;

use super::year_form::YearForm;
use super::{WorkingYear, YearVersion, command, sql};
use crate::Registry;
use crate::authority::must_manage_the_state;
use crate::refused::Refused;

/// The years of which something can be known.
const YEARS: std::ops::RangeInclusive<u16> = 2020..=2100;

pub(crate) fn routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(read))
        .routes(routes!(versions))
        .routes(routes!(replace))
}

/// What is known of a year's working days.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkingYearVersion)]
pub(crate) struct YearView {
    /// 0 is the one that came with the platform; the highest is in force.
    version: u32,
    /// Since when; absent for what came with the platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<UtcMicros>,
    /// Whether every day that is named was checked against its document.
    verified: bool,
    /// The days.
    days: WorkingYear,
}

impl From<YearVersion> for YearView {
    fn from(version: YearVersion) -> Self {
        Self {
            version: version.version,
            since: version.since,
            verified: version.year.is_verified(),
            days: version.year,
        }
    }
}

/// The years that are known, each as it is in force. In other years only the weekends are off.
#[utoipa::path(get, path = "/api/v1/calendar", tag = "calendar", params(PageQuery),
    responses((status = 200, body = Page<YearView>), Problems))]
async fn list(
    State(registry): State<Registry>,
    _: Authenticated,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<YearView>>, Refusal> {
    let page = PageRequest::try_from(query)?;
    let mut years = sql::in_force(&registry.database).await.map_err(Refused::from)?;
    years.retain(|known| known.year.year.to_string() > page.after);
    let page = page.page(years, |known| known.year.year.to_string());
    Ok(Json(page.map(YearView::from)))
}

/// The days of a year, as they are in force.
#[utoipa::path(get, path = "/api/v1/calendar/{year}", tag = "calendar",
    params(("year" = u16, Path, description = "The year")),
    responses((status = 200, body = YearView), Problems))]
async fn read(
    State(registry): State<Registry>,
    _: Authenticated,
    Path(text): Path<String>,
) -> Result<Tagged<YearView>, Refusal> {
    let versions = sql::versions(&registry.database, year(&text)?).await.map_err(Refused::from)?;
    let last = versions.into_iter().next_back().ok_or_else(|| command::unknown(&text))?;
    Ok(Tagged(last.into()))
}

/// Every version of a year, oldest first: by which days earlier deadlines were set.
#[utoipa::path(get, path = "/api/v1/calendar/{year}/versions", tag = "calendar",
    params(("year" = u16, Path, description = "The year"), PageQuery),
    responses((status = 200, body = Page<YearView>), Problems))]
async fn versions(
    State(registry): State<Registry>,
    _: Authenticated,
    Path(text): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<YearView>>, Refusal> {
    let page = PageRequest::try_from(query)?;
    let after = match page.after.as_str() {
        "" => None,
        after => Some(after.parse::<u32>().map_err(|_| {
            field::invalid("after", &Text::new("số phiên bản.", "a version's number."))
        })?),
    };
    let found = sql::versions(&registry.database, year(&text)?).await.map_err(Refused::from)?;
    if found.is_empty() {
        return Err(command::unknown(&text).into());
    }
    let found = found.into_iter().filter(|one| after.is_none_or(|after| one.version > after));
    let page = page.page(found.collect(), |one| one.version.to_string());
    Ok(Json(page.map(YearView::from)))
}

/// Replaces what is known of a year. Deadlines that were set before stay. For the state manager.
#[utoipa::path(post, path = "/api/v1/calendar/{year}/replace", tag = "calendar",
    params(("year" = u16, Path, description = "The year"), IfMatch),
    request_body = YearForm,
    responses((status = 200, body = YearView), Problems))]
async fn replace(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(text): Path<String>,
    if_match: IfMatch,
    Json(form): Json<YearForm>,
) -> Result<Tagged<YearView>, Refusal> {
    // Before the body: an outsider learns nothing of its rules.
    must_manage_the_state(&actor)?;
    let days = form.read(year(&text)?)?;
    let replaced = command::replace(&registry, &actor, days, &if_match).await?;
    Ok(Tagged(replaced.into()))
}

fn year(text: &str) -> Result<u16, Refusal> {
    let year = text.parse().ok().filter(|year| YEARS.contains(year));
    year.ok_or_else(|| {
        let (first, last) = (YEARS.start(), YEARS.end());
        let rule = Text::new(
            format!("một năm từ {first} đến {last}."),
            format!("a year from {first} to {last}."),
        );
        field::invalid("year", &rule)
    })
}
