//! All SQL about planned reorganisations.

use evidence::{Actor, Change, Reading};
use store::{Row, StoreError};
use web::PageRequest;
use wire::ambient::UtcMicros;
use wire::organisation_code::OrganisationCode;

use super::{Plan, PlanState};
use crate::column::corrupt;

pub(crate) const CREATE: &str = "
CREATE TABLE organisation_plan (
    number BIGINT PRIMARY KEY,
    organisation TEXT NOT NULL,
    act TEXT NOT NULL,
    decision TEXT NOT NULL,
    effective_at BIGINT NOT NULL,
    aliases_until BIGINT,
    state TEXT NOT NULL,
    problem TEXT,
    problem_en TEXT,
    by_organisation TEXT NOT NULL,
    by_role TEXT NOT NULL,
    by_credential TEXT NOT NULL,
    planned_at BIGINT NOT NULL
);
CREATE INDEX organisation_plan_due ON organisation_plan (state, effective_at);";

const COLUMNS: &str = "number, organisation, act, decision, effective_at, aliases_until, state, \
    problem, problem_en, by_organisation, by_role, by_credential, planned_at";
/// How many are carried out in one turn.
const IN_ONE_TURN: i64 = 50;

pub(crate) async fn find(reading: impl Reading, number: u32) -> Result<Option<Plan>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM organisation_plan WHERE number = $1");
    let row = reading.row(&sql, &[number.into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Plans after number `after`, in order, of one state if named; one more than the page holds.
pub(crate) async fn list(
    reading: impl Reading,
    state: Option<PlanState>,
    after: i64,
    page: &PageRequest,
) -> Result<Vec<Plan>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM organisation_plan
         WHERE number > $1 AND ($2 = '' OR state = $2) ORDER BY number LIMIT $3"
    );
    let values = [after.into(), state.map_or("", PlanState::as_str).into(), page.rows().into()];
    reading.rows(&sql, &values).await?.iter().map(from_row).collect()
}

/// Those whose day has come, the earliest first.
pub(crate) async fn due(reading: impl Reading, now: UtcMicros) -> Result<Vec<Plan>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM organisation_plan
         WHERE state = 'planned' AND effective_at <= $1 ORDER BY effective_at, number LIMIT $2"
    );
    reading.rows(&sql, &[now.into(), IN_ONE_TURN.into()]).await?.iter().map(from_row).collect()
}

/// The plan of this organisation whose day has not come.
pub(crate) async fn find_planned(
    reading: impl Reading,
    organisation: &OrganisationCode,
) -> Result<Option<u32>, StoreError> {
    let sql = "SELECT number FROM organisation_plan WHERE organisation = $1 AND state = 'planned'";
    let row = reading.row(sql, &[organisation.as_str().into()]).await?;
    row.map(|row| number(&row)).transpose()
}

pub(crate) async fn next_number(reading: impl Reading) -> Result<u32, StoreError> {
    let sql = "SELECT COUNT(*) AS plans FROM organisation_plan";
    let row = reading.row(sql, &[]).await?;
    let plans = row.map(|row| row.integer("plans")).transpose()?.unwrap_or(0);
    u32::try_from(plans).map_err(|_| corrupt("organisation_plan", "has too many rows"))
}

pub(crate) async fn insert(change: &mut Change, new: &Plan) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO organisation_plan ({COLUMNS})
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
    );
    let act = serde_json::to_string(&new.act).map_err(|error| corrupt("act", error))?;
    let (problem, problem_en) = new.problem.clone().unzip();
    let values = [
        new.number.into(),
        new.organisation.as_str().into(),
        act.into(),
        new.decision.as_str().into(),
        new.effective_at.into(),
        new.aliases_until.into(),
        new.state.as_str().into(),
        problem.into(),
        problem_en.into(),
        new.by.organisation.as_str().into(),
        new.by.role.as_str().into(),
        new.by.credential.as_str().into(),
        new.planned_at.into(),
    ];
    change.execute(&sql, &values).await?;
    Ok(())
}

/// Writes what became of a plan.
pub(crate) async fn settle(change: &mut Change, plan: &Plan) -> Result<(), StoreError> {
    let sql = "UPDATE organisation_plan SET state = $2, problem = $3, problem_en = $4
        WHERE number = $1 AND state = 'planned'";
    let (problem, problem_en) = plan.problem.clone().unzip();
    let values =
        [plan.number.into(), plan.state.as_str().into(), problem.into(), problem_en.into()];
    change.execute(sql, &values).await?;
    Ok(())
}

fn number(row: &Row) -> Result<u32, StoreError> {
    u32::try_from(row.integer("number")?).map_err(|_| corrupt("number", "is out of range"))
}

fn from_row(row: &Row) -> Result<Plan, StoreError> {
    let act = serde_json::from_str(&row.text("act")?);
    Ok(Plan {
        number: number(row)?,
        organisation: row.parsed("organisation")?,
        act: act.map_err(|error| corrupt("act", error))?,
        decision: row.parsed("decision")?,
        effective_at: row.time("effective_at")?,
        aliases_until: row.optional_time("aliases_until")?,
        state: row.parsed("state")?,
        problem: row.optional_text("problem")?.zip(row.optional_text("problem_en")?),
        by: Actor {
            organisation: row.parsed("by_organisation")?,
            role: row.parsed("by_role")?,
            credential: row.text("by_credential")?,
        },
        planned_at: row.time("planned_at")?,
    })
}
