//! The steps of a service's life under `/api/v1/services/{…}`.

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{Authenticated, IfMatch, Json, Path, Refusal, Tagged, field};
use wire::ambient::UtcMicros;

use super::super::About;
use super::super::api::{ServicePath, ServiceView, named};
use super::command::{self, End};
use crate::Registry;
use crate::authority::must_administer;

pub(crate) fn routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default()
        .routes(routes!(about))
        .routes(routes!(ready))
        .routes(routes!(publish))
        .routes(routes!(deprecate))
        .routes(routes!(retire))
}

/// Nothing needs to be said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ServiceStep, example = json!({}))]
struct StepForm {}

/// That a service should not be begun with any more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeprecationForm {
    /// From when (RFC 3339, UTC); from now when left out.
    #[schema(example = "2027-01-01T00:00:00Z")]
    from: Option<String>,
    /// The service to be used in its place; it is published already.
    successor: Option<String>,
    /// From when no call passes any more, if that is known.
    #[schema(example = "2027-07-01T00:00:00Z")]
    retire_at: Option<String>,
}

/// From when a service is provided no more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RetirementForm {
    /// From when no call passes (RFC 3339, UTC), not before now.
    #[schema(example = "2027-07-01T00:00:00Z")]
    at: String,
}

/// Says what a service is about: its data, their classification, legal basis, update frequency,
/// service level and contact. For an administrator of the provider and the operator.
#[utoipa::path(post, path = "/api/v1/services/{organisation}/{system}/{service}/{version}/about",
    operation_id = "say_about", tag = "services",
    params(ServicePath, IfMatch),
    request_body = About,
    responses((status = 200, body = ServiceView), Problems))]
async fn about(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(path): Path<ServicePath>,
    if_match: IfMatch,
    Json(form): Json<About>,
) -> Result<Tagged<ServiceView>, Refusal> {
    let id = named(path)?;
    must_administer(&actor, &id.organisation)?;
    let about = form.read()?;
    let now = registry.clock.now();
    let seen = |service: &super::super::Service| {
        Ok(if_match.require(&ServiceView::new(service.clone(), &actor, now))?)
    };
    let service = command::say_about(&registry, &actor, &id, about, seen).await?;
    Ok(Tagged(ServiceView::new(service, &actor, now)))
}

/// Declares a draft ready: it has what it is about and a description. The operator publishes it
/// within the working days of the regulation. For an administrator of the provider and the
/// operator.
#[utoipa::path(post, path = "/api/v1/services/{organisation}/{system}/{service}/{version}/ready",
    operation_id = "declare_ready", tag = "services",
    params(ServicePath),
    request_body = StepForm,
    responses((status = 200, body = ServiceView), Problems))]
async fn ready(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(path): Path<ServicePath>,
    Json(StepForm {}): Json<StepForm>,
) -> Result<Tagged<ServiceView>, Refusal> {
    let service = command::declare_ready(&registry, &actor, &named(path)?).await?;
    Ok(Tagged(ServiceView::new(service, &actor, registry.clock.now())))
}

/// Publishes what was declared ready. For the operator.
#[utoipa::path(post, path = "/api/v1/services/{organisation}/{system}/{service}/{version}/publish",
    operation_id = "publish_ready", tag = "services",
    params(ServicePath),
    request_body = StepForm,
    responses((status = 200, body = ServiceView), Problems))]
async fn publish(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(path): Path<ServicePath>,
    Json(StepForm {}): Json<StepForm>,
) -> Result<Tagged<ServiceView>, Refusal> {
    let service = command::publish(&registry, &actor, &named(path)?).await?;
    Ok(Tagged(ServiceView::new(service, &actor, registry.clock.now())))
}

/// Announces that a service should not be begun with any more; answers say so from now on
/// (`Deprecation`, `Sunset`, `Link`). For an administrator of the provider and the operator.
#[utoipa::path(post, path = "/api/v1/services/{organisation}/{system}/{service}/{version}/deprecate",
    operation_id = "deprecate", tag = "services",
    params(ServicePath),
    request_body = DeprecationForm,
    responses((status = 200, body = ServiceView), Problems))]
async fn deprecate(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(path): Path<ServicePath>,
    Json(form): Json<DeprecationForm>,
) -> Result<Tagged<ServiceView>, Refusal> {
    let end = End {
        deprecated_at: field::parse_optional("from", form.from.as_deref())?,
        retired_at: field::parse_optional("retire_at", form.retire_at.as_deref())?,
        successor: field::parse_optional("successor", form.successor.as_deref())?,
    };
    let service = command::announce_end(&registry, &actor, &named(path)?, end).await?;
    Ok(Tagged(ServiceView::new(service, &actor, registry.clock.now())))
}

/// Sets when a service is provided no more; from then on no call passes, and that is final. For an
/// administrator of the provider and the operator.
#[utoipa::path(post, path = "/api/v1/services/{organisation}/{system}/{service}/{version}/retire",
    operation_id = "retire", tag = "services",
    params(ServicePath),
    request_body = RetirementForm,
    responses((status = 200, body = ServiceView), Problems))]
async fn retire(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(path): Path<ServicePath>,
    Json(form): Json<RetirementForm>,
) -> Result<Tagged<ServiceView>, Refusal> {
    let at: UtcMicros = field::parse("at", &form.at)?;
    let end = End { deprecated_at: None, retired_at: Some(at), successor: None };
    let service = command::announce_end(&registry, &actor, &named(path)?, end).await?;
    Ok(Tagged(ServiceView::new(service, &actor, registry.clock.now())))
}
