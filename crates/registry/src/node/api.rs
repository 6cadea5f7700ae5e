//! `/api/v1/nodes`

use std::collections::BTreeMap;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{Authenticated, Json, Page, Path, Refusal, field};
use wire::ambient::UtcMicros;
use wire::checkpoint::Origin;

use super::{Node, command};
use crate::Registry;
use crate::authority::must_oversee_the_platform;
use crate::refused::Refused;

pub(crate) fn routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(retire))
}

/// One node among those that share the database.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodeView {
    /// Its name: the origin of its log.
    #[schema(value_type = String, example = "lgsp.haiphong.example/node-2")]
    origin: Origin,
    /// Where the other nodes ask it.
    #[schema(example = "10.24.1.12:7400")]
    peer_address: String,
    /// When it was entered.
    #[schema(value_type = String, format = DateTime, example = "2026-11-02T01:00:00Z")]
    entered_at: UtcMicros,
    /// From when on it decides about the keys and quotas that fall to it.
    #[schema(value_type = String, format = DateTime, example = "2026-11-02T01:12:00Z")]
    decides_from: UtcMicros,
    /// Until when it decides, exclusive; left out while it is not retired.
    #[schema(value_type = Option<String>, format = DateTime, example = "2027-03-01T08:12:00Z")]
    #[serde(skip_serializing_if = "Option::is_none")]
    decides_until: Option<UtcMicros>,
    /// Whether it is the node that answers.
    #[schema(example = false)]
    this_node: bool,
    /// How many changes that it made are not in its log yet; they wait for it while it is down.
    #[schema(example = 0)]
    changes_waiting: u64,
}

/// All nodes that share the database, retired ones included, in the order of their names; none on a
/// database that cannot be shared. For the operator, the state manager and the auditor.
#[utoipa::path(get, path = "/api/v1/nodes", tag = "nodes",
    responses((status = 200, body = Page<NodeView>), Problems))]
async fn list(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
) -> Result<Json<Page<NodeView>>, Refusal> {
    must_oversee_the_platform(&actor)?;
    let listed = command::list(&registry.database).await.map_err(Refused::from)?;
    let mut waiting = waiting(&registry).await?;
    let own = registry.recorder.log().origin();
    let items = listed.nodes.into_iter().map(|node| {
        let changes_waiting = waiting.remove(&node.origin).unwrap_or(0);
        view(node, own, changes_waiting)
    });
    Ok(Json(Page { items: items.collect(), next: None }))
}

/// Retires a node for good: it decides until 12 minutes from now, which the answer gives as
/// `decides_until`, and its keys and quotas fall to the others. The last node stays. For the
/// operator. In the path, `/` in the origin is written `%2F`.
#[utoipa::path(post, path = "/api/v1/nodes/{origin}/retire", tag = "nodes",
    params(("origin" = String, Path, description = "The node's name, percent-encoded",
        example = "lgsp.haiphong.example%2Fnode-2")),
    responses((status = 200, body = NodeView), Problems))]
async fn retire(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(origin): Path<String>,
) -> Result<Json<NodeView>, Refusal> {
    let origin: Origin = field::parse("origin", &origin)?;
    let announced = registry.nodes_announced;
    let node = command::retire(&registry.recorder, &actor, &origin, announced).await?;
    let changes_waiting = waiting(&registry).await?.remove(&node.origin).unwrap_or(0);
    Ok(Json(view(node, registry.recorder.log().origin(), changes_waiting)))
}

async fn waiting(registry: &Registry) -> Result<BTreeMap<Origin, u64>, Refused> {
    Ok(registry.recorder.changes_waiting().await?)
}

fn view(node: Node, own: &Origin, changes_waiting: u64) -> NodeView {
    NodeView {
        this_node: node.origin == *own,
        origin: node.origin,
        peer_address: node.peer_address,
        entered_at: node.entered_at,
        decides_from: node.from,
        decides_until: node.until,
        changes_waiting,
    }
}
