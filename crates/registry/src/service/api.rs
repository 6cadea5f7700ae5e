//! `/api/v1/services`

use axum::extract::State;
use axum::http::StatusCode;
use evidence::Actor;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{Authenticated, Json, Page, PageRequest, Path, Query, Refusal, Tagged, field};
use wire::ambient::UtcMicros;
use wire::directory::{RecordMode, Signing};
use wire::id::ServiceId;
use wire::problem::Text;

use super::command::TermsChange;
use super::life::{ServiceState, Stage};
use super::upstream::Upstream;
use super::{About, Service, Terms, command, sql};
use crate::Registry;
use crate::authority::Sight;
use crate::refused::Refused;

/// The longest title, in characters.
const TITLE_CHARS: usize = 250;
/// How long a gateway waits when nobody says otherwise.
const DEFAULT_TIMEOUT_MS: u32 = 5_000;
/// The longest wait.
const MAX_TIMEOUT_MS: u32 = 120_000;
/// The longest request body when nobody says otherwise: 10 MiB.
const DEFAULT_MAX_BODY_BYTES: u64 = 10 << 20;
/// The longest request body at all: 4 GiB.
const MAX_MAX_BODY_BYTES: u64 = 4 << 30;

pub(crate) fn routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default()
        .routes(routes!(list, publish))
        .routes(routes!(read))
        .routes(routes!(change_terms))
        .merge(super::life::api::routes())
}

/// One major version of a service.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Service)]
pub struct ServiceView {
    /// Its full name.
    #[schema(value_type = String, example = "H24.12/don-vi-hanh-chinh/danh-muc/v1")]
    id: ServiceId,
    /// What people call it.
    #[schema(example = "Danh mục đơn vị hành chính cấp xã")]
    title: String,
    /// Where calls go. Shown to its own organisation and to those who run and audit the platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "http://10.24.12.5:9000/api")]
    upstream: Option<Upstream>,
    /// Where the calls of sandbox credentials go; absent if there is no sandbox. Shown to the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "http://10.24.12.5:9001/api")]
    sandbox_upstream: Option<Upstream>,
    /// How long a gateway waits for the answer to begin, in milliseconds.
    timeout_ms: u32,
    /// Before what the record of a call must be durable: `before_answer` or `before_forward`.
    #[schema(value_type = String, example = "before_answer")]
    record: RecordMode,
    /// The longest request body, in bytes.
    max_body_bytes: u64,
    /// Whether the provider signs its answers (RFC 9421) with one of its system's credentials, and
    /// unsigned answers are refused: `required` or `not_required`.
    #[schema(value_type = String, example = "not_required")]
    signed_answers: Signing,
    /// Whether the platform signs the requests that it passes on: `required` or `not_required`.
    #[schema(value_type = String, example = "not_required")]
    signed_requests: Signing,
    /// `draft`, `ready`, `published`, `deprecated` or `retired`, as it is now.
    state: ServiceState,
    /// What it is about, if that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<About>,
    /// When its provider declared it ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    ready_at: Option<UtcMicros>,
    /// By when it was to be published after that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    publish_due: Option<UtcMicros>,
    /// Since when, or from when, nobody should begin to use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    deprecated_at: Option<UtcMicros>,
    /// From when no call passes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    retired_at: Option<UtcMicros>,
    /// What is to be used in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    successor: Option<ServiceId>,
    /// When it was published; absent until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    published_at: Option<UtcMicros>,
    /// When its terms changed last.
    #[schema(value_type = String, format = DateTime)]
    changed_at: UtcMicros,
}

/// A version of a service to publish.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceForm {
    /// Its full name: organisation, system, service code and major version.
    #[schema(example = "H24.12/don-vi-hanh-chinh/danh-muc/v1")]
    id: String,
    /// What people call it.
    #[schema(example = "Danh mục đơn vị hành chính cấp xã")]
    title: String,
    /// Where calls go: `http://` or `https://`, `host[:port][/path]`.
    #[schema(example = "http://10.24.12.5:9000/api")]
    upstream: String,
    /// The same for the calls of sandbox credentials; without one they are refused.
    #[schema(example = "http://10.24.12.5:9001/api")]
    sandbox_upstream: Option<String>,
    /// How long a gateway waits for the answer to begin, in milliseconds; 5000 when left out.
    #[schema(minimum = 1, maximum = 120_000)]
    timeout_ms: Option<u32>,
    /// `before_answer` (when left out) or `before_forward`.
    #[schema(value_type = Option<String>, example = "before_answer")]
    record: Option<RecordMode>,
    /// The longest request body, in bytes; 10 MiB when left out.
    max_body_bytes: Option<u64>,
    /// `required`: the provider signs its answers, and unsigned ones are refused; `not_required` when left
    /// out.
    #[schema(value_type = Option<String>, example = "not_required")]
    signed_answers: Option<Signing>,
    /// `required`: the platform signs the requests that it passes on; `not_required` when left out.
    #[schema(value_type = Option<String>, example = "not_required")]
    signed_requests: Option<Signing>,
    /// `true`: it is only registered, and published when it was declared ready; `false` when left
    /// out: it is published at once.
    #[schema(example = false)]
    draft: Option<bool>,
}

/// How a service is to be reached from now on; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TermsForm {
    /// Where calls go: `http://` or `https://`, `host[:port][/path]`.
    #[schema(example = "http://10.24.12.6:9000/api")]
    upstream: Option<String>,
    /// The same for the calls of sandbox credentials; empty: there is no sandbox any more.
    #[schema(example = "http://10.24.12.6:9001/api")]
    sandbox_upstream: Option<String>,
    /// How long a gateway waits for the answer to begin, in milliseconds.
    #[schema(minimum = 1, maximum = 120_000)]
    timeout_ms: Option<u32>,
    /// `before_answer` or `before_forward`.
    #[schema(value_type = Option<String>, example = "before_answer")]
    record: Option<RecordMode>,
    /// The longest request body, in bytes.
    max_body_bytes: Option<u64>,
    /// `required`: the provider signs its answers, and unsigned ones are refused; `not_required`.
    #[schema(value_type = Option<String>, example = "not_required")]
    signed_answers: Option<Signing>,
    /// `required`: the platform signs the requests that it passes on; `not_required`.
    #[schema(value_type = Option<String>, example = "not_required")]
    signed_requests: Option<Signing>,
}

/// Which services to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ServiceQuery {
    /// Only those of this system.
    system: Option<String>,
    /// Only those in this state: `draft`, `ready`, `published`, `deprecated` or `retired`.
    state: Option<String>,
    /// `true`: only those that wait for their publication past its deadline.
    overdue: Option<bool>,
    /// `next` of the page before.
    after: Option<String>,
    /// Items on the page: 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// The four segments that name a service.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct ServicePath {
    /// Identification code of the provider
    organisation: String,
    /// System code
    system: String,
    /// Service code
    service: String,
    /// Major version: v1
    version: String,
}

/// Services in the order of their ids. Drafts are shown to their own organisation and to those who
/// run and audit the platform.
#[utoipa::path(get, path = "/api/v1/services", tag = "services", params(ServiceQuery),
    responses((status = 200, body = Page<ServiceView>), Problems))]
async fn list(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Query(query): Query<ServiceQuery>,
) -> Result<Json<Page<ServiceView>>, Refusal> {
    let system = field::parse_optional("system", query.system.as_deref())?;
    let page = PageRequest::new(query.after, query.limit)?;
    let now = registry.clock.now();
    let sight = Sight::of(&actor);
    let wanted = sql::Wanted {
        system: system.as_ref(),
        state: query.state.as_deref().map(state).transpose()?,
        overdue: query.overdue.unwrap_or_default(),
        drafts_of: sight.filter(),
        now,
    };
    let found = sql::list(&registry.database, &wanted, &page).await;
    let page = page.page(found.map_err(Refused::from)?, |service| service.id.to_string());
    Ok(Json(page.map(|service| ServiceView::new(service, &actor, now))))
}

/// One version of a service.
#[utoipa::path(get, path = "/api/v1/services/{organisation}/{system}/{service}/{version}",
    tag = "services",
    params(ServicePath),
    responses((status = 200, body = ServiceView), Problems))]
async fn read(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(path): Path<ServicePath>,
) -> Result<Tagged<ServiceView>, Refusal> {
    let id = named(path)?;
    let service = command::shown(&registry, &actor, &id).await?;
    Ok(Tagged(ServiceView::new(service, &actor, registry.clock.now())))
}

/// Publishes a version of a service. For an administrator of the provider and the operator.
#[utoipa::path(post, path = "/api/v1/services", tag = "services", request_body = ServiceForm,
    responses((status = 201, body = ServiceView), Problems))]
async fn publish(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Json(form): Json<ServiceForm>,
) -> Result<(StatusCode, Json<ServiceView>), Refusal> {
    let id = field::parse("id", &form.id)?;
    let title = field::sentence("title", &form.title, TITLE_CHARS)?;
    let mut terms = Terms {
        upstream: Upstream::read("upstream", &form.upstream, registry.allow_loopback)?,
        sandbox_upstream: None,
        timeout_ms: DEFAULT_TIMEOUT_MS,
        record: RecordMode::default(),
        max_body_bytes: DEFAULT_MAX_BODY_BYTES,
        signed_answers: Signing::default(),
        signed_requests: Signing::default(),
    };
    let chosen = TermsForm {
        upstream: None,
        sandbox_upstream: form.sandbox_upstream,
        timeout_ms: form.timeout_ms,
        record: form.record,
        max_body_bytes: form.max_body_bytes,
        signed_answers: form.signed_answers,
        signed_requests: form.signed_requests,
    };
    chosen.read(registry.allow_loopback)?.apply(&mut terms);
    let stage = if form.draft.unwrap_or_default() { Stage::Draft } else { Stage::Published };
    let service = command::publish(&registry, &actor, id, title, terms, stage).await?;
    Ok((StatusCode::CREATED, Json(ServiceView::new(service, &actor, registry.clock.now()))))
}

/// Changes where and how a service is reached, from the next call on. What is left out stays as it
/// is. For an administrator of the provider and the operator.
#[utoipa::path(post, path = "/api/v1/services/{organisation}/{system}/{service}/{version}/terms",
    tag = "services",
    params(ServicePath),
    request_body = TermsForm,
    responses((status = 200, body = ServiceView), Problems))]
async fn change_terms(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(path): Path<ServicePath>,
    Json(form): Json<TermsForm>,
) -> Result<Json<ServiceView>, Refusal> {
    let id = named(path)?;
    let terms = form.read(registry.allow_loopback)?;
    let service = command::change_terms(&registry, &actor, &id, terms).await?;
    Ok(Json(ServiceView::new(service, &actor, registry.clock.now())))
}

pub(super) fn named(path: ServicePath) -> Result<ServiceId, Refusal> {
    let ServicePath { organisation, system, service, version } = path;
    field::parse("id", &format!("{organisation}/{system}/{service}/{version}"))
}

fn state(text: &str) -> Result<ServiceState, Refusal> {
    let found = ServiceState::ALL.into_iter().find(|state| state.as_str() == text);
    found.ok_or_else(|| {
        let rule = Text::new(
            "draft, ready, published, deprecated hoặc retired.",
            "draft, ready, published, deprecated or retired.",
        );
        field::invalid("state", &rule)
    })
}

impl ServiceView {
    pub(super) fn new(service: Service, actor: &Actor, now: UtcMicros) -> Self {
        let is_published = service.life.stage == Stage::Published;
        let seen = Sight::of(actor).covers(&service.id.organisation);
        Self {
            id: service.id,
            title: service.title,
            upstream: Some(service.terms.upstream).filter(|_| seen),
            sandbox_upstream: service.terms.sandbox_upstream.filter(|_| seen),
            timeout_ms: service.terms.timeout_ms,
            record: service.terms.record,
            max_body_bytes: service.terms.max_body_bytes,
            signed_answers: service.terms.signed_answers,
            signed_requests: service.terms.signed_requests,
            state: service.life.state(now),
            about: service.about,
            ready_at: service.life.ready_at,
            publish_due: service.life.publish_due,
            deprecated_at: service.life.deprecated_at,
            retired_at: service.life.retired_at,
            successor: service.life.successor,
            published_at: Some(service.published_at).filter(|_| is_published),
            changed_at: service.changed_at,
        }
    }
}

impl TermsForm {
    fn read(self, allow_loopback: bool) -> Result<TermsChange, Refusal> {
        let upstream = |text: String| Upstream::read("upstream", &text, allow_loopback);
        let sandbox = |text: String| match text.as_str() {
            "" => Ok(None),
            text => Upstream::read("sandbox_upstream", text, allow_loopback).map(Some),
        };
        let timeout_ms = |ms| field::within("timeout_ms", ms, 1..=MAX_TIMEOUT_MS);
        let max_body_bytes = |bytes| field::within("max_body_bytes", bytes, 0..=MAX_MAX_BODY_BYTES);
        Ok(TermsChange {
            upstream: self.upstream.map(upstream).transpose()?,
            sandbox_upstream: self.sandbox_upstream.map(sandbox).transpose()?,
            timeout_ms: self.timeout_ms.map(timeout_ms).transpose()?,
            record: self.record,
            max_body_bytes: self.max_body_bytes.map(max_body_bytes).transpose()?,
            signed_answers: self.signed_answers,
            signed_requests: self.signed_requests,
        })
    }
}
