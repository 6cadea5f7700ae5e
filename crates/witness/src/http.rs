//! `POST /add-checkpoint` (C2SP tlog-witness).

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use wire::witness::{AddCheckpoint, MAX_REQUEST, SIZE_TYPE};

use crate::Witness;
use crate::judgement::Refusal;

/// The witness's routes.
pub fn router(witness: Arc<Witness>) -> Router {
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/healthz", get(async || "ok\n"))
        .layer(DefaultBodyLimit::max(MAX_REQUEST))
        .with_state(witness)
}

async fn add_checkpoint(State(witness): State<Arc<Witness>>, body: Bytes) -> Response {
    let request = str::from_utf8(&body).map_err(|error| error.to_string());
    let request =
        request.and_then(|text| text.parse::<AddCheckpoint>().map_err(|error| error.to_string()));
    let request = match request {
        Ok(request) => request,
        Err(error) => return (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    };
    // The disk is waited for elsewhere.
    let cosigned = tokio::task::spawn_blocking(move || witness.cosign(&request)).await;
    match cosigned {
        Ok(Ok(line)) => line.into_response(),
        Ok(Err(refusal)) => answer(&refusal),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Sizes are told to the log alone: these refusals come after its signature was checked.
fn answer(refusal: &Refusal) -> Response {
    let status = match refusal {
        Refusal::NotANote(_) | Refusal::NotACheckpoint(_) | Refusal::OldAboveNew => {
            StatusCode::BAD_REQUEST
        }
        Refusal::UnknownLog => StatusCode::NOT_FOUND,
        Refusal::NotSigned => StatusCode::FORBIDDEN,
        Refusal::OtherSize(size) | Refusal::OtherRoot(size) => {
            tracing::warn!(%refusal, "a checkpoint is not cosigned");
            let size = format!("{size}\n");
            return (StatusCode::CONFLICT, [(header::CONTENT_TYPE, SIZE_TYPE)], size)
                .into_response();
        }
        Refusal::NotGrown { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::NotRemembered(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    tracing::warn!(%refusal, "a checkpoint is not cosigned");
    (status, format!("{refusal}\n")).into_response()
}
