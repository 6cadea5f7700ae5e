//! How connections and their history are answered.

use std::collections::HashMap;

use evidence::{Actor, Change};
use serde::Serialize;
use store::{Database, StoreError};
use utoipa::ToSchema;
use wire::ambient::UtcMicros;
use wire::checkpoint::Origin;
use wire::id::{ConnectionId, Role, ServiceId, SystemId};
use wire::organisation_code::OrganisationCode;

use super::super::deadline::{self, ConnectionDeadline};
use super::super::lifecycle::{Step, possible_steps};
use super::super::suspension::{self, Suspension};
use super::super::{Asked, Connection, TakenStep};
use super::view_suspension::SuspensionView;

/// One connection.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Connection)]
pub struct ConnectionView {
    /// Its id.
    #[schema(value_type = String, example = "019abcde-0000-7000-8000-000000000000")]
    id: ConnectionId,
    /// The system that wants to use the service.
    #[schema(value_type = String, example = "H24.31/mot-cua")]
    consumer: SystemId,
    /// The service version it wants to use.
    #[schema(value_type = String, example = "H24.12/don-vi-hanh-chinh/danh-muc/v1")]
    service: ServiceId,
    /// Where it stands: `draft`, `submitted`, `returned`, `consented`, `testing`, `approved`,
    /// `active`, `suspended`, `ended`, `withdrawn` or `refused`.
    #[schema(example = "draft")]
    state: &'static str,
    /// The steps that lead on from here.
    next_steps: Vec<&'static str>,
    /// The connection it amends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    amends: Option<ConnectionId>,
    /// What was asked for.
    asked: Asked,
    /// By when somebody has to act; the next one first.
    deadlines: Vec<DeadlineView>,
    /// The end of the first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    due: Option<UtcMicros>,
    /// Whether that has passed.
    overdue: bool,
    /// The suspension that is planned or in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    suspension: Option<SuspensionView>,
    /// When it was requested.
    #[schema(value_type = String, format = DateTime)]
    requested_at: UtcMicros,
}

/// By when somebody has to act on a connection.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConnectionDeadline)]
pub struct DeadlineView {
    /// What is to be done, as a code of the rules about connections.
    #[schema(example = "decision")]
    duty: String,
    /// Who has to: `consumer`, `provider`, `operator` or `state_manager`.
    #[schema(example = "state_manager")]
    by: &'static str,
    /// From when the days count.
    #[schema(value_type = String, format = DateTime)]
    since: UtcMicros,
    /// The midnight in Việt Nam with which the last day ends.
    #[schema(value_type = String, format = DateTime)]
    due: UtcMicros,
    /// Whether it has passed.
    overdue: bool,
    /// Whether all days on the way were checked in the calendar of working days.
    verified: bool,
}

/// One step that was taken.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TakenStep)]
pub struct StepView {
    /// 0 is the request.
    number: u32,
    /// Which step.
    #[schema(example = "consent")]
    step: &'static str,
    /// The state it led to.
    #[schema(example = "consented")]
    state: &'static str,
    /// Who took it.
    actor: ActorView,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: UtcMicros,
    /// Why, where the actor said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// On which ground of the rules, where it ended the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "no_longer_needed")]
    ground: Option<String>,
    /// Where its entry stands: `<log origin>/<index>`. Absent while the log catches up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "lgsp.haiphong.example/log/42")]
    entry: Option<String>,
}

/// Who took a step.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StepActor)]
pub struct ActorView {
    /// On behalf of which organisation.
    #[schema(value_type = String, example = "H24.12")]
    organisation: OrganisationCode,
    /// In which role.
    #[schema(value_type = String, example = "organisation_admin")]
    role: Role,
    /// With which credential: what tells actors apart.
    credential: String,
}

impl From<Actor> for ActorView {
    fn from(actor: Actor) -> Self {
        let Actor { organisation, role, credential } = actor;
        Self { organisation, role, credential }
    }
}

impl DeadlineView {
    fn new(deadline: ConnectionDeadline, now: UtcMicros) -> Self {
        Self {
            duty: deadline.duty,
            by: deadline.by.as_str(),
            since: deadline.since,
            due: deadline.due,
            overdue: deadline.due <= now,
            verified: deadline.verified,
        }
    }
}

/// One connection as it is shown at `now`, read within the change of which it is the matter.
pub(in crate::connection) async fn within(
    change: &mut Change,
    connection: Connection,
    now: UtcMicros,
) -> Result<ConnectionView, StoreError> {
    let deadlines = deadline::sql::open(&mut *change, &[connection.id]).await?;
    let suspension = suspension::sql::find_open(change, &connection.id).await?;
    Ok(ConnectionView::new(connection, deadlines, suspension, now))
}

/// One connection as it is shown at `now`.
pub(super) async fn one(
    database: &Database,
    connection: Connection,
    now: UtcMicros,
) -> Result<ConnectionView, StoreError> {
    let deadlines = deadline::sql::open(database, &[connection.id]).await?;
    let suspension = suspension::sql::find_open(database, &connection.id).await?;
    Ok(ConnectionView::new(connection, deadlines, suspension, now))
}

/// Some connections as they are shown at `now`; whatever they need is read for all at once.
pub(super) async fn many(
    database: &Database,
    connections: Vec<Connection>,
    now: UtcMicros,
) -> Result<Vec<ConnectionView>, StoreError> {
    let ids: Vec<_> = connections.iter().map(|connection| connection.id).collect();
    let mut deadlines: HashMap<ConnectionId, Vec<ConnectionDeadline>> = HashMap::new();
    for deadline in deadline::sql::open(database, &ids).await? {
        deadlines.entry(deadline.connection).or_default().push(deadline);
    }
    let open = suspension::sql::open(database, &ids).await?;
    let mut suspensions: HashMap<_, _> =
        open.into_iter().map(|suspension| (suspension.connection, suspension)).collect();
    let show = |connection: Connection| {
        let deadlines = deadlines.remove(&connection.id).unwrap_or_default();
        let suspension = suspensions.remove(&connection.id);
        ConnectionView::new(connection, deadlines, suspension, now)
    };
    Ok(connections.into_iter().map(show).collect())
}

impl ConnectionView {
    fn new(
        connection: Connection,
        open: Vec<ConnectionDeadline>,
        suspension: Option<Suspension>,
        now: UtcMicros,
    ) -> Self {
        let deadlines: Vec<_> =
            open.into_iter().map(|deadline| DeadlineView::new(deadline, now)).collect();
        let due = deadlines.first().map(|deadline| deadline.due);
        let steps = possible_steps(connection.state);
        Self {
            id: connection.id,
            consumer: connection.consumer,
            service: connection.service,
            state: connection.state.as_str(),
            next_steps: steps.map(Step::as_str).collect(),
            amends: connection.amends,
            asked: connection.asked,
            overdue: due.is_some_and(|due| due <= now),
            due,
            deadlines,
            suspension: suspension.map(SuspensionView::from),
            requested_at: connection.requested_at,
        }
    }
}

impl StepView {
    pub(super) fn new(taken: TakenStep, entry: Option<(Origin, u64)>) -> Self {
        Self {
            number: taken.number,
            step: taken.step.as_str(),
            state: taken.state.as_str(),
            actor: ActorView {
                organisation: taken.organisation,
                role: taken.role,
                credential: taken.credential,
            },
            at: taken.at,
            reason: taken.reason,
            ground: taken.ground,
            entry: entry.map(|(origin, index)| format!("{origin}/{index}")),
        }
    }
}
