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
    let mut table = String::from("step | from | to | by | reason | not by whoever did | after\n");
    for rule in TABLE {
        let from = join(rule.from.iter().map(|state| state.as_str()).collect());
        let by = join(rule.by.iter().map(|party| party.as_str()).collect());
        let not_by = join(rule.not_by.iter().map(|step| step.as_str()).collect());
        let reason = if rule.needs_reason { "reason" } else { "" };
        let after = rule.after.map_or_else(String::new, |after| {
            let one_of: Vec<_> = after.one_of.iter().map(|step| step.as_str()).collect();
            format!("{} since {}", one_of.join(" or "), after.since)
        });
        let line = format!(
            "{:<19} | {from:<54} | {:<9} | {by:<46} | {reason:<6} | {not_by:<66} | {after}",
            rule.step.as_str(),
            rule.to.as_str(),
        );
        writeln!(table, "{}", line.trim_end_matches([' ', '|'])).unwrap();
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
        Step::WaiveTest,
        Step::Approve,
        Step::Activate,
    ]);
    let who = prop::sample::select(vec!["a", "b", "c", "d"]);
    prop::collection::vec((prop_oneof![1 => step, 3 => forward], who), 0..80)
}

/// That a connection which became active had consent, a test that was confirmed or waived, and
/// approval, in this order, by people each of whom did nothing of what the others did.
fn must_be_rightly_active(history: &[Past]) -> Result<(), String> {
    let last = |step: Step| history.iter().rposition(|past| past.step == step);
    let (consent, test) = (last(Step::Consent), last(Step::Test));
    let tried = last(Step::ConfirmTest).max(last(Step::WaiveTest));
    let way = [last(Step::Submit), consent, test, tried, last(Step::Approve), last(Step::Activate)];
    if way.iter().any(Option::is_none) || !way.is_sorted() {
        return Err(format!("the way is {way:?} in {history:?}"));
    }
    let by = |steps: &[Step]| -> BTreeSet<&str> {
        let taken = history.iter().filter(|past| steps.contains(&past.step));
        taken.map(|past| past.credential.as_str()).collect()
    };
    let parts = [
        by(&[Step::Request, Step::Revise, Step::Submit]),
        by(&[Step::Consent]),
        by(&[Step::Test, Step::ConfirmTest, Step::WaiveTest]),
        by(&[Step::Approve]),
    ];
    for (place, part) in parts.iter().enumerate() {
        for other in parts.iter().skip(place + 1) {
            if !part.is_disjoint(other) {
                return Err(format!("{part:?} and {other:?} in {history:?}"));
            }
        }
    }
    Ok(())
}

/// Where a search stands. What [`decide`] makes of a history is which steps each actor is kept
/// from, and whether what must be done before a step is done; so two histories with the same of
/// both lead on alike.
#[derive(PartialEq, Eq, PartialOrd, Ord, Clone)]
struct Standing {
    state: State,
    kept_from: Vec<Vec<Step>>,
    done: Vec<bool>,
    /// Who did what the invariant is about, so that no history stands for a wrong one.
    parts: Vec<[bool; 4]>,
}

impl Standing {
    fn of(state: State, history: &[Past], actors: &[&str]) -> Self {
        let did = |actor: &str, steps: &[Step]| {
            history.iter().any(|past| past.credential == actor && steps.contains(&past.step))
        };
        let kept_from = |actor: &&str| {
            let kept = TABLE.iter().filter(|rule| did(actor, rule.not_by));
            kept.map(|rule| rule.step).collect::<Vec<_>>()
        };
        let part = |actor: &&str| {
            [
                did(actor, &[Step::Request, Step::Revise, Step::Submit]),
                did(actor, &[Step::Consent]),
                did(actor, &[Step::Test, Step::ConfirmTest, Step::WaiveTest]),
                did(actor, &[Step::Approve]),
            ]
        };
        // Everybody has every capacity, so it does not matter who is who.
        let mut each: Vec<_> = actors.iter().map(|actor| (kept_from(actor), part(actor))).collect();
        each.sort();
        let (kept_from, parts) = each.into_iter().unzip();
        let done = TABLE.iter().filter_map(|rule| rule.after);
        let done = done.map(|after| after.is_done(history)).collect();
        Self { state, kept_from, done, parts }
    }
}

/// Goes every way that leads from a request to wherever it leads, and looks at each connection that
/// is active. Returns how many standings there are, and how many of them are active.
fn search(actors: &[&str]) -> (usize, usize) {
    let begun = vec![past(Step::Request, "a")];
    let mut seen = BTreeSet::from([Standing::of(State::Draft, &begun, actors)]);
    let mut open = vec![(State::Draft, begun)];
    let mut active = 0;
    while let Some((state, history)) = open.pop() {
        for step in Step::ALL {
            for actor in actors {
                let Ok(next) = decide(state, &history, wanted(*step, actor)) else { continue };
                let mut longer = history.clone();
                longer.push(past(*step, actor));
                if !seen.insert(Standing::of(next, &longer, actors)) {
                    continue;
                }
                if next == State::Active {
                    active += 1;
                    must_be_rightly_active(&longer).unwrap();
                }
                open.push((next, longer));
            }
        }
    }
    (seen.len(), active)
}

#[test]
fn no_way_leads_to_active_without_consent_test_and_approval_and_fewer_than_four_people_find_none() {
    assert_eq!(search(&["a"]).1, 0);
    assert_eq!(search(&["a", "b"]).1, 0);
    assert_eq!(search(&["a", "b", "c"]).1, 0, "three who may do everything are too few");
    let (standings, active) = search(&["a", "b", "c", "d"]);
    assert!(active > 0 && standings > active, "{standings} {active}");
}

#[test]
fn approval_comes_after_a_test_that_was_confirmed_or_waived_since_it_began() {
    let begun = [past(Step::Submit, "a"), past(Step::Consent, "b"), past(Step::Test, "c")];
    let early = [past(Step::ConfirmTest, "c"), past(Step::Test, "c")];
    for history in [&begun[..], &early[..], &[]] {
        let refusal = decide(State::Testing, history, wanted(Step::Approve, "d")).unwrap_err();
        assert!(matches!(refusal, StepRefusal::NotYet { .. }), "{refusal}");
    }
    for tried in [Step::ConfirmTest, Step::WaiveTest] {
        let history = [&begun[..], &[past(tried, "c")]].concat();
        assert_eq!(
            decide(State::Testing, &history, wanted(Step::Approve, "d")),
            Ok(State::Approved)
        );
        let own = decide(State::Testing, &history, wanted(Step::Approve, "c"));
        assert!(matches!(own, Err(StepRefusal::SameActor { .. })), "{own:?}");
    }
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
                let right = must_be_rightly_active(&history);
                prop_assert!(right.is_ok(), "{right:?}");
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
