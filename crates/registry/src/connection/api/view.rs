//! How connections and their history are answered.

use serde::Serialize;
use utoipa::ToSchema;
use wire::ambient::UtcMicros;
use wire::checkpoint::Origin;
use wire::id::{ConnectionId, Role, ServiceId, SystemId};
use wire::organisation_code::OrganisationCode;

use super::super::lifecycle::{Step, possible_steps};
use super::super::{Asked, Connection, TakenStep};

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
    /// When it was requested.
    #[schema(value_type = String, format = DateTime)]
    requested_at: UtcMicros,
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

impl From<Connection> for ConnectionView {
    fn from(connection: Connection) -> Self {
        let steps = possible_steps(connection.state);
        Self {
            id: connection.id,
            consumer: connection.consumer,
            service: connection.service,
            state: connection.state.as_str(),
            next_steps: steps.map(Step::as_str).collect(),
            amends: connection.amends,
            asked: connection.asked,
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
            entry: entry.map(|(origin, index)| format!("{origin}/{index}")),
        }
    }
}
