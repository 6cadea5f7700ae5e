//! `/api/v1/systems/{organisation}/{system}/compromise`

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{Authenticated, Json, Path, Refusal, field};
use wire::problem::Text;

use super::{Compromise, report};
use crate::Registry;
use crate::credential::MAX_PER_SYSTEM;

/// The longest reason, in characters.
const REASON_CHARS: usize = 1_000;

pub(crate) fn routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default().routes(routes!(report_compromise))
}

/// Keys that others may have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompromiseForm {
    /// What happened. It is shown to those concerned and never stands in the log.
    #[schema(example = "Máy chủ một cửa bị xâm nhập trái phép")]
    reason: String,
    /// Which credentials; all of the system when left out.
    #[schema(example = json!([]))]
    credentials: Option<Vec<String>>,
}

/// Revokes credentials of a system and suspends its active connections as a consumer, at every
/// gateway at once and in one entry. For an administrator of the system's organisation and the
/// operator.
#[utoipa::path(post, path = "/api/v1/systems/{organisation}/{system}/compromise",
    tag = "credentials",
    params(
        ("organisation" = String, Path, description = "Identification code"),
        ("system" = String, Path, description = "System code"),
    ),
    request_body = CompromiseForm,
    responses((status = 200, body = Compromise), Problems))]
async fn report_compromise(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path((organisation, system)): Path<(String, String)>,
    Json(form): Json<CompromiseForm>,
) -> Result<Json<Compromise>, Refusal> {
    let system = field::parse("system", &format!("{organisation}/{system}"))?;
    let reason = field::sentence("reason", &form.reason, REASON_CHARS)?;
    let named = form.credentials.unwrap_or_default();
    if i64::try_from(named.len()).unwrap_or(i64::MAX) > MAX_PER_SYSTEM {
        let rule = Text::new(
            format!("tối đa {MAX_PER_SYSTEM} khóa."),
            format!("at most {MAX_PER_SYSTEM} credentials."),
        );
        return Err(field::invalid("credentials", &rule));
    }
    let named =
        named.iter().map(|id| field::parse("credentials", id)).collect::<Result<Vec<_>, _>>()?;
    Ok(Json(report(&registry, &actor, system, &named, &reason).await?))
}
