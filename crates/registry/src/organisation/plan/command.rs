//! Planning a reorganisation, withdrawing a plan, and carrying out what is due.

use std::collections::BTreeMap;

use evidence::{Actor, Change};
use web::{IfMatch, Refusal, field};
use wire::ambient::UtcMicros;
use wire::organisation_code::OrganisationCode;
use wire::problem::Text;

use super::super::succession::carry_out;
use super::api::PlanView;
use super::{Plan, PlanState, PlannedAct, sql};
use crate::Registry;
use crate::authority::must_run_the_platform;
use crate::decision::DecisionNumber;
use crate::refused::{Noun, Refused};

/// What planning needs.
#[derive(Debug, Clone)]
pub(crate) struct NewPlan {
    pub(crate) organisation: OrganisationCode,
    pub(crate) act: PlannedAct,
    pub(crate) decision: DecisionNumber,
    pub(crate) effective_at: UtcMicros,
    pub(crate) aliases_until: Option<UtcMicros>,
}

/// Plans a reorganisation whose day is to come. What would be refused today is refused now.
pub(crate) async fn plan(
    registry: &Registry,
    actor: &Actor,
    new: NewPlan,
) -> Result<Plan, Refused> {
    must_run_the_platform(actor)?;
    let now = registry.clock.now();
    if new.effective_at <= now {
        let rule = Text::new(
            "một thời điểm sau hiện tại; việc đã có hiệu lực thì thực hiện ngay.",
            "an instant after now; what has taken effect is done at once.",
        );
        return Err(field::invalid("effective_at", &rule).into());
    }
    let mut plan = Plan {
        number: 0,
        organisation: new.organisation,
        act: new.act,
        decision: new.decision,
        effective_at: new.effective_at,
        aliases_until: new.aliases_until,
        state: PlanState::Planned,
        problem: None,
        by: actor.clone(),
        planned_at: now,
    };
    rehearse(registry, actor, &plan).await?;
    let mut change = registry.recorder.change(actor, "organisation.planned").await?;
    if let Some(other) = sql::find_planned(&mut change, &plan.organisation).await? {
        return Err(Refused::Conflict(planned_already(other)));
    }
    plan.number = sql::next_number(&mut change).await?;
    plan.planned_at = change.time();
    sql::insert(&mut change, &plan).await?;
    change.record(subject(&plan)).await?;
    Ok(plan)
}

/// Takes a plan back before its day.
pub(crate) async fn withdraw(
    registry: &Registry,
    actor: &Actor,
    number: u32,
    seen: &IfMatch,
) -> Result<Plan, Refused> {
    must_run_the_platform(actor)?;
    let mut change = registry.recorder.change(actor, "organisation.plan_withdrawn").await?;
    let mut plan = sql::find(&mut change, number).await?.ok_or_else(|| unknown(number))?;
    seen.require(&PlanView::from(plan.clone()))?;
    if plan.state != PlanState::Planned {
        return Err(Refused::Conflict(over()));
    }
    plan.state = PlanState::Withdrawn;
    sql::settle(&mut change, &plan).await?;
    change.record(subject(&plan)).await?;
    Ok(plan)
}

/// Carries out what is due, the earliest first. Returns how many plans were settled, one way or the
/// other. Whichever node comes first does it.
pub(crate) async fn carry_out_due(registry: &Registry) -> Result<usize, Refused> {
    let mut settled = 0;
    for plan in sql::due(&registry.database, registry.clock.now()).await? {
        settled += usize::from(carry_out_one(registry, plan).await?);
    }
    Ok(settled)
}

/// False if another node was quicker, or it was withdrawn meanwhile.
async fn carry_out_one(registry: &Registry, mut plan: Plan) -> Result<bool, Refused> {
    let act = plan.act.act();
    let mut change = registry.recorder.change_by_platform(act.action()).await?;
    if !is_planned(&mut change, &plan).await? {
        return Ok(false);
    }
    let order = plan.order(Some(plan.effective_at));
    let done = carry_out(&mut change, &plan.organisation, act, &order, |_| Ok(())).await;
    match done {
        Ok((_, mut entry)) => {
            plan.state = PlanState::Done;
            sql::settle(&mut change, &plan).await?;
            entry.insert("plan".to_owned(), plan.number.to_string());
            change.record(entry).await?;
            registry.publisher.publish(None).await?;
            Ok(true)
        }
        // It may be done at the next look.
        Err(refused) if refused.is_the_platforms() => Err(refused),
        Err(refused) => {
            // Whatever was written of it goes with the change.
            drop(change);
            fail(registry, plan, refused).await
        }
    }
}

/// Says that the registry does not allow a plan, and why.
async fn fail(registry: &Registry, mut plan: Plan, refused: Refused) -> Result<bool, Refused> {
    let mut change = registry.recorder.change_by_platform("organisation.plan_failed").await?;
    if !is_planned(&mut change, &plan).await? {
        return Ok(false);
    }
    let problem = Refusal::from(refused).0;
    let code = problem.code;
    plan.state = PlanState::Failed;
    plan.problem = Some((problem.detail.vi.into_owned(), problem.detail.en.into_owned()));
    sql::settle(&mut change, &plan).await?;
    let mut subject = subject(&plan);
    subject.insert("code".to_owned(), code.to_string());
    change.record(subject).await?;
    Ok(true)
}

async fn is_planned(change: &mut Change, plan: &Plan) -> Result<bool, Refused> {
    let found = sql::find(change, plan.number).await?;
    Ok(found.is_some_and(|found| found.state == PlanState::Planned))
}

/// Carries it out on the registry of today, and takes everything back.
async fn rehearse(registry: &Registry, actor: &Actor, plan: &Plan) -> Result<(), Refused> {
    let mut change = registry.recorder.change(actor, "organisation.planned").await?;
    carry_out(&mut change, &plan.organisation, plan.act.act(), &plan.order(None), |_| Ok(()))
        .await?;
    drop(change);
    Ok(())
}

fn subject(plan: &Plan) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("plan".to_owned(), plan.number.to_string()),
        ("organisation".to_owned(), plan.organisation.to_string()),
        ("decision".to_owned(), plan.decision.to_string()),
        ("act".to_owned(), plan.act.act().action().to_owned()),
        ("effective_at".to_owned(), plan.effective_at.to_string()),
        ("state".to_owned(), plan.state.to_string()),
    ])
}

pub(super) fn unknown(number: u32) -> Refused {
    Refused::Unknown { noun: Noun::Plan, id: number.to_string() }
}

fn planned_already(other: u32) -> Text {
    Text::new(
        format!("Cơ quan này đã có kế hoạch sắp xếp số {other} chưa thực hiện."),
        format!("The organisation has the plan {other} already, which is not carried out yet."),
    )
}

fn over() -> Text {
    Text::new(
        "Chỉ rút được kế hoạch chưa đến ngày thực hiện.",
        "Only a plan whose day has not come can be withdrawn.",
    )
}
