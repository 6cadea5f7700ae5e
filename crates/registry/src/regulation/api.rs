//! `/api/v1/connection-rules`

use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{Authenticated, Json, Page, PageQuery, PageRequest, Query, Refusal, field};
use wire::ambient::UtcMicros;
use wire::problem::Text;

use super::form::RulesForm;
use super::{ConnectionRules, RulesVersion, command, sql};
use crate::Registry;
use crate::authority::must_manage_the_state;
use crate::refused::Refused;

pub(crate) fn routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default().routes(routes!(list, add))
}

/// A version of the rules about connections.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConnectionRulesVersion)]
pub(crate) struct RulesView {
    /// 0 is the one that came with the platform.
    version: u32,
    /// From when it is in force; absent for the one that came with the platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<UtcMicros>,
    /// Whether it is the one in force now.
    in_force: bool,
    /// What it says.
    rules: ConnectionRules,
}

impl RulesView {
    fn new(version: RulesVersion, in_force: u32) -> Self {
        Self {
            version: version.version,
            from: version.from,
            in_force: version.version == in_force,
            rules: version.rules,
        }
    }
}

/// The rules about connections, version by version: deadlines, notices, grounds for ending. The
/// last one whose date has come is in force.
#[utoipa::path(get, path = "/api/v1/connection-rules", tag = "connection_rules",
    params(PageQuery),
    responses((status = 200, body = Page<RulesView>), Problems))]
async fn list(
    State(registry): State<Registry>,
    _: Authenticated,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<RulesView>>, Refusal> {
    let page = PageRequest::try_from(query)?;
    let after = match page.after.as_str() {
        "" => None,
        after => Some(after.parse::<u32>().map_err(|_| {
            field::invalid("after", &Text::new("số phiên bản.", "a version's number."))
        })?),
    };
    let versions = sql::versions(&registry.database).await.map_err(Refused::from)?;
    let in_force = in_force(&versions, registry.clock.now());
    let found = versions.into_iter().filter(|one| after.is_none_or(|after| one.version > after));
    let page = page.page(found.collect(), |one| one.version.to_string());
    Ok(Json(page.map(|version| RulesView::new(version, in_force))))
}

/// Adds a version of the rules. Deadlines that were set before stay. For the state manager.
#[utoipa::path(post, path = "/api/v1/connection-rules", tag = "connection_rules",
    request_body = RulesForm,
    responses((status = 201, body = RulesView), Problems))]
async fn add(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Json(form): Json<RulesForm>,
) -> Result<(StatusCode, Json<RulesView>), Refusal> {
    must_manage_the_state(&actor)?;
    let now = registry.clock.now();
    let (from, rules) = form.read(now)?;
    let added = command::add(&registry, &actor, from, rules).await?;
    let versions = sql::versions(&registry.database).await.map_err(Refused::from)?;
    Ok((StatusCode::CREATED, Json(RulesView::new(added, in_force(&versions, now)))))
}

fn in_force(versions: &[RulesVersion], now: UtcMicros) -> u32 {
    let begun = versions.iter().filter(|one| one.from.is_none_or(|from| from <= now));
    begun.map(|one| one.version).max().unwrap_or(0)
}
