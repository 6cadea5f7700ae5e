use std::collections::BTreeSet;
use std::fmt::Write;

use proptest::prelude::*;

use super::*;

const EVERYONE: &[Party] =
    &[Party::Consumer, Party::Provider, Party::Operator, Party::StateManager, Party::Platform];

fn wanted(step: Step, credential: &str) -> Wanted<'_> {
    Wanted { step, parties: EVERYONE, credential, reason: Some("vì") }
}

fn past(step: Step, credential: &str) -> Past {
    Past { step, credential: credential.to_owned() }
}

#[test]
fn the_lifecycle_is_this_table() {
    let join = |words: Vec<&str>| words.join(" ");
    let mut table = String::from("step | from | to | by | reason | not by whoever did\n");
    for rule in TABLE {
        let from = join(rule.from.iter().map(|state| state.as_str()).collect());
        let by = join(rule.by.iter().map(|party| party.as_str()).collect());
        let not_by = join(rule.not_by.iter().map(|step| step.as_str()).collect());
        let reason = if rule.needs_reason { "reason" } else { "" };
        let line = format!(
            "{:<19} | {from:<54} | {:<9} | {by:<46} | {reason:<6} | {not_by}",
            rule.step.as_str(),
            rule.to.as_str(),
        );
        writeln!(table, "{}", line.trim_end()).unwrap();
    }
    insta::assert_snapshot!(table);
}

#[test]
fn every_step_has_exactly_one_rule() {
    for step in Step::ALL {
        assert_eq!(TABLE.iter().filter(|rule| rule.step == *step).count(), 1, "{step}");
    }
}

#[test]
fn every_state_can_be_reached_and_three_are_final() {
    let mut reached = BTreeSet::from([State::Draft]);
    for _ in State::ALL {
        for rule in TABLE {
            if rule.from.iter().any(|state| reached.contains(state)) {
                reached.insert(rule.to);
            }
        }
    }
    assert_eq!(reached.len(), State::ALL.len());
    let is_final = |state: &&State| !TABLE.iter().any(|rule| rule.from.contains(state));
    let finals: Vec<_> = State::ALL.iter().filter(is_final).copied().collect();
    assert_eq!(finals, [State::Ended, State::Withdrawn, State::Refused]);
}

#[test]
fn the_requester_does_not_decide() {
    let past = [past(Step::Request, "a"), past(Step::Submit, "a")];
    for step in [Step::Return, Step::Consent, Step::Refuse] {
        assert_eq!(
            decide(State::Submitted, &past, wanted(step, "a")),
            Err(StepRefusal::SameActor { step, earlier: Step::Request })
        );
        assert!(decide(State::Submitted, &past, wanted(step, "b")).is_ok());
    }
}

#[test]
fn a_stranger_is_told_that_it_is_not_for_them_whatever_the_state() {
    for state in State::ALL {
        let stranger = Wanted { parties: &[], ..wanted(Step::Approve, "x") };
        let refusal = decide(*state, &[], stranger).unwrap_err();
        assert!(matches!(refusal, StepRefusal::NotYours { .. }), "{state}");
    }
}

#[test]
fn suspending_needs_a_reason() {
    let silent = Wanted { reason: None, ..wanted(Step::Suspend, "o") };
    assert_eq!(
        decide(State::Active, &[], silent),
        Err(StepRefusal::ReasonMissing { step: Step::Suspend })
    );
}

#[test]
fn a_name_reads_back() {
    for state in State::ALL {
        assert_eq!(state.as_str().parse(), Ok(*state));
    }
    for step in Step::ALL {
        assert_eq!(step.as_str().parse(), Ok(*step));
    }
    assert_eq!("approve_now".parse::<Step>(), Err(NoSuchName));
}

/// Any step by any of four actors, each of whom holds every capacity: only the duties part them.
fn attempts() -> impl Strategy<Value = Vec<(Step, &'static str)>> {
    let step = prop::sample::select(Step::ALL.to_vec());
    let forward = prop::sample::select(vec![
        Step::Submit,
        Step::Consent,
        Step::Test,
        Step::ConfirmTest,
        Step::Approve,
        Step::Activate,
    ]);
    let who = prop::sample::select(vec!["a", "b", "c", "d"]);
    prop::collection::vec((prop_oneof![1 => step, 3 => forward], who), 0..80)
}

proptest! {
    #[test]
    fn nothing_becomes_active_without_consent_test_and_approval_by_different_actors(
        attempts in attempts()
    ) {
        let mut state = State::Draft;
        let mut history = vec![past(Step::Request, "a")];
        for (step, who) in attempts {
            let Ok(next) = decide(state, &history, wanted(step, who)) else { continue };
            history.push(past(step, who));
            state = next;
            if state == State::Active {
                let actors: Vec<_> = [Step::Request, Step::Consent, Step::Test, Step::Approve]
                    .into_iter()
                    .map(|step| history.iter().rfind(|past| past.step == step))
                    .map(|past| past.map(|past| past.credential.as_str()))
                    .collect();
                prop_assert!(actors.iter().all(Option::is_some), "{history:?}");
                let distinct: BTreeSet<_> = actors.iter().collect();
                prop_assert_eq!(distinct.len(), 4, "{:?}", history);
                let by = |step| history.iter().filter(move |past| past.step == step);
                let approver = by(Step::Approve).next_back().map(|past| &past.credential);
                let confirmed = by(Step::ConfirmTest).map(|past| Some(&past.credential));
                prop_assert!(confirmed.into_iter().all(|by| by != approver), "{history:?}");
            }
        }
    }

    #[test]
    fn a_final_state_stays(step in prop::sample::select(Step::ALL.to_vec()), who in "[a-d]") {
        for state in [State::Ended, State::Withdrawn, State::Refused] {
            prop_assert!(decide(state, &[], wanted(step, &who)).is_err());
        }
    }

    #[test]
    fn no_one_gets_further_than_their_capacities(
        state in prop::sample::select(State::ALL.to_vec()),
        step in prop::sample::select(Step::ALL.to_vec()),
        parties in prop::collection::vec(prop::sample::select(EVERYONE.to_vec()), 0..3),
    ) {
        let attempt = Wanted { parties: &parties, ..wanted(step, "a") };
        if decide(state, &[], attempt).is_ok() {
            prop_assert!(who_may(step).iter().any(|party| parties.contains(party)));
        }
    }
}
