//! Technical profiles (hướng dẫn kỹ thuật): which algorithms and methods are allowed, for whom, from
//! when and until when. What the words mean stands in [`wire::directory::Profiles`].
//!
//! Read first: `preview` (what a proposal breaks), then `command` (publishing it). Some profiles
//! come with the platform, as version 0; the first assignment of one makes it version 1 here, so that
//! another release of the platform never changes what holds.
//!
//! **Invariant**: versions are never changed, only followed by others; of an assignment only the end
//! changes. Nothing comes into force whose consequences, as they are at that moment, its publisher
//! has not seen. **Trust**: who publishes can stop every system's calls at a date, and it stands in
//! the log who did.

pub(crate) mod api;
pub(crate) mod command;
pub(crate) mod fitness;
mod form;
mod last_use;
pub(crate) mod preview;
pub mod registration;
mod row;
pub(crate) mod sql;
mod standing;
pub(crate) mod sunset;
mod table;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;

use evidence::Actor;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::ambient::UtcMicros;
use wire::directory::{
    Aliases, ProfileAssignmentRecord, ProfileDemand, ProfileRecord, ProfileRule, Profiles,
};
use wire::id::{ProfileCode, Role, SystemId};
use wire::organisation_code::OrganisationCode;

/// One version of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProfileVersion {
    pub(crate) code: ProfileCode,
    /// 0 came with the platform; the highest is in force.
    pub(crate) version: u32,
    pub(crate) content: Content,
    /// Absent for what came with the platform.
    pub(crate) published: Option<Act>,
}

/// What a profile says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Content {
    /// What people call it.
    pub(crate) title: String,
    /// On which documents it rests.
    pub(crate) basis: String,
    /// What is allowed.
    pub(crate) rules: Vec<ProfileRule>,
    /// What services demand beside.
    #[serde(default)]
    pub(crate) demands: Vec<ProfileDemand>,
}

/// For whom a profile holds, and who said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assignment {
    /// Later ones go before earlier ones.
    pub(crate) number: u64,
    /// For all when left out.
    pub(crate) system: Option<SystemId>,
    pub(crate) profile: ProfileCode,
    pub(crate) from: UtcMicros,
    /// Exclusive; without it, for ever.
    pub(crate) until: Option<UtcMicros>,
    pub(crate) made: Act,
    /// Who set another end, if somebody did.
    pub(crate) ended: Option<Act>,
}

/// Who decided something about profiles, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProfileAct)]
pub(crate) struct Act {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: UtcMicros,
    /// On behalf of which organisation.
    #[schema(value_type = String, example = "H24.01")]
    pub(crate) organisation: OrganisationCode,
    /// In which role.
    #[schema(value_type = String, example = "state_manager")]
    pub(crate) role: Role,
    /// With which credential.
    pub(crate) credential: String,
    /// Why.
    pub(crate) reason: String,
}

/// Everything that is known about profiles.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    /// The version in force of each profile.
    pub(crate) profiles: BTreeMap<ProfileCode, ProfileVersion>,
    /// In the order of their numbers.
    pub(crate) assignments: Vec<Assignment>,
    /// A demand goes on to name a service by the id it had: these lead to today's.
    pub(crate) aliases: Aliases,
}

impl Known {
    /// As gateways decide by it.
    pub(crate) fn profiles(&self) -> Profiles {
        let mut profiles = Profiles::default();
        for version in self.profiles.values() {
            profiles.put(version.record(&self.aliases));
        }
        for assignment in &self.assignments {
            profiles.assign(assignment.record());
        }
        profiles
    }

    /// What gateways have to know from `now` on: assignments that are not over, and their profiles.
    pub(crate) fn worth_telling(
        &self,
        now: UtcMicros,
    ) -> (Vec<ProfileRecord>, Vec<ProfileAssignmentRecord>) {
        let is_over = |one: &&Assignment| one.until.is_some_and(|until| until <= now);
        let assignments: Vec<_> = self.assignments.iter().filter(|one| !is_over(one)).collect();
        let profiles = self.profiles.values();
        let told = profiles.filter(|it| assignments.iter().any(|one| one.profile == it.code));
        (
            told.map(|version| version.record(&self.aliases)).collect(),
            assignments.into_iter().map(Assignment::record).collect(),
        )
    }
}

impl ProfileVersion {
    /// As gateways hear of it, with the services as they are called today.
    fn record(&self, aliases: &Aliases) -> ProfileRecord {
        let mut demands = self.content.demands.clone();
        for service in demands.iter_mut().filter_map(|demand| demand.service.as_mut()) {
            if let Some(today) = aliases.service_at_any_time(service) {
                *service = today;
            }
        }
        ProfileRecord {
            code: self.code.clone(),
            version: self.version,
            rules: self.content.rules.clone(),
            demands,
        }
    }
}

impl Assignment {
    fn record(&self) -> ProfileAssignmentRecord {
        ProfileAssignmentRecord {
            number: self.number,
            system: self.system.clone(),
            profile: self.profile.clone(),
            from: self.from,
            until: self.until,
        }
    }
}

impl Act {
    pub(crate) fn new(actor: &Actor, at: UtcMicros, reason: String) -> Self {
        let Actor { organisation, role, credential } = actor.clone();
        Self { at, organisation, role, credential, reason }
    }
}

/// What comes with the platform. A test reads each file.
pub(crate) fn shipped() -> Vec<ProfileVersion> {
    let files = [
        ("2026-modern", include_str!("profile/shipped/2026-modern.json")),
        ("hai-duong-16-2024", include_str!("profile/shipped/hai-duong-16-2024.json")),
        ("national-axis", include_str!("profile/shipped/national-axis.json")),
    ];
    let read = |(code, text): (&str, &str)| {
        Some(ProfileVersion {
            code: code.parse().ok()?,
            version: 0,
            content: serde_json::from_str(text).ok()?,
            published: None,
        })
    };
    files.into_iter().filter_map(read).collect()
}
