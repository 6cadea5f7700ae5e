//! `/api/v1/directory`

use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{Authenticated, Json, Refusal};

use crate::Registry;

pub(crate) fn routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default().routes(routes!(read))
}

/// The version of the directory in force.
#[derive(Debug, Serialize, ToSchema)]
pub struct DirectoryHead {
    /// The Merkle root over its records, in base64: its version.
    root: String,
    /// How many records it has.
    size: u64,
    /// The signed note over origin, number of records and root.
    head: String,
}

/// The version of the directory that gateways have.
#[utoipa::path(get, path = "/api/v1/directory", tag = "directory",
    responses((status = 200, body = DirectoryHead), Problems))]
async fn read(
    State(registry): State<Registry>,
    _: Authenticated,
) -> Result<Json<DirectoryHead>, Refusal> {
    let published = registry.published();
    let published = published.borrow();
    let directory = &published.signed.directory;
    Ok(Json(DirectoryHead {
        root: STANDARD.encode(directory.root()),
        size: directory.size(),
        head: published.signed.head.clone(),
    }))
}
