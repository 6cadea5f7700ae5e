//! `/api/v1/credential-expiries`

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{Authenticated, Json, Page, PageRequest, Query, Refusal, field};
use wire::problem::Text;

use super::{Expiry, sql};
use crate::Registry;
use crate::authority::Sight;
use crate::refused::Refused;

pub(crate) fn routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default().routes(routes!(list_expiries))
}

/// Which events to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExpiryQuery {
    /// Only those of this system's credentials.
    system: Option<String>,
    /// `next` of the page before, or the sequence number of the last event one knows.
    after: Option<String>,
    /// Items on the page: 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Credentials that come to their end, as it was said 90, 30, 7 and 1 days ahead, oldest first: all
/// for those who run and audit the platform, else those of one's own organisation.
#[utoipa::path(get, path = "/api/v1/credential-expiries", tag = "credentials",
    params(ExpiryQuery), responses((status = 200, body = Page<Expiry>), Problems))]
async fn list_expiries(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Query(query): Query<ExpiryQuery>,
) -> Result<Json<Page<Expiry>>, Refusal> {
    let system = field::parse_optional("system", query.system.as_deref())?;
    let after = query.after.as_deref().map(sequence).transpose()?.unwrap_or(0);
    let page = PageRequest::new(query.after, query.limit)?;
    let sight = Sight::of(&actor);
    let found = sql::list(&registry.database, &sight, system.as_ref(), after, &page).await;
    Ok(Json(page.page(found.map_err(Refused::from)?, |expiry| expiry.sequence.to_string())))
}

fn sequence(text: &str) -> Result<i64, Refusal> {
    text.parse().map_err(|_| {
        let rule = Text::new("«next» của trang trước.", "`next` of the page before.");
        field::invalid("after", &rule)
    })
}
