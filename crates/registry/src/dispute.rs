//! Disputes (giải quyết vướng mắc, khiếu nại): one side of a connection objects to a decision about
//! it, to the data, or to their use; the other side answers, and then the specialised unit decides.
//!
//! Read first: [`life`] (the table of steps), then `command` (how a step is taken). Each step has
//! its clock in working days of the rules of its day; a clock that has run out decides nothing: it
//! lets the opener go on without an answer, and is said in the log, once.
//!
//! **Invariant**: a dispute changes nothing about the connection until it is decided; then it may
//! suspend or resume it, by the steps of the connection's own lifecycle. Who took a part in a
//! dispute, or the step that it is about, does not decide it.
//! **Trust**: whoever decides disputes can stop calls and let them go on, and their name stands
//! beside it.

pub(crate) mod api;
pub(crate) mod command;
pub mod life;
pub(crate) mod sql;
#[cfg(test)]
pub(crate) mod tests;

use evidence::Actor;
use wire::ambient::UtcMicros;
use wire::id::{ConnectionId, DisputeId};

use self::life::{DisputeState, DisputeStep};
use crate::connection::lifecycle::Party;
use crate::written::{NoSuchName, written};

/// One dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// Its id; ids sort by the time of opening.
    pub id: DisputeId,
    /// About which connection.
    pub connection: ConnectionId,
    /// What is objected to.
    pub about: About,
    /// The number of the connection's step that is objected to.
    pub step: Option<u32>,
    /// On which side of the connection it was opened.
    pub opened_by: Party,
    /// Who answers: who took the step, or the other side.
    pub against: Party,
    /// Where it stands.
    pub state: DisputeState,
    /// What is objected to, in words.
    pub claim: String,
    /// What is asked for.
    pub wanted: String,
    /// What was decided.
    pub outcome: Option<Outcome>,
    /// What the decision did to the connection.
    pub effect: Option<Effect>,
    /// By when whoever it waits for has to act.
    pub due: Option<UtcMicros>,
    /// Whether the calendar was sure of that.
    pub verified: bool,
    /// When it was opened.
    pub opened_at: UtcMicros,
}

/// What is objected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum About {
    /// A step of the connection: a refusal, a return, a suspension, an end.
    Decision,
    /// What the provider's answers hold.
    Data,
    /// What the consumer does with them.
    Use,
    /// Anything else between the two sides.
    Other,
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The opener is right.
    Upheld,
    /// The opener is right in a part.
    PartlyUpheld,
    /// The opener is not right.
    Rejected,
}

/// What a decision does to the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// It is suspended at once.
    Suspend,
    /// Its suspension is over.
    Resume,
}

written!(About, Decision = "decision", Data = "data", Use = "use", Other = "other",);
written!(Outcome, Upheld = "upheld", PartlyUpheld = "partly_upheld", Rejected = "rejected",);
written!(Effect, Suspend = "suspend", Resume = "resume");

/// A step that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenStep {
    /// 0 is the opening.
    pub number: u32,
    /// Which step.
    pub step: DisputeStep,
    /// The state it led to.
    pub state: DisputeState,
    /// By whom.
    pub by: Actor,
    /// When.
    pub at: UtcMicros,
    /// What was said.
    pub words: Option<String>,
    /// The number of the change, by which its entry in the log is found.
    pub sequence: u64,
}
