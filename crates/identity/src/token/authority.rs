//! Who may make, see and revoke which tokens. Pure.
//!
//! | actor | may make and revoke | sees |
//! |---|---|---|
//! | state manager | state manager, auditor, incident handler | all |
//! | operator | operator; administrators and officers of any organisation | all |
//! | organisation administrator | administrators and officers of its own organisation | its own |
//! | auditor | – | all, and its reading is recorded |
//! | officer, incident handler | – | – |
//!
//! Everyone may revoke the token they hold. Once an organisation has an administrator, its tokens
//! are its own to make: the operator would have to revoke the administrator's first, which shows.
//!
//! **Invariant**: who approves connections and who operates the platform cannot make themselves
//! each other: duties stay apart (design §3). Whoever operates the platform makes nobody who sees
//! what every call carries.

use evidence::Actor;
use wire::id::Role;
use wire::organisation_code::OrganisationCode;

/// Roles that only their own kind can give: without one valid token of each, the platform could
/// be governed only by whoever has the machine.
pub(crate) const SELF_RENEWING: [Role; 2] = [Role::StateManager, Role::Operator];

/// Whether `actor` may make or revoke a token with `role` in `organisation`.
pub(crate) fn may_give(actor: &Actor, role: Role, organisation: &OrganisationCode) -> bool {
    match actor.role {
        Role::StateManager => {
            matches!(role, Role::StateManager | Role::Auditor | Role::IncidentHandler)
        }
        Role::Operator => matches!(role, Role::Operator) || is_of_an_organisation(role),
        Role::OrganisationAdmin => {
            is_of_an_organisation(role) && actor.organisation == *organisation
        }
        Role::Officer | Role::Auditor | Role::IncidentHandler => false,
    }
}

/// Whether `actor` may make such a token only while the organisation has no administrator who
/// could: else the operator could play both sides of a connection, and read what they exchange.
pub(crate) fn stands_in_for_an_administrator(actor: &Actor, role: Role) -> bool {
    actor.role == Role::Operator && is_of_an_organisation(role)
}

fn is_of_an_organisation(role: Role) -> bool {
    matches!(role, Role::OrganisationAdmin | Role::Officer)
}

/// Whose tokens an actor sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Everyone's.
    All,
    /// Those of one organisation.
    Own(OrganisationCode),
    /// None.
    Nothing,
}

/// Whose tokens `actor` sees.
pub(crate) fn sight(actor: &Actor) -> Sight {
    match actor.role {
        Role::StateManager | Role::Operator | Role::Auditor => Sight::All,
        Role::OrganisationAdmin => Sight::Own(actor.organisation.clone()),
        Role::Officer | Role::IncidentHandler => Sight::Nothing,
    }
}

impl Sight {
    /// Whether a token of `organisation` is seen.
    pub(crate) fn covers(&self, organisation: &OrganisationCode) -> bool {
        match self {
            Self::All => true,
            Self::Own(own) => own == organisation,
            Self::Nothing => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(role: Role) -> Actor {
        Actor { organisation: "H24.12".parse().unwrap(), role, credential: "test".to_owned() }
    }

    #[test]
    fn the_table_on_the_front_page_is_what_holds() {
        use Role::{Auditor, IncidentHandler, Officer, Operator, OrganisationAdmin, StateManager};
        let (own, other) = ("H24.12".parse().unwrap(), "H24.13".parse().unwrap());
        let given = |by: Role, organisation: &OrganisationCode| -> Vec<Role> {
            let actor = actor(by);
            Role::ALL.into_iter().filter(|role| may_give(&actor, *role, organisation)).collect()
        };
        for organisation in [&own, &other] {
            assert_eq!(given(StateManager, organisation), [StateManager, Auditor, IncidentHandler]);
            assert_eq!(given(Operator, organisation), [Operator, OrganisationAdmin, Officer]);
        }
        assert_eq!(given(OrganisationAdmin, &own), [OrganisationAdmin, Officer]);
        assert_eq!(given(OrganisationAdmin, &other), []);
        for role in [Officer, Auditor, IncidentHandler] {
            assert_eq!(given(role, &own), [], "{role}");
        }
    }

    #[test]
    fn every_role_can_be_given_by_someone_and_the_self_renewing_only_by_their_own() {
        let organisation = "H24.12".parse().unwrap();
        for role in Role::ALL {
            let givers: Vec<Role> = Role::ALL
                .into_iter()
                .filter(|by| may_give(&actor(*by), role, &organisation))
                .collect();
            assert!(!givers.is_empty(), "{role}");
            assert_eq!(SELF_RENEWING.contains(&role), givers == [role], "{role}");
        }
    }

    #[test]
    fn an_organisation_sees_its_own_tokens_only() {
        let (own, other) = ("H24.12".parse().unwrap(), "H24.13".parse().unwrap());
        let sight = sight(&actor(Role::OrganisationAdmin));
        assert!(sight.covers(&own));
        assert!(!sight.covers(&other));
    }
}
