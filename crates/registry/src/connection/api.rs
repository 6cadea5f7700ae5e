//! `/api/v1/connections`

use axum::extract::State as AxumState;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{
    Authenticated, IfMatch, Json, Page, PageQuery, PageRequest, Path, Query, Refusal, Tagged, field,
};
use wire::ambient::UtcMicros;
use wire::id::ConnectionId;
use wire::problem::Text;

use super::lifecycle::{State, Step};
use super::{Connection, command, condition, sandbox_test, sql, suspension};
use crate::Registry;
use crate::authority::Sight;
use crate::refused::Refused;
use form::{ConnectionForm, ConnectionQuery, RenewalForm, RevisionForm, StepForm};
use view::{ConnectionView, StepView};
use view_agreement::AgreementView;
use view_condition::ConditionsView;
use view_suspension::SuspensionView;
use view_usage::{UsageQuery, UsageView};

pub mod form;
mod step_table;
pub mod view;
mod view_agreement;
mod view_condition;
pub(crate) mod view_suspension;
pub(crate) mod view_usage;

pub(crate) fn routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default()
        .routes(routes!(list, request))
        .routes(routes!(read))
        .routes(routes!(history))
        .routes(routes!(revise))
        .routes(routes!(renew))
        .routes(routes!(suspensions))
        .routes(routes!(agreement))
        .routes(routes!(conditions))
        .routes(routes!(usage))
        .routes(routes!(take))
}

/// Connections in the order of their requests: all for those who run and audit the platform, else
/// those of one's own organisation, on either side.
#[utoipa::path(get, path = "/api/v1/connections", tag = "connections", params(ConnectionQuery),
    responses((status = 200, body = Page<ConnectionView>), Problems))]
async fn list(
    AxumState(registry): AxumState<Registry>,
    Authenticated(actor): Authenticated,
    Query(query): Query<ConnectionQuery>,
) -> Result<Json<Page<ConnectionView>>, Refusal> {
    let filter = sql::Filter {
        state: query.state.as_deref().map(state).transpose()?,
        consumer: field::parse_optional("consumer", query.consumer.as_deref())?,
        service: field::parse_optional("service", query.service.as_deref())?,
        overdue_at: query.overdue.unwrap_or(false).then(|| registry.clock.now()),
    };
    let page = PageRequest::new(query.after, query.limit)?;
    let sight = Sight::of(&actor);
    let found = sql::list(&registry.database, &sight, &filter, &page).await;
    let page = page.page(found.map_err(Refused::from)?, |connection| connection.id.to_string());
    let items = view::many(&registry.database, page.items, registry.clock.now()).await;
    Ok(Json(Page { items: items.map_err(Refused::from)?, next: page.next }))
}

/// One connection that one may see.
#[utoipa::path(get, path = "/api/v1/connections/{id}", tag = "connections",
    params(("id" = String, Path, description = "Connection id")),
    responses((status = 200, body = ConnectionView), Problems))]
async fn read(
    AxumState(registry): AxumState<Registry>,
    Authenticated(actor): Authenticated,
    Path(id): Path<String>,
) -> Result<Tagged<ConnectionView>, Refusal> {
    let id: ConnectionId = field::parse("id", &id)?;
    let connection = command::load_seen(&registry, &actor, &id).await?;
    Ok(Tagged(shown(&registry, connection).await?))
}

/// The steps taken so far, each with the place of its entry in the evidence log.
#[utoipa::path(get, path = "/api/v1/connections/{id}/history", tag = "connections",
    params(("id" = String, Path, description = "Connection id"), PageQuery),
    responses((status = 200, body = Page<StepView>), Problems))]
async fn history(
    AxumState(registry): AxumState<Registry>,
    Authenticated(actor): Authenticated,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<StepView>>, Refusal> {
    let id: ConnectionId = field::parse("id", &id)?;
    let page = PageRequest::try_from(query)?;
    let after = after_number(&page.after)?;
    command::load_seen(&registry, &actor, &id).await?;
    let steps = sql::history(&registry.database, &id, after, &page).await;
    let steps = page.page(steps.map_err(Refused::from)?, |step| step.number.to_string());
    let mut items = Vec::with_capacity(steps.items.len());
    for step in steps.items {
        let entry = registry.recorder.entry_of(step.sequence).await.map_err(Refused::from)?;
        items.push(StepView::new(step, entry));
    }
    Ok(Json(Page { items, next: steps.next }))
}

/// Opens a connection as a draft. For an administrator of the consumer.
#[utoipa::path(post, path = "/api/v1/connections", tag = "connections",
    request_body = ConnectionForm,
    responses((status = 201, body = ConnectionView), Problems))]
async fn request(
    AxumState(registry): AxumState<Registry>,
    Authenticated(actor): Authenticated,
    Json(form): Json<ConnectionForm>,
) -> Result<(StatusCode, Json<ConnectionView>), Refusal> {
    let mut new = form.read(registry.clock.now())?;
    new.consumer = registry.today_system(new.consumer).await?;
    new.service = registry.today_service(new.service).await?;
    let connection = command::request(&registry, &actor, new).await?;
    Ok((StatusCode::CREATED, Json(shown(&registry, connection).await?)))
}

/// Rewrites what a draft or returned connection asks for; it must be submitted again. For an
/// administrator of the consumer.
#[utoipa::path(post, path = "/api/v1/connections/{id}/revise", tag = "connections",
    params(("id" = String, Path, description = "Connection id"), IfMatch),
    request_body = RevisionForm,
    responses((status = 200, body = ConnectionView), Problems))]
async fn revise(
    AxumState(registry): AxumState<Registry>,
    Authenticated(actor): Authenticated,
    Path(id): Path<String>,
    if_match: IfMatch,
    Json(form): Json<RevisionForm>,
) -> Result<Tagged<ConnectionView>, Refusal> {
    let id = field::parse("id", &id)?;
    let asked = form.read(registry.clock.now())?;
    let connection = command::revise(&registry, &actor, &id, asked, &if_match).await?;
    Ok(Tagged(shown(&registry, connection).await?))
}

/// Opens an amendment that changes nothing but the end of a connection in force; it goes the way of
/// every amendment. For an administrator of the consumer.
#[utoipa::path(post, path = "/api/v1/connections/{id}/renew", tag = "connections",
    params(("id" = String, Path, description = "Connection id"), IfMatch),
    request_body = RenewalForm,
    responses((status = 201, body = ConnectionView), Problems))]
async fn renew(
    AxumState(registry): AxumState<Registry>,
    Authenticated(actor): Authenticated,
    Path(id): Path<String>,
    if_match: IfMatch,
    Json(form): Json<RenewalForm>,
) -> Result<(StatusCode, Json<ConnectionView>), Refusal> {
    let id = field::parse("id", &id)?;
    let until = form.read(registry.clock.now())?;
    let connection = command::renew(&registry, &actor, &id, until, &if_match).await?;
    Ok((StatusCode::CREATED, Json(shown(&registry, connection).await?)))
}

/// The suspensions of a connection, planned and immediate, oldest first.
#[utoipa::path(get, path = "/api/v1/connections/{id}/suspensions", tag = "connections",
    params(("id" = String, Path, description = "Connection id"), PageQuery),
    responses((status = 200, body = Page<SuspensionView>), Problems))]
async fn suspensions(
    AxumState(registry): AxumState<Registry>,
    Authenticated(actor): Authenticated,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<SuspensionView>>, Refusal> {
    let id: ConnectionId = field::parse("id", &id)?;
    let page = PageRequest::try_from(query)?;
    let after = after_number(&page.after)?;
    command::load_seen(&registry, &actor, &id).await?;
    let found = suspension::sql::list(&registry.database, &id, after, &page).await;
    let page = page.page(found.map_err(Refused::from)?, |one| one.number.to_string());
    Ok(Json(page.map(SuspensionView::from)))
}

/// The agreement as it was approved; before that, its draft. The digest is that of the text, and
/// stands in the entry of the approval. When a reorganisation gives the sides other codes, the text
/// gets them too; its annex then names the former codes, and the digest of the text before.
#[utoipa::path(get, path = "/api/v1/connections/{id}/agreement", tag = "connections",
    params(("id" = String, Path, description = "Connection id")),
    responses((status = 200, body = AgreementView), Problems))]
async fn agreement(
    AxumState(registry): AxumState<Registry>,
    Authenticated(actor): Authenticated,
    Path(id): Path<String>,
) -> Result<Json<AgreementView>, Refusal> {
    let id: ConnectionId = field::parse("id", &id)?;
    Ok(Json(super::agreement::seen_by(&registry, &actor, &id).await?.into()))
}

/// What must be so before the connection is approved, whether it is, and why; with the calls that
/// made its test in the sandbox.
#[utoipa::path(get, path = "/api/v1/connections/{id}/conditions", tag = "connections",
    params(("id" = String, Path, description = "Connection id")),
    responses((status = 200, body = ConditionsView), Problems))]
async fn conditions(
    AxumState(registry): AxumState<Registry>,
    Authenticated(actor): Authenticated,
    Path(id): Path<String>,
) -> Result<Json<ConditionsView>, Refusal> {
    let id: ConnectionId = field::parse("id", &id)?;
    let connection = command::load_seen(&registry, &actor, &id).await?;
    let database = &registry.database;
    let conditions = condition::of(database, &connection, registry.clock.now()).await?;
    let test = sandbox_test::sql::find(database, &id).await.map_err(Refused::from)?;
    Ok(Json(ConditionsView::new(conditions, test)))
}

/// Which operations were called in a period, and which never: those are proposed for narrowing. It is
/// counted from the log of the node that answers, now.
#[utoipa::path(get, path = "/api/v1/connections/{id}/usage", tag = "connections",
    params(("id" = String, Path, description = "Connection id"), UsageQuery),
    responses((status = 200, body = UsageView), Problems))]
async fn usage(
    AxumState(registry): AxumState<Registry>,
    Authenticated(actor): Authenticated,
    Path(id): Path<String>,
    Query(query): Query<UsageQuery>,
) -> Result<Json<UsageView>, Refusal> {
    let id: ConnectionId = field::parse("id", &id)?;
    let from = field::parse_optional("from", query.from.as_deref())?;
    let until = field::parse_optional("until", query.until.as_deref())?;
    let connection = command::load_seen(&registry, &actor, &id).await?;
    let from = from.unwrap_or(connection.requested_at);
    let until = until.unwrap_or(UtcMicros::MAX);
    if until < from {
        let rule = Text::new("một thời điểm sau «from».", "an instant after `from`.");
        return Err(field::invalid("until", &rule));
    }
    let usage = super::usage::count(&registry, &connection, from, until).await?;
    Ok(Json(UsageView::new(usage, from, &connection.asked)))
}

/// Takes a step of the lifecycle.
#[utoipa::path(post, path = "/api/v1/connections/{id}/{step}", tag = "connections",
    description = step_table::description(),
    params(
        ("id" = String, Path, description = "Connection id"),
        ("step" = String, Path, description = "The step to take"),
        IfMatch,
    ),
    request_body = StepForm,
    responses((status = 200, body = ConnectionView), Problems))]
async fn take(
    AxumState(registry): AxumState<Registry>,
    Authenticated(actor): Authenticated,
    Path((id, step)): Path<(String, String)>,
    if_match: IfMatch,
    Json(form): Json<StepForm>,
) -> Result<Tagged<ConnectionView>, Refusal> {
    let id = field::parse("id", &id)?;
    let step = step_to_take(&step)?;
    let said = form.read()?;
    let connection = command::take(&registry, &actor, &id, step, &said, &if_match).await?;
    Ok(Tagged(shown(&registry, connection).await?))
}

async fn shown(registry: &Registry, connection: Connection) -> Result<ConnectionView, Refused> {
    Ok(view::one(&registry.database, connection, registry.clock.now()).await?)
}

/// The steps that have this route; the others have their own, or are the platform's.
const STEPS: [Step; 16] = [
    Step::Submit,
    Step::Return,
    Step::Consent,
    Step::Test,
    Step::ConfirmTest,
    Step::WaiveTest,
    Step::Approve,
    Step::Activate,
    Step::AnnounceSuspension,
    Step::CallOffSuspension,
    Step::Suspend,
    Step::TellConsumer,
    Step::Resume,
    Step::End,
    Step::Withdraw,
    Step::Refuse,
];

fn step_to_take(text: &str) -> Result<Step, Refusal> {
    let found = STEPS.into_iter().find(|step| step.as_str() == text);
    found.ok_or_else(|| not_one_of("step", STEPS.iter().map(|step| step.as_str())))
}

fn state(text: &str) -> Result<State, Refusal> {
    text.parse().map_err(|_| not_one_of("state", State::ALL.iter().map(|state| state.as_str())))
}

fn not_one_of<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Refusal {
    let known = known.collect::<Vec<_>>().join(", ");
    field::invalid(
        name,
        &Text::new(format!("một trong các giá trị {known}."), format!("one of {known}.")),
    )
}

/// The number after which a page of history begins; -1 for the first page.
fn after_number(after: &str) -> Result<i64, Refusal> {
    if after.is_empty() {
        return Ok(-1);
    }
    let number = after.parse::<u32>().map(i64::from);
    number.map_err(|_| {
        field::invalid("after", &Text::new("số thứ tự của một bước.", "a step's number."))
    })
}

/// The latest end of a connection, from now.
pub(crate) fn latest_end(now: UtcMicros) -> UtcMicros {
    now.saturating_add(std::time::Duration::from_secs(MAX_YEARS * 366 * 86_400))
}

/// The longest period, in years.
pub(crate) const MAX_YEARS: u64 = 10;
