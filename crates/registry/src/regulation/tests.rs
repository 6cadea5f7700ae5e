use serde_json::{Value, json};

use super::*;
use crate::tests::authorisation::{Case, read, write};
use crate::tests::platform::*;

const PATH: &str = "/api/v1/connection-rules";

/// The routes of this noun, for the table of all routes.
pub(crate) fn cases() -> Vec<Case> {
    vec![read(PATH, PATH), write(PATH, PATH, form(), &[STATE_MANAGER])]
}

pub(crate) fn form() -> Value {
    let mut form = serde_json::to_value(shipped().unwrap()).unwrap();
    form["from"] = "2027-01-01T00:00:00Z".into();
    form
}

#[test]
fn the_shipped_rules_keep_the_numbers_of_the_model() {
    let rules = shipped().unwrap();
    let decision = rules.deadlines.iter().find(|rule| rule.duty == "decision").unwrap();
    assert_eq!((decision.working_days, decision.since), (5, Step::Submit));
    assert_eq!((rules.suspension.notice_working_days, rules.grounds.len()), (7, 4));
    assert_eq!((rules.disputes.provider_working_days, rules.disputes.unit_working_days), (7, 7));
    assert!(rules.ground("no_longer_needed").is_some() && rules.ground("x").is_none());
}

#[tokio::test]
async fn rules_come_into_force_on_their_day_and_deadlines_that_were_set_stay() {
    let platform = Platform::with_service().await;
    let before = platform.connection_after(&["submit"]).await;
    let mut form = form();
    form["deadlines"] = json!([{"duty": "decision", "name": "Quyết định", "by": "state_manager",
        "since": "submit", "while": ["submitted"], "working_days": 20}]);
    let added = platform.made(STATE_MANAGER, PATH, form).await;
    assert_eq!((&added["version"], &added["in_force"]), (&json!(1), &json!(false)));
    let entry = platform.entries().await.pop().unwrap();
    assert_eq!(
        (entry.action.as_str(), entry.subject["version"].as_str()),
        ("regulation.added", "1")
    );
    let due = async |path: &str| platform.get(path).await["due"].as_str().unwrap().to_owned();
    let first = due(&before).await;
    assert_eq!(due(&platform.connection_after(&["submit"]).await).await, first, "not yet");
    platform.clock.set("2027-01-01T00:00:00.000000Z".parse().unwrap());
    assert_eq!(due(&before).await, first);
    let after = platform.connection_after(&["submit"]).await;
    assert!(due(&after).await.starts_with("2027-01-29"), "{}", due(&after).await);
    let page = platform.get(PATH).await;
    let in_force: Vec<_> =
        page["items"].as_array().unwrap().iter().map(|one| &one["in_force"]).collect();
    assert_eq!(in_force, [&json!(false), &json!(true)]);
}

#[tokio::test]
async fn rules_that_break_a_bound_are_refused_by_their_field() {
    let platform = Platform::start().await;
    for (pointer, value, named) in [
        ("/from", json!("2020-01-01T00:00:00Z"), "from"),
        ("/basis", json!(""), "basis"),
        ("/deadlines/0/duty", json!("Quyết định"), "deadlines[0].duty"),
        ("/deadlines/0/duty", json!("decision"), "deadlines"),
        ("/deadlines/0/by", json!("platform"), "deadlines[0].by"),
        ("/deadlines/0/since", json!("wish"), "deadlines[0].since"),
        ("/deadlines/0/while", json!(["active"]), "deadlines[0].while"),
        ("/deadlines/0/working_days", json!(0), "deadlines[0].working_days"),
        ("/suspension/notice_working_days", json!(251), "suspension.notice_working_days"),
        ("/test_waived_by", json!(["provider"]), "test_waived_by[0]"),
        ("/test_waived_by", json!(["operator", "operator"]), "test_waived_by"),
        ("/grounds", json!([]), "grounds"),
        ("/grounds/1/name", json!(" "), "grounds[1].name"),
    ] {
        let mut form = form();
        form["test_waived_by"] = json!([]);
        *form.pointer_mut(pointer).unwrap() = value;
        let (status, answer) = platform.post(STATE_MANAGER, PATH, form).await;
        assert_eq!((status, &answer["code"]), (422, &"field.invalid".into()), "{pointer} {answer}");
        assert!(answer["detail"].as_str().unwrap().contains(&format!("`{named}`")), "{answer}");
    }
}
