//! Who may change what, apart from connections (whose [`lifecycle`](crate::connection::lifecycle)
//! says it step by step), and who sees what.
//!
//! Organisations, systems and services are a catalogue for everyone who is signed on. Credentials,
//! connections and the inner address of a service are the matter of the organisations concerned and
//! of those who run and audit the platform.
//!
//! **Invariant**: deny by default: a role that is not named here may do nothing but read.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use evidence::Actor;
use web::{Authenticated, Refusal};
use wire::id::Role;
use wire::organisation_code::OrganisationCode;

use crate::refused::Refused;
use wire::problem::Text;

/// The platform's own people: its operator, or the state manager.
pub(crate) fn must_run_the_platform(actor: &Actor) -> Result<(), Refused> {
    match actor.role {
        Role::Operator | Role::StateManager => Ok(()),
        Role::OrganisationAdmin | Role::Officer | Role::Auditor | Role::IncidentHandler => {
            Err(Refused::NotPermitted(Text::new(
                "đơn vị vận hành hoặc cơ quan quản lý nhà nước",
                "the operator or the state manager",
            )))
        }
    }
}

/// The operator, known as such before the body of the request is read.
pub(crate) struct AsOperator(pub(crate) Actor);

/// The operator or the state manager, known as such before the body of the request is read.
pub(crate) struct RunsThePlatform(pub(crate) Actor);

impl<S: Send + Sync> FromRequestParts<S> for AsOperator {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Authenticated(actor) = Authenticated::from_request_parts(parts, state).await?;
        must_operate(&actor)?;
        Ok(Self(actor))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RunsThePlatform {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Authenticated(actor) = Authenticated::from_request_parts(parts, state).await?;
        must_run_the_platform(&actor)?;
        Ok(Self(actor))
    }
}

/// The operator alone.
pub(crate) fn must_operate(actor: &Actor) -> Result<(), Refused> {
    match actor.role {
        Role::Operator => Ok(()),
        Role::StateManager
        | Role::OrganisationAdmin
        | Role::Officer
        | Role::Auditor
        | Role::IncidentHandler => {
            Err(Refused::NotPermitted(Text::new("đơn vị vận hành", "the operator")))
        }
    }
}

/// The state manager alone.
pub(crate) fn must_manage_the_state(actor: &Actor) -> Result<(), Refused> {
    match actor.role {
        Role::StateManager => Ok(()),
        Role::Operator
        | Role::OrganisationAdmin
        | Role::Officer
        | Role::Auditor
        | Role::IncidentHandler => {
            Err(Refused::NotPermitted(Text::new("cơ quan quản lý nhà nước", "the state manager")))
        }
    }
}

/// Those who answer for how the platform runs: the operator, the state manager and the auditor.
pub(crate) fn must_oversee_the_platform(actor: &Actor) -> Result<(), Refused> {
    match actor.role {
        Role::Operator | Role::StateManager | Role::Auditor => Ok(()),
        Role::OrganisationAdmin | Role::Officer | Role::IncidentHandler => {
            Err(Refused::NotPermitted(Text::new(
                "đơn vị vận hành, cơ quan quản lý nhà nước hoặc kiểm toán viên",
                "the operator, the state manager or an auditor",
            )))
        }
    }
}

/// An administrator of `organisation`, or the operator on its behalf.
pub(crate) fn must_administer(
    actor: &Actor,
    organisation: &OrganisationCode,
) -> Result<(), Refused> {
    match actor.role {
        Role::Operator => Ok(()),
        Role::OrganisationAdmin if actor.organisation == *organisation => Ok(()),
        Role::OrganisationAdmin
        | Role::StateManager
        | Role::Officer
        | Role::Auditor
        | Role::IncidentHandler => Err(Refused::NotPermitted(Text::new(
            format!("quản trị của {organisation} hoặc đơn vị vận hành"),
            format!("an administrator of {organisation} or the operator"),
        ))),
    }
}

/// Whose matters an actor sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Everyone's.
    All,
    /// Those of one organisation.
    Own(OrganisationCode),
}

impl Sight {
    /// What `actor` sees.
    pub(crate) fn of(actor: &Actor) -> Self {
        match actor.role {
            Role::Operator | Role::StateManager | Role::Auditor | Role::IncidentHandler => {
                Self::All
            }
            Role::OrganisationAdmin | Role::Officer => Self::Own(actor.organisation.clone()),
        }
    }

    /// Whether the matters of `organisation` are seen.
    pub(crate) fn covers(&self, organisation: &OrganisationCode) -> bool {
        match self {
            Self::All => true,
            Self::Own(own) => own == organisation,
        }
    }

    /// The only organisation to show in a list; empty for all.
    pub(crate) fn filter(&self) -> &str {
        match self {
            Self::All => "",
            Self::Own(own) => own.as_str(),
        }
    }
}
