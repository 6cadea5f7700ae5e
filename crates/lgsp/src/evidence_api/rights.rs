//! Who may see what of the evidence: one table, deny by default.

use evidence::Actor;
use web::{Organisations, Refusal};
use wire::entry::Entry;
use wire::id::{Role, ServiceId};
use wire::organisation_code::OrganisationCode;

/// What an actor may see of the record of one call or change; more after less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sight {
    /// Nothing.
    Nothing,
    /// That it happened and that it is proved: entries, proofs, policy; no content.
    Proof,
    /// The heads and signatures behind the commitments too.
    Content,
}

/// Whose matter an entry is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parties {
    pub(super) consumer: Option<OrganisationCode>,
    pub(super) provider: Option<OrganisationCode>,
    /// The codes that the same organisations have today, where those are others.
    today: Vec<OrganisationCode>,
}

impl Parties {
    /// The organisation that acted, and the one whose service was asked.
    pub(super) fn of(entry: &Entry) -> Self {
        let service = entry.subject.get("service").and_then(|id| id.parse::<ServiceId>().ok());
        Self {
            consumer: entry.actor.as_ref().and_then(|actor| actor.organisation.clone()),
            provider: service.map(|service| service.organisation),
            today: Vec::new(),
        }
    }

    /// The same, known by today's codes too: an organisation that got another code since goes on
    /// seeing what was its matter before.
    pub(super) async fn known_today(
        mut self,
        organisations: &dyn Organisations,
    ) -> Result<Self, Refusal> {
        for party in [&self.consumer, &self.provider].into_iter().flatten() {
            let today = organisations.today(party).await?;
            if today != *party {
                self.today.push(today);
            }
        }
        Ok(self)
    }

    fn include(&self, organisation: &OrganisationCode) -> bool {
        let is_it = |party: &Option<OrganisationCode>| party.as_ref() == Some(organisation);
        is_it(&self.consumer) || is_it(&self.provider) || self.today.contains(organisation)
    }
}

/// What `actor` may see of a record between `parties`. The two who run the platform see that it
/// works, not what it carries.
pub(super) fn sight(actor: &Actor, parties: &Parties) -> Sight {
    match actor.role {
        Role::Auditor | Role::IncidentHandler => Sight::Content,
        Role::StateManager | Role::Operator => Sight::Proof,
        Role::OrganisationAdmin | Role::Officer if parties.include(&actor.organisation) => {
            Sight::Content
        }
        Role::OrganisationAdmin | Role::Officer => Sight::Nothing,
    }
}

/// Whether `actor` may read the log's entries in bulk.
pub(super) fn may_read_entries(actor: &Actor) -> bool {
    actor.role == Role::Auditor
}
