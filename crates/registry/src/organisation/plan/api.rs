//! `/api/v1/organisation-plans`

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{Authenticated, IfMatch, Json, Page, PageRequest, Path, Query, Refusal, Tagged, field};
use wire::ambient::UtcMicros;
use wire::problem::Text;

use super::super::api::succession::{MoveForm, codes, moves};
use super::command::{self, NewPlan};
use super::{Plan, PlanState, PlannedAct, sql};
use crate::Registry;
use crate::refused::Refused;

pub(in crate::organisation) fn routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default()
        .routes(routes!(list_plans, plan))
        .routes(routes!(read_plan))
        .routes(routes!(withdraw_plan))
}

/// A reorganisation to be carried out on a day to come.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrganisationPlanForm)]
struct PlanForm {
    /// The organisation that gets another code or is divided, or that others go into.
    #[schema(example = "H24.12")]
    organisation: String,
    /// `recode`, `merge` or `split`.
    #[schema(example = "recode")]
    act: String,
    /// For `recode`: the new code, which nobody has or had.
    #[schema(example = "H24.85")]
    code: Option<String>,
    /// For `merge`: the organisations that end.
    from: Option<Vec<String>>,
    /// For `split`: the organisations that go on with its tasks, registered before.
    into: Option<Vec<String>>,
    /// For `merge` and `split`: systems, and the ids they get.
    moves: Option<Vec<MoveForm>>,
    /// For `split`: whether the organisation itself goes on, with the systems that are not named.
    continues: Option<bool>,
    /// The decision.
    #[schema(example = "06/2026/QĐ-UBND")]
    decision: String,
    /// When it takes effect (RFC 3339, UTC): after now.
    #[schema(example = "2099-07-01T00:00:00Z")]
    effective_at: String,
    /// Until when the former names are understood; for ever when left out.
    #[schema(format = DateTime)]
    aliases_until: Option<String>,
}

/// A plan is withdrawn as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrganisationPlanWithdrawal, example = json!({}))]
struct WithdrawForm {}

/// A reorganisation that has a day to come, or had one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrganisationPlan)]
pub(crate) struct PlanView {
    /// Counts from 0.
    number: u32,
    /// Of which organisation it is.
    #[schema(example = "H24.12")]
    organisation: String,
    /// What is to be done: `act` is `recode`, `merge` or `split`, with what was planned for it.
    #[schema(value_type = Object, example = json!({"act": "recode", "code": "H24.85"}))]
    act: PlannedAct,
    /// By which decision.
    #[schema(example = "06/2026/QĐ-UBND")]
    decision: String,
    /// When it takes effect.
    #[schema(value_type = String, format = DateTime)]
    effective_at: UtcMicros,
    /// Until when the former names are understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    aliases_until: Option<UtcMicros>,
    /// `planned`, `done`, `failed` or `withdrawn`.
    #[schema(example = "planned")]
    state: &'static str,
    /// Why it failed, in Vietnamese.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    problem: Option<String>,
    /// The same in English.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    problem_en: Option<String>,
    /// When it was planned.
    #[schema(value_type = String, format = DateTime)]
    planned_at: UtcMicros,
}

impl From<Plan> for PlanView {
    fn from(plan: Plan) -> Self {
        let (problem, problem_en) = plan.problem.unzip();
        Self {
            number: plan.number,
            organisation: plan.organisation.to_string(),
            act: plan.act,
            decision: plan.decision.to_string(),
            effective_at: plan.effective_at,
            aliases_until: plan.aliases_until,
            state: plan.state.as_str(),
            problem,
            problem_en,
            planned_at: plan.planned_at,
        }
    }
}

/// Which plans to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PlanQuery {
    /// Only those in this state: `planned`, `done`, `failed` or `withdrawn`.
    state: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Items on the page: 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Planned reorganisations in the order of their planning.
#[utoipa::path(get, path = "/api/v1/organisation-plans", tag = "organisations",
    params(PlanQuery),
    responses((status = 200, body = Page<PlanView>), Problems))]
async fn list_plans(
    State(registry): State<Registry>,
    _: Authenticated,
    Query(query): Query<PlanQuery>,
) -> Result<Json<Page<PlanView>>, Refusal> {
    let state = query.state.as_deref().map(state).transpose()?;
    let after = match query.after.as_deref() {
        None | Some("") => -1,
        Some(after) => i64::from(number("after", after)?),
    };
    let page = PageRequest::new(query.after, query.limit)?;
    let found = sql::list(&registry.database, state, after, &page).await;
    let page = page.page(found.map_err(Refused::from)?, |plan| plan.number.to_string());
    Ok(Json(page.map(PlanView::from)))
}

/// Plans a reorganisation that was decided and takes effect on a day to come. What would be refused
/// today is refused now; on its day the platform carries it out, or says why it could not. For the
/// operator and the state manager.
#[utoipa::path(post, path = "/api/v1/organisation-plans", operation_id = "plan_reorganisation",
    tag = "organisations",
    request_body = PlanForm,
    responses((status = 201, body = PlanView), Problems))]
async fn plan(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Json(form): Json<PlanForm>,
) -> Result<(StatusCode, Json<PlanView>), Refusal> {
    let plan = command::plan(&registry, &actor, form.read()?).await?;
    Ok((StatusCode::CREATED, Json(plan.into())))
}

/// One planned reorganisation.
#[utoipa::path(get, path = "/api/v1/organisation-plans/{number}", tag = "organisations",
    params(("number" = String, Path, description = "Number of the plan")),
    responses((status = 200, body = PlanView), Problems))]
async fn read_plan(
    State(registry): State<Registry>,
    _: Authenticated,
    Path(text): Path<String>,
) -> Result<Tagged<PlanView>, Refusal> {
    let number = number("number", &text)?;
    let found = sql::find(&registry.database, number).await.map_err(Refused::from)?;
    Ok(Tagged(found.ok_or_else(|| command::unknown(number))?.into()))
}

/// Withdraws a plan whose day has not come. For the operator and the state manager.
#[utoipa::path(post, path = "/api/v1/organisation-plans/{number}/withdraw", tag = "organisations",
    params(("number" = String, Path, description = "Number of the plan"), IfMatch),
    request_body = WithdrawForm,
    responses((status = 200, body = PlanView), Problems))]
async fn withdraw_plan(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(text): Path<String>,
    if_match: IfMatch,
    Json(WithdrawForm {}): Json<WithdrawForm>,
) -> Result<Tagged<PlanView>, Refusal> {
    let number = number("number", &text)?;
    Ok(Tagged(command::withdraw(&registry, &actor, number, &if_match).await?.into()))
}

impl PlanForm {
    fn read(self) -> Result<NewPlan, Refusal> {
        // What an act does not take, silently ignored, would be believed to hold.
        let wanted: &[&str] = match self.act.as_str() {
            "recode" => &["code"],
            "merge" => &["from", "moves"],
            "split" => &["into", "moves", "continues"],
            _ => {
                let rule = Text::new("recode, merge hoặc split.", "recode, merge or split.");
                return Err(field::invalid("act", &rule));
            }
        };
        for (name, is_said) in [
            ("code", self.code.is_some()),
            ("from", self.from.is_some()),
            ("into", self.into.is_some()),
            ("moves", self.moves.is_some()),
            ("continues", self.continues.is_some()),
        ] {
            if is_said && !wanted.contains(&name) {
                let act = &self.act;
                let reason = Text::new(
                    format!("Việc «{act}» không dùng trường này."),
                    format!("The act {act} does not take it."),
                );
                return Err(field::refused(name, &reason));
            }
        }
        let moves = moves(&self.moves.unwrap_or_default())?;
        let act = match (self.code, self.from, self.into) {
            (Some(code), ..) => PlannedAct::Recode { code: field::parse("code", &code)? },
            (_, Some(from), _) => PlannedAct::Merge { from: codes("from", &from)?, moves },
            (_, _, Some(into)) => PlannedAct::Split {
                into: codes("into", &into)?,
                moves,
                continues: self.continues.ok_or_else(|| field::missing("continues"))?,
            },
            _ => return Err(field::missing(wanted.first().copied().unwrap_or("act"))),
        };
        Ok(NewPlan {
            organisation: field::parse("organisation", &self.organisation)?,
            act,
            decision: field::parse("decision", &self.decision)?,
            effective_at: field::parse("effective_at", &self.effective_at)?,
            aliases_until: field::parse_optional("aliases_until", self.aliases_until.as_deref())?,
        })
    }
}

fn state(text: &str) -> Result<PlanState, Refusal> {
    text.parse().map_err(|_| {
        let rule = Text::new(
            "planned, done, failed hoặc withdrawn.",
            "planned, done, failed or withdrawn.",
        );
        field::invalid("state", &rule)
    })
}

fn number(name: &str, text: &str) -> Result<u32, Refusal> {
    text.parse().map_err(|_| {
        field::invalid(name, &Text::new("số của một kế hoạch.", "the number of a plan."))
    })
}
