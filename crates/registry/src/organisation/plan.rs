//! Planned reorganisations (sắp xếp, tổ chức lại đã có quyết định, chưa đến ngày có hiệu lực).
//!
//! A decision is made before its day. What it orders is rehearsed when it is planned, on the registry
//! of that day and without leaving a trace, and carried out by the clock on its own day, by the very
//! code that carries it out at once ([`succession`](super::succession)). Until then it can be
//! withdrawn.
//!
//! **Invariant**: a plan is carried out at most once, as a whole, not before its day; one that the
//! registry of its day does not allow has failed, says why, and has changed nothing.
//! **Trust**: who may plan may do it at once as well; a plan gives no right that was not there.

pub(crate) mod api;
pub(crate) mod command;
pub(crate) mod sql;

use std::collections::BTreeSet;

use evidence::Actor;
use serde::{Deserialize, Serialize};
use wire::ambient::UtcMicros;
use wire::organisation_code::OrganisationCode;

use super::succession::{Act, Division, Order, Renamed};
use crate::decision::DecisionNumber;
use crate::written::{NoSuchName, written};

/// A reorganisation that has a day to come.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Counts from 0.
    pub number: u32,
    /// Of which organisation it is: the one that is recoded or divided, or that others go into.
    pub organisation: OrganisationCode,
    /// What is to be done.
    pub act: PlannedAct,
    /// By which decision.
    pub decision: DecisionNumber,
    /// When.
    pub effective_at: UtcMicros,
    /// Until when former names lead on.
    pub aliases_until: Option<UtcMicros>,
    /// What became of it.
    pub state: PlanState,
    /// Why it failed, in Vietnamese and in English.
    pub problem: Option<(String, String)>,
    /// Who planned it.
    pub by: Actor,
    /// When.
    pub planned_at: UtcMicros,
}

/// What became of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlanState {
    /// Its day has not come.
    Planned,
    /// It was carried out.
    Done,
    /// The registry of its day did not allow it.
    Failed,
    /// It was taken back before its day.
    Withdrawn,
}

written!(PlanState, Planned = "planned", Done = "done", Failed = "failed", Withdrawn = "withdrawn",);

/// What is to be done, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum PlannedAct {
    /// Another code.
    Recode {
        /// The new code.
        code: OrganisationCode,
    },
    /// Others go into it.
    Merge {
        /// Which.
        from: BTreeSet<OrganisationCode>,
        /// Other ids for systems whose code is taken there.
        moves: Renamed,
    },
    /// It is divided.
    Split {
        /// Among whom.
        into: BTreeSet<OrganisationCode>,
        /// Which systems go where.
        moves: Renamed,
        /// Whether it goes on itself.
        continues: bool,
    },
}

impl PlannedAct {
    pub(crate) fn act(&self) -> Act {
        match self.clone() {
            Self::Recode { code } => Act::Recode(code),
            Self::Merge { from, moves } => Act::Merge { sources: from, renamed: moves },
            Self::Split { into, moves, continues } => {
                Act::Split(Division { into, moves, continues })
            }
        }
    }
}

impl Plan {
    /// The order that takes effect at `effective_at`, or now.
    fn order(&self, effective_at: Option<UtcMicros>) -> Order {
        Order { decision: self.decision.clone(), effective_at, aliases_until: self.aliases_until }
    }
}
