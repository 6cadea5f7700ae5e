//! `/api/v1/profile-sunsets`

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{Authenticated, Json, Page, PageRequest, Query, Refusal, field};

use super::{Sunset, sql};
use crate::Registry;
use crate::authority::Sight;
use crate::refused::Refused;

pub(crate) fn routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default().routes(routes!(list_sunsets))
}

/// Which events to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SunsetQuery {
    /// Only those of this system.
    system: Option<String>,
    /// `next` of the page before, or the sequence number of the last event one knows.
    after: Option<String>,
    /// Items on the page: 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Algorithms that come to their end by the technical profile, as each system that has keys of them
/// was told 90, 30, 7 and 1 days ahead, oldest first: all for those who run and audit the platform,
/// else those of one's own organisation.
#[utoipa::path(get, path = "/api/v1/profile-sunsets", tag = "profiles", params(SunsetQuery),
    responses((status = 200, body = Page<Sunset>), Problems))]
async fn list_sunsets(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Query(query): Query<SunsetQuery>,
) -> Result<Json<Page<Sunset>>, Refusal> {
    let system = field::parse_optional("system", query.system.as_deref())?;
    let page = PageRequest::new(query.after, query.limit)?;
    let after = match page.after.as_str() {
        "" => 0,
        after => after.parse().map_err(|_| web::page::not_a_cursor())?,
    };
    let sight = Sight::of(&actor);
    let found = sql::list(&registry.database, &sight, system.as_ref(), after, &page).await;
    Ok(Json(page.page(found.map_err(Refused::from)?, |sunset| sunset.sequence.to_string())))
}
