//! How a dispute goes from its opening to its end: one table, and the function that reads it.
//!
//! ```text
//! open → answered → referred → decided
//! ```
//! with `settled` by the opener after the answer and `withdrawn` before the decision. Pure.
//!
//! **Invariant**: nothing is decided before the other side has answered, or let its time run out.

use wire::ambient::UtcMicros;

use crate::written::{NoSuchName, written};

/// Where a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DisputeState {
    /// Waits for the answer.
    Open,
    /// The opener has the answer.
    Answered,
    /// Waits for the decision.
    Referred,
    /// The unit has decided.
    Decided,
    /// The opener was content with the answer.
    Settled,
    /// The opener took it back.
    Withdrawn,
}

/// What moves a dispute on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DisputeStep {
    /// One side of the connection objects.
    Open,
    /// Whoever it is against answers.
    Answer,
    /// The opener is content with the answer.
    Settle,
    /// The opener asks the unit to decide.
    Refer,
    /// The unit decides.
    Decide,
    /// The opener takes it back.
    Withdraw,
}

/// In which capacity somebody acts in a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capacity {
    /// An administrator of the side that opened it.
    Opener,
    /// Whoever it is against.
    Respondent,
    /// The specialised unit that the rules name.
    Unit,
}

written!(
    DisputeState,
    Open = "open",
    Answered = "answered",
    Referred = "referred",
    Decided = "decided",
    Settled = "settled",
    Withdrawn = "withdrawn",
);
written!(
    DisputeStep,
    Open = "open",
    Answer = "answer",
    Settle = "settle",
    Refer = "refer",
    Decide = "decide",
    Withdraw = "withdraw",
);
written!(Capacity, Opener = "opener", Respondent = "respondent", Unit = "unit");

/// One row of the table.
#[derive(Debug)]
pub struct Rule {
    /// The step.
    pub step: DisputeStep,
    /// The states it may be taken from.
    pub from: &'static [DisputeState],
    /// Those from which it may be taken once the time to answer has run out.
    pub from_late: &'static [DisputeState],
    /// The state it leads to.
    pub to: DisputeState,
    /// Who may take it.
    pub by: Capacity,
}

/// The life of a dispute, from its opening on.
#[rustfmt::skip]
pub const TABLE: &[Rule] = {
    use {Capacity as C, DisputeState as S, DisputeStep as T};
    &[
        Rule { step: T::Answer,   from: &[S::Open],                            from_late: &[],        to: S::Answered,  by: C::Respondent },
        Rule { step: T::Settle,   from: &[S::Answered],                        from_late: &[],        to: S::Settled,   by: C::Opener },
        Rule { step: T::Refer,    from: &[S::Answered],                        from_late: &[S::Open], to: S::Referred,  by: C::Opener },
        Rule { step: T::Decide,   from: &[S::Referred],                        from_late: &[],        to: S::Decided,   by: C::Unit },
        Rule { step: T::Withdraw, from: &[S::Open, S::Answered, S::Referred],  from_late: &[],        to: S::Withdrawn, by: C::Opener },
    ]
};

/// Why a step may not be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepRefusal {
    /// The actor is none of those who may.
    #[error("the step {step} is for the {by}")]
    NotYours {
        /// The step.
        step: DisputeStep,
        /// Who may take it.
        by: Capacity,
    },
    /// The dispute does not stand where the step begins.
    #[error("a dispute that is {state} cannot take the step {step}")]
    NotFromHere {
        /// The step.
        step: DisputeStep,
        /// Where it stands.
        state: DisputeState,
    },
    /// The other side still has time to answer.
    #[error("the other side has until {due} to answer")]
    TimeLeft {
        /// Until when.
        due: UtcMicros,
    },
    /// The actor took a part in it.
    #[error("whoever took a part in a dispute does not decide it")]
    TookPart,
}

/// The state that `step` leads to from `state`, in which something was due at `due`.
pub fn decide(
    (state, due): (DisputeState, Option<UtcMicros>),
    step: DisputeStep,
    capacities: &[Capacity],
    now: UtcMicros,
) -> Result<DisputeState, StepRefusal> {
    let Some(rule) = TABLE.iter().find(|rule| rule.step == step) else {
        return Err(StepRefusal::NotFromHere { step, state });
    };
    if !capacities.contains(&rule.by) {
        return Err(StepRefusal::NotYours { step, by: rule.by });
    }
    if rule.from.contains(&state) {
        return Ok(rule.to);
    }
    if !rule.from_late.contains(&state) {
        return Err(StepRefusal::NotFromHere { step, state });
    }
    match due {
        Some(due) if due > now => Err(StepRefusal::TimeLeft { due }),
        _ => Ok(rule.to),
    }
}

/// The steps that lead on from `state`.
pub fn possible_steps(state: DisputeState) -> impl Iterator<Item = DisputeStep> {
    let leads_on =
        move |rule: &&Rule| rule.from.contains(&state) || rule.from_late.contains(&state);
    TABLE.iter().filter(leads_on).map(|rule| rule.step)
}

impl DisputeState {
    pub(crate) fn vi(self) -> &'static str {
        match self {
            Self::Open => "chờ trả lời",
            Self::Answered => "đã có trả lời",
            Self::Referred => "chờ quyết định",
            Self::Decided => "đã quyết định",
            Self::Settled => "đã thống nhất",
            Self::Withdrawn => "đã rút",
        }
    }
}

impl DisputeStep {
    pub(crate) fn vi(self) -> &'static str {
        match self {
            Self::Open => "mở khiếu nại",
            Self::Answer => "trả lời",
            Self::Settle => "chấp nhận trả lời",
            Self::Refer => "chuyển đơn vị chuyên trách",
            Self::Decide => "quyết định",
            Self::Withdraw => "rút",
        }
    }

    /// What the entry of a step is called.
    pub(crate) const fn action(self) -> &'static str {
        match self {
            Self::Open => "dispute.opened",
            Self::Answer => "dispute.answered",
            Self::Settle => "dispute.settled",
            Self::Refer => "dispute.referred",
            Self::Decide => "dispute.decided",
            Self::Withdraw => "dispute.withdrawn",
        }
    }
}

impl Capacity {
    pub(crate) fn vi(self) -> &'static str {
        match self {
            Self::Opener => "bên đã khiếu nại",
            Self::Respondent => "bên bị khiếu nại",
            Self::Unit => "đơn vị có thẩm quyền giải quyết khiếu nại",
        }
    }

    pub(crate) fn en(self) -> &'static str {
        match self {
            Self::Opener => "the side that opened the dispute",
            Self::Respondent => "the side that the dispute is against",
            Self::Unit => "the unit that decides disputes",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::*;

    const EVERYONE: &[Capacity] = Capacity::ALL;

    #[test]
    fn the_life_of_a_dispute_is_this_table() {
        let mut table = String::from("step | from | once late | to | by\n");
        let names = |states: &[DisputeState]| {
            states.iter().map(|state| state.as_str()).collect::<Vec<_>>().join(" ")
        };
        for rule in TABLE {
            let (from, late) = (names(rule.from), names(rule.from_late));
            let (step, to) = (rule.step.as_str(), rule.to.as_str());
            let line = format!("{step:<8} | {from:<22} | {late:<4} | {to:<9} | {}", rule.by);
            writeln!(table, "{line}").unwrap();
        }
        insta::assert_snapshot!(table);
    }

    proptest! {
        #[test]
        fn nothing_is_decided_before_the_other_side_answered_or_its_time_ran_out(
            attempts in prop::collection::vec(
                (
                    prop::sample::select(DisputeStep::ALL.to_vec()),
                    prop::sample::subsequence(EVERYONE.to_vec(), 0..=3),
                    0_i64..20,
                ),
                0..40,
            ),
        ) {
            let due = UtcMicros::from_micros(100);
            let (mut state, mut now, mut answered) = (DisputeState::Open, 0, false);
            for (step, capacities, pause) in attempts {
                now += pause;
                let at = UtcMicros::from_micros(now);
                let from = (state, (state == DisputeState::Open).then_some(due));
                let Ok(next) = decide(from, step, &capacities, at) else { continue };
                prop_assert!(possible_steps(state).next().is_some());
                answered |= step == DisputeStep::Answer;
                state = next;
                if matches!(state, DisputeState::Referred | DisputeState::Decided) {
                    prop_assert!(answered || at >= due);
                }
                if step == DisputeStep::Decide {
                    prop_assert!(capacities.contains(&Capacity::Unit));
                }
            }
        }
    }
}
