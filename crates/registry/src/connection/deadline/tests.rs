use serde_json::{Value, json};

use super::note_passed;
use crate::tests::platform::*;

/// The open deadlines as (duty, by, day of the due time).
fn deadlines(connection: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let read = |one: &Value| {
        (
            text(&one["duty"]),
            text(&one["by"]),
            text(&one["due"]).split('T').next().unwrap().to_owned(),
        )
    };
    connection["deadlines"].as_array().unwrap().iter().map(read).collect()
}

fn deadline(duty: &str, by: &str, due: &str) -> (String, String, String) {
    (duty.to_owned(), by.to_owned(), due.to_owned())
}

#[tokio::test]
async fn each_waiting_state_has_its_deadline_and_a_decision_is_due_from_submission_on() {
    // Monday 23 November 2026, 15:00 in Việt Nam.
    let platform = Platform::with_service().await;
    let path = platform.requested().await;
    assert_eq!(deadlines(&platform.get(&path).await), [], "a draft waits for nobody");
    let decision = deadline("decision", "state_manager", "2026-11-30");
    let mut seen = Vec::new();
    for step in ["submit", "consent", "test", "approve", "activate"] {
        seen.push(deadlines(&platform.step(&path, step).await));
    }
    assert_eq!(
        seen,
        [
            vec![deadline("consent", "provider", "2026-11-26"), decision.clone()],
            vec![deadline("test", "operator", "2026-11-24"), decision.clone()],
            vec![decision],
            vec![deadline("activation", "operator", "2026-11-24")],
            vec![],
        ]
    );
}

#[tokio::test]
async fn a_returned_request_is_waited_for_and_its_days_begin_anew() {
    let platform = Platform::with_service().await;
    let path = platform.connection_after(&["submit", "return"]).await;
    let returned = platform.get(&path).await;
    assert_eq!(deadlines(&returned), [deadline("supplement", "consumer", "2026-12-07")]);
    platform.clock.set("2026-11-25T02:00:00.000000Z".parse().unwrap());
    let again = platform.step(&path, "submit").await;
    assert_eq!(deadlines(&again)[1], deadline("decision", "state_manager", "2026-12-02"));
}

#[tokio::test]
async fn what_is_overdue_says_so_is_listed_and_is_noted_once_and_nothing_is_decided() {
    let platform = Platform::with_service().await;
    let late = platform.connection_after(&["submit"]).await;
    platform.requested().await;
    let overdue = async || {
        let page = platform.get("/api/v1/connections?overdue=true").await;
        page["items"].as_array().unwrap().len()
    };
    assert_eq!(overdue().await, 0);
    assert_eq!(note_passed(&platform.registry).await.unwrap(), 0);
    platform.clock.set("2026-11-26T17:00:00.000000Z".parse().unwrap());
    let connection = platform.get(&late).await;
    assert_eq!((&connection["overdue"], &connection["state"]), (&json!(true), &json!("submitted")));
    assert_eq!(connection["deadlines"][0]["overdue"], true);
    assert_eq!(connection["deadlines"][1]["overdue"], false);
    assert_eq!(overdue().await, 1);
    assert_eq!(note_passed(&platform.registry).await.unwrap(), 1);
    assert_eq!(note_passed(&platform.registry).await.unwrap(), 0, "said once");
    let entry = platform.entries().await.pop().unwrap();
    assert_eq!(entry.action, "connection.deadline_passed");
    assert_eq!(
        (entry.subject["duty"].as_str(), entry.subject["by"].as_str()),
        ("consent", "provider")
    );
    assert_eq!(entry.actor, None);
    assert_eq!(platform.get(&late).await["state"], "submitted", "a clock decides nothing");
    platform.step(&late, "consent").await;
    assert_eq!(overdue().await, 0, "the provider has answered; the rest has time");
}
