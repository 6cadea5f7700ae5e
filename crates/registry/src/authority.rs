//! Who may change what, apart from connections (whose [`lifecycle`](crate::connection::lifecycle)
//! says it step by step).
//!
//! **Invariant**: deny by default: a role that is not named here may do nothing but read.

use evidence::Actor;
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
