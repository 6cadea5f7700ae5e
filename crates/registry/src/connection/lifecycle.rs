//! How a connection comes into force and goes out of it: one table, and the function that reads it.
//!
//! ```text
//! draft → submitted ⇄ returned → consented → testing → approved → active ⇄ suspended → ended
//! ```
//! with `withdrawn` by the requester before approval and `refused` from submitted, consented and
//! testing. Pure: no clock, no database; a command asks [`decide`] and writes down the answer.
//!
//! **Invariant**: no connection reaches `active` without consent, a test that was confirmed or
//! waived ([`Rule::after`]), and approval, each by an actor who took none of the steps before it
//! that [`Rule::not_by`] names. **Trust**: whoever can change this table decides who may read
//! whose data.

use crate::written::{NoSuchName, written};

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Being written by the consumer.
    Draft,
    /// Handed in.
    Submitted,
    /// Sent back: something is missing.
    Returned,
    /// The provider agrees to the use of its data.
    Consented,
    /// Being tried in the sandbox.
    Testing,
    /// Decided; not switched on yet.
    Approved,
    /// In force.
    Active,
    /// Out of force for a time.
    Suspended,
    /// Out of force for good.
    Ended,
    /// Taken back by the consumer before a decision.
    Withdrawn,
    /// Decided against.
    Refused,
}

/// What moves a connection from state to state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Opens a connection as a draft.
    Request,
    /// Rewrites what is asked for.
    Revise,
    /// Hands it in.
    Submit,
    /// Sends it back, saying what is missing.
    Return,
    /// The provider agrees.
    Consent,
    /// The operator takes it into the sandbox.
    Test,
    /// The operator confirms, by entries of calls, that it was tried with success.
    ConfirmTest,
    /// Decides, with a reason, that it need not be tried. Whom the rules of the day name may.
    WaiveTest,
    /// The state manager decides for it.
    Approve,
    /// The operator switches it on.
    Activate,
    /// Says ahead that it will be out of force for a time.
    AnnounceSuspension,
    /// What was announced will not be.
    CallOffSuspension,
    /// What was announced begins.
    Pause,
    /// Takes it out of force at once, for a violation or a danger.
    Suspend,
    /// Records that the consumer was told of that.
    TellConsumer,
    /// The operator, or the decision of a dispute, puts it back into force.
    Resume,
    /// Takes it out of force for good.
    End,
    /// The consumer takes it back.
    Withdraw,
    /// Decides against it.
    Refuse,
    /// Its amendment came into force in its place.
    Replace,
}

/// In which capacity somebody acts on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// An administrator of the organisation that wants to use the service.
    Consumer,
    /// An administrator of the organisation that provides it.
    Provider,
    /// The operator of the platform.
    Operator,
    /// The state manager of the platform.
    StateManager,
    /// The platform itself, as a consequence of another step.
    Platform,
}

/// One row of the table: everything there is to know about a step.
#[derive(Debug)]
pub struct Rule {
    /// The step.
    pub step: Step,
    /// The states it may be taken from; empty for the step that opens a connection.
    pub from: &'static [State],
    /// The state it leads to.
    pub to: State,
    /// Who may take it.
    pub by: &'static [Party],
    /// Whether it must say why.
    pub needs_reason: bool,
    /// Whoever took one of these steps on the same connection may not take this one.
    pub not_by: &'static [Step],
    /// What must have been done before, whatever the rules of the day demand beside it.
    pub after: Option<After>,
}

/// Something that must have been done before a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// One of these steps was taken…
    pub one_of: &'static [Step],
    /// …after this one was taken last.
    pub since: Step,
}

/// The connection was tried with success, or that was waived.
const TESTED: After = After { one_of: &[Step::ConfirmTest, Step::WaiveTest], since: Step::Test };

/// The lifecycle.
#[rustfmt::skip]
pub const TABLE: &[Rule] = {
    use {Party as P, State as S, Step as T};
    const REQUESTER: &[Step] = &[T::Request, T::Revise, T::Submit];
    &[
        Rule { step: T::Request,  from: &[],                                    to: S::Draft,     by: &[P::Consumer],     needs_reason: false, not_by: &[], after: None },
        Rule { step: T::Revise,   from: &[S::Draft, S::Returned],               to: S::Draft,     by: &[P::Consumer],     needs_reason: false, not_by: &[], after: None },
        Rule { step: T::Submit,   from: &[S::Draft, S::Returned],               to: S::Submitted, by: &[P::Consumer],     needs_reason: false, not_by: &[], after: None },
        Rule { step: T::Return,   from: &[S::Submitted],                        to: S::Returned,  by: &[P::Operator],     needs_reason: true,  not_by: REQUESTER, after: None },
        Rule { step: T::Consent,  from: &[S::Submitted],                        to: S::Consented, by: &[P::Provider],     needs_reason: false, not_by: REQUESTER, after: None },
        Rule { step: T::Test,     from: &[S::Consented],                        to: S::Testing,   by: &[P::Operator],     needs_reason: false, not_by: &[T::Request, T::Revise, T::Submit, T::Consent], after: None },
        Rule { step: T::ConfirmTest, from: &[S::Testing],                       to: S::Testing,   by: &[P::Operator],     needs_reason: false, not_by: &[T::Request, T::Revise, T::Submit, T::Consent], after: None },
        Rule { step: T::WaiveTest, from: &[S::Testing],                       to: S::Testing,   by: &[P::Operator, P::StateManager], needs_reason: true, not_by: &[T::Request, T::Revise, T::Submit, T::Consent], after: None },
        Rule { step: T::Approve,  from: &[S::Testing],                          to: S::Approved,  by: &[P::StateManager], needs_reason: false, not_by: &[T::Request, T::Revise, T::Submit, T::Consent, T::Test, T::ConfirmTest, T::WaiveTest], after: Some(TESTED) },
        Rule { step: T::Activate, from: &[S::Approved],                         to: S::Active,    by: &[P::Operator],     needs_reason: false, not_by: REQUESTER, after: None },
        Rule { step: T::AnnounceSuspension, from: &[S::Active],                 to: S::Active,    by: &[P::Provider, P::Operator], needs_reason: true, not_by: &[], after: None },
        Rule { step: T::CallOffSuspension, from: &[S::Active],                  to: S::Active,    by: &[P::Provider, P::Operator], needs_reason: true, not_by: &[], after: None },
        Rule { step: T::Pause,    from: &[S::Active],                           to: S::Suspended, by: &[P::Platform],     needs_reason: false, not_by: &[], after: None },
        Rule { step: T::Suspend,  from: &[S::Active],                           to: S::Suspended, by: &[P::Provider, P::Operator, P::Platform], needs_reason: true, not_by: &[], after: None },
        Rule { step: T::TellConsumer, from: &[S::Suspended],                    to: S::Suspended, by: &[P::Provider, P::Operator], needs_reason: false, not_by: &[], after: None },
        Rule { step: T::Resume,   from: &[S::Suspended],                        to: S::Active,    by: &[P::Operator, P::Platform], needs_reason: false, not_by: &[], after: None },
        Rule { step: T::End,      from: &[S::Approved, S::Active, S::Suspended], to: S::Ended,    by: &[P::Consumer, P::Provider, P::Operator, P::StateManager], needs_reason: true, not_by: &[], after: None },
        Rule { step: T::Withdraw, from: &[S::Draft, S::Submitted, S::Returned, S::Consented, S::Testing], to: S::Withdrawn, by: &[P::Consumer], needs_reason: false, not_by: &[], after: None },
        Rule { step: T::Refuse,   from: &[S::Submitted, S::Consented, S::Testing], to: S::Refused, by: &[P::Provider, P::Operator, P::StateManager], needs_reason: true, not_by: REQUESTER, after: None },
        Rule { step: T::Replace,  from: &[S::Active, S::Suspended],             to: S::Ended,     by: &[P::Platform],     needs_reason: false, not_by: &[], after: None },
    ]
};

/// A step somebody took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// Which.
    pub step: Step,
    /// The credential it was taken with: what tells actors apart until people sign in.
    pub credential: String,
}

/// A step somebody wants to take.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Which.
    pub step: Step,
    /// In which capacities the actor stands to this connection.
    pub parties: &'a [Party],
    /// The actor's credential.
    pub credential: &'a str,
    /// Why.
    pub reason: Option<&'a str>,
}

/// Why a step may not be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepRefusal {
    /// The actor is none of those who may.
    #[error("{step} is for {}", names(.by))]
    NotYours {
        /// The step.
        step: Step,
        /// Who may take it.
        by: &'static [Party],
    },
    /// The connection does not stand where the step begins.
    #[error("a connection that is {state} cannot take the step {step}")]
    NotFromHere {
        /// The step.
        step: Step,
        /// Where the connection stands.
        state: State,
    },
    /// The actor took a step before that rules this one out.
    #[error("whoever took the step {earlier} may not take the step {step}")]
    SameActor {
        /// The step.
        step: Step,
        /// What the actor did before.
        earlier: Step,
    },
    /// Something that comes before the step was not done.
    #[error("the step {step} comes after one of {:?}", .after.one_of)]
    NotYet {
        /// The step.
        step: Step,
        /// What comes before.
        after: After,
    },
    /// The step must say why.
    #[error("the step {step} needs a reason")]
    ReasonMissing {
        /// The step.
        step: Step,
    },
}

/// The state that `wanted` leads to from `state`, or why it may not be taken.
///
/// Who may comes before what is possible now, so that an outsider learns nothing by trying.
pub fn decide(state: State, past: &[Past], wanted: Wanted<'_>) -> Result<State, StepRefusal> {
    let step = wanted.step;
    let Some(rule) = TABLE.iter().find(|rule| rule.step == step) else {
        return Err(StepRefusal::NotFromHere { step, state });
    };
    if !rule.by.iter().any(|party| wanted.parties.contains(party)) {
        return Err(StepRefusal::NotYours { step, by: rule.by });
    }
    if !rule.from.contains(&state) {
        return Err(StepRefusal::NotFromHere { step, state });
    }
    let own = past.iter().filter(|past| past.credential == wanted.credential);
    if let Some(past) = own.into_iter().find(|past| rule.not_by.contains(&past.step)) {
        return Err(StepRefusal::SameActor { step, earlier: past.step });
    }
    if let Some(after) = rule.after.filter(|after| !after.is_done(past)) {
        return Err(StepRefusal::NotYet { step, after });
    }
    if rule.needs_reason && wanted.reason.is_none() {
        return Err(StepRefusal::ReasonMissing { step });
    }
    Ok(rule.to)
}

impl After {
    fn is_done(&self, past: &[Past]) -> bool {
        let since = past.iter().rposition(|past| past.step == self.since);
        let later = past.iter().skip(since.map_or(0, |since| since + 1));
        since.is_some() && later.into_iter().any(|past| self.one_of.contains(&past.step))
    }
}

/// The state that `step` leads to.
pub fn leads_to(step: Step) -> Option<State> {
    TABLE.iter().find(|rule| rule.step == step).map(|rule| rule.to)
}

/// Who may take `step` at all.
pub fn who_may(step: Step) -> &'static [Party] {
    TABLE.iter().find(|rule| rule.step == step).map_or(&[], |rule| rule.by)
}

/// The steps that lead on from `state` and that somebody may take.
pub fn possible_steps(state: State) -> impl Iterator<Item = Step> {
    let leads_on = move |rule: &&Rule| {
        rule.from.contains(&state) && rule.by.iter().any(|party| *party != Party::Platform)
    };
    TABLE.iter().filter(leads_on).map(|rule| rule.step)
}

impl State {
    /// Whether gateways hear of the connection: from its test on, which sandbox credentials take,
    /// so that a call by way of one that is not (or no longer) in force is told so, rather than
    /// that there is none.
    pub fn is_published(self) -> bool {
        matches!(
            self,
            Self::Testing | Self::Approved | Self::Active | Self::Suspended | Self::Ended
        )
    }
}

written!(
    State,
    Draft = "draft",
    Submitted = "submitted",
    Returned = "returned",
    Consented = "consented",
    Testing = "testing",
    Approved = "approved",
    Active = "active",
    Suspended = "suspended",
    Ended = "ended",
    Withdrawn = "withdrawn",
    Refused = "refused",
);
written!(
    Step,
    Request = "request",
    Revise = "revise",
    Submit = "submit",
    Return = "return",
    Consent = "consent",
    Test = "test",
    ConfirmTest = "confirm_test",
    WaiveTest = "waive_test",
    Approve = "approve",
    Activate = "activate",
    AnnounceSuspension = "announce_suspension",
    CallOffSuspension = "call_off_suspension",
    Pause = "pause",
    Suspend = "suspend",
    TellConsumer = "tell_consumer",
    Resume = "resume",
    End = "end",
    Withdraw = "withdraw",
    Refuse = "refuse",
    Replace = "replace",
);
written!(
    Party,
    Consumer = "consumer",
    Provider = "provider",
    Operator = "operator",
    StateManager = "state_manager",
    Platform = "platform",
);

/// The names of some parties in one sentence.
pub fn names(parties: &[Party]) -> String {
    let names: Vec<_> = parties.iter().map(|party| party.as_str()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests;
