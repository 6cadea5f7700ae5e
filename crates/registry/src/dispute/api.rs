//! `/api/v1/disputes`

pub(crate) mod form;
pub(crate) mod view;

use axum::extract::State;
use axum::http::StatusCode;
use evidence::Actor;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{
    Authenticated, IfMatch, Json, Page, PageQuery, PageRequest, Path, Query, Refusal, Tagged, field,
};
use wire::id::DisputeId;
use wire::problem::Text;

use super::command::{self, Word};
use super::life::DisputeStep;
use super::sql;
use crate::Registry;
use crate::authority::Sight;
use crate::refused::Refused;
use form::{DecisionForm, DisputeForm, DisputeQuery, ReasonForm, WordsForm};
use view::{DisputeStepView, DisputeView};

pub(crate) fn routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default()
        .routes(routes!(list, open))
        .routes(routes!(read))
        .routes(routes!(history))
        .routes(routes!(answer))
        .routes(routes!(settle))
        .routes(routes!(refer))
        .routes(routes!(decide))
        .routes(routes!(withdraw))
}

/// Disputes in the order of their opening: all for those who run and audit the platform, else those
/// about connections of one's own organisation, on either side.
#[utoipa::path(get, path = "/api/v1/disputes", operation_id = "list_disputes", tag = "disputes",
    params(DisputeQuery),
    responses((status = 200, body = Page<DisputeView>), Problems))]
async fn list(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Query(query): Query<DisputeQuery>,
) -> Result<Json<Page<DisputeView>>, Refusal> {
    let now = registry.clock.now();
    let (filter, page) = query.read(now)?;
    let found = sql::list(&registry.database, &Sight::of(&actor), &filter, &page).await;
    let page = page.page(found.map_err(Refused::from)?, |dispute| dispute.id.to_string());
    Ok(Json(page.map(|dispute| DisputeView::new(dispute, now))))
}

/// Opens a dispute about a connection that is handed in or further. It is against whoever took the
/// step that is objected to, else against the other side; the days to answer begin. For an
/// administrator of the consumer or the provider.
#[utoipa::path(post, path = "/api/v1/disputes", operation_id = "open_dispute", tag = "disputes",
    request_body = DisputeForm,
    responses((status = 201, body = DisputeView), Problems))]
async fn open(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Json(form): Json<DisputeForm>,
) -> Result<(StatusCode, Json<DisputeView>), Refusal> {
    let dispute = command::open(&registry, &actor, form.read()?).await?;
    Ok((StatusCode::CREATED, Json(DisputeView::new(dispute, registry.clock.now()))))
}

/// One dispute about a connection that one may see.
#[utoipa::path(get, path = "/api/v1/disputes/{id}", operation_id = "read_dispute", tag = "disputes",
    params(("id" = String, Path, description = "Dispute id")),
    responses((status = 200, body = DisputeView), Problems))]
async fn read(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(id): Path<String>,
) -> Result<Tagged<DisputeView>, Refusal> {
    let id: DisputeId = field::parse("id", &id)?;
    let dispute = command::load_seen(&registry, &actor, &id).await?;
    Ok(Tagged(DisputeView::new(dispute, registry.clock.now())))
}

/// The steps taken so far with what was said, each with the place of its entry in the evidence log.
#[utoipa::path(get, path = "/api/v1/disputes/{id}/history", operation_id = "read_dispute_history",
    tag = "disputes",
    params(("id" = String, Path, description = "Dispute id"), PageQuery),
    responses((status = 200, body = Page<DisputeStepView>), Problems))]
async fn history(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<DisputeStepView>>, Refusal> {
    let id: DisputeId = field::parse("id", &id)?;
    let page = PageRequest::try_from(query)?;
    let after = after_number(&page.after)?;
    command::load_seen(&registry, &actor, &id).await?;
    let steps = sql::history(&registry.database, &id, after, page.rows()).await;
    let steps = page.page(steps.map_err(Refused::from)?, |step| step.number.to_string());
    let mut items = Vec::with_capacity(steps.items.len());
    for step in steps.items {
        let entry = registry.recorder.entry_of(step.sequence).await.map_err(Refused::from)?;
        items.push(DisputeStepView::new(step, entry));
    }
    Ok(Json(Page { items, next: steps.next }))
}

/// Answers a dispute. For whoever it is against: an administrator of that side, the operator or the
/// state manager.
#[utoipa::path(post, path = "/api/v1/disputes/{id}/answer", operation_id = "answer_dispute",
    tag = "disputes",
    params(("id" = String, Path, description = "Dispute id"), IfMatch),
    request_body = WordsForm,
    responses((status = 200, body = DisputeView), Problems))]
async fn answer(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(id): Path<String>,
    if_match: IfMatch,
    Json(form): Json<WordsForm>,
) -> Result<Tagged<DisputeView>, Refusal> {
    let word = Word::Plain(Some(form.read()?));
    take(&registry, &actor, &id, DisputeStep::Answer, word, &if_match).await
}

/// Is content with the answer, which ends the dispute. For an administrator of the side that opened
/// it.
#[utoipa::path(post, path = "/api/v1/disputes/{id}/settle", operation_id = "settle_dispute",
    tag = "disputes",
    params(("id" = String, Path, description = "Dispute id"), IfMatch),
    request_body = ReasonForm,
    responses((status = 200, body = DisputeView), Problems))]
async fn settle(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(id): Path<String>,
    if_match: IfMatch,
    Json(form): Json<ReasonForm>,
) -> Result<Tagged<DisputeView>, Refusal> {
    let word = Word::Plain(form.read()?);
    take(&registry, &actor, &id, DisputeStep::Settle, word, &if_match).await
}

/// Asks the specialised unit to decide: after the answer, or once the time to answer has run out. For
/// an administrator of the side that opened it.
#[utoipa::path(post, path = "/api/v1/disputes/{id}/refer", operation_id = "refer_dispute",
    tag = "disputes",
    params(("id" = String, Path, description = "Dispute id"), IfMatch),
    request_body = WordsForm,
    responses((status = 200, body = DisputeView), Problems))]
async fn refer(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(id): Path<String>,
    if_match: IfMatch,
    Json(form): Json<WordsForm>,
) -> Result<Tagged<DisputeView>, Refusal> {
    let word = Word::Plain(Some(form.read()?));
    take(&registry, &actor, &id, DisputeStep::Refer, word, &if_match).await
}

/// Decides a dispute, and suspends or resumes the connection if that follows; when the answer
/// arrives, that is in force. For the unit that the rules about connections name (the state manager,
/// as shipped), and nobody who took a part in it or took the step that it is about.
#[utoipa::path(post, path = "/api/v1/disputes/{id}/decide", operation_id = "decide_dispute",
    tag = "disputes",
    params(("id" = String, Path, description = "Dispute id"), IfMatch),
    request_body = DecisionForm,
    responses((status = 200, body = DisputeView), Problems))]
async fn decide(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(id): Path<String>,
    if_match: IfMatch,
    Json(form): Json<DecisionForm>,
) -> Result<Tagged<DisputeView>, Refusal> {
    let word = Word::Decision(form.read()?);
    take(&registry, &actor, &id, DisputeStep::Decide, word, &if_match).await
}

/// Takes a dispute back before it is decided. For an administrator of the side that opened it.
#[utoipa::path(post, path = "/api/v1/disputes/{id}/withdraw", operation_id = "withdraw_dispute",
    tag = "disputes",
    params(("id" = String, Path, description = "Dispute id"), IfMatch),
    request_body = ReasonForm,
    responses((status = 200, body = DisputeView), Problems))]
async fn withdraw(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(id): Path<String>,
    if_match: IfMatch,
    Json(form): Json<ReasonForm>,
) -> Result<Tagged<DisputeView>, Refusal> {
    let word = Word::Plain(form.read()?);
    take(&registry, &actor, &id, DisputeStep::Withdraw, word, &if_match).await
}

async fn take(
    registry: &Registry,
    actor: &Actor,
    id: &str,
    step: DisputeStep,
    word: Word,
    seen: &IfMatch,
) -> Result<Tagged<DisputeView>, Refusal> {
    let id = field::parse("id", id)?;
    let dispute = command::take(registry, actor, &id, step, word, seen).await?;
    Ok(Tagged(DisputeView::new(dispute, registry.clock.now())))
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
