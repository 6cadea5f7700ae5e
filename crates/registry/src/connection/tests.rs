mod anyone;
mod asked;
mod seen;

use serde_json::{Value, json};

use crate::tests::platform::*;

const STRAIGHT: [&str; 5] = ["submit", "consent", "test", "approve", "activate"];
/// Another actor of the provider's administrators.
const PROVIDER_2: &str = "organisation_admin:H24.12:t-provider-2";

fn because() -> Value {
    json!({"reason": "theo đề nghị"})
}

/// The connection's record in the directory.
fn published(platform: &Platform, path: &str) -> Option<Value> {
    platform.record(&path.replace("/api/v1/connections/", "connection/"))
}

#[tokio::test]
async fn a_connection_comes_into_force_step_by_step_and_reaches_the_directory_when_tried() {
    let platform = Platform::with_service().await;
    let path = platform.requested().await;
    for step in STRAIGHT {
        platform.step(&path, step).await;
        let record = published(&platform, &path);
        match step {
            "test" => {
                let record = record.unwrap();
                assert_eq!(
                    (&record["active"], &record["testing"], &record["state"]),
                    (&json!(false), &json!(true), &json!("testing"))
                );
            }
            "approve" => {
                let record = record.unwrap();
                assert_eq!(
                    (&record["active"], &record["state"]),
                    (&json!(false), &json!("approved"))
                );
            }
            "activate" => {
                let record = record.unwrap();
                assert_eq!((&record["active"], &record["state"]), (&json!(true), &json!("active")));
                assert_eq!(record["quota"], json!({"per_minute": 600, "burst": 60}));
                assert_eq!(record["operations"], json!([{"method": "GET", "path": "/units"}]));
                assert_eq!(record["until"], "2027-11-01T00:00:00.000000Z");
            }
            _ => assert_eq!(record, None, "gateways do not hear of it after {step}"),
        }
    }
}

#[tokio::test]
async fn suspending_resuming_and_ending_are_in_force_when_answered() {
    let platform = Platform::with_service().await;
    let path = platform.connection_after(&STRAIGHT).await;
    for (step, active, state) in
        [("suspend", false, "suspended"), ("resume", true, "active"), ("end", false, "ended")]
    {
        platform.step(&path, step).await;
        let record = published(&platform, &path).unwrap();
        assert_eq!((&record["active"], &record["state"]), (&json!(active), &json!(state)));
    }
}

#[tokio::test]
async fn the_history_names_actor_role_time_reason_and_entry_of_each_step() {
    let platform = Platform::with_service().await;
    let path = platform.connection_after(&["submit", "return"]).await;
    // A place is noted just after its step is answered, and before the next change is.
    platform.requested().await;
    let history = platform.get(&format!("{path}/history")).await;
    let steps = history["items"].as_array().unwrap();
    let taken: Vec<_> = steps.iter().map(|step| (&step["step"], &step["state"])).collect();
    assert_eq!(
        taken,
        [
            (&json!("request"), &json!("draft")),
            (&json!("submit"), &json!("submitted")),
            (&json!("return"), &json!("returned")),
        ]
    );
    let returned = &steps[2];
    assert_eq!(
        returned["actor"],
        json!({"organisation": "H24.02", "role": "operator", "credential": "t-operator"})
    );
    assert_eq!(returned["at"], "2026-11-23T08:00:00.000000Z");
    assert_eq!(returned["reason"], "theo đề nghị");
    let entries = platform.entries().await;
    for (step, action) in steps.iter().zip(["requested", "submitted", "returned"]) {
        let (origin, index) = step["entry"].as_str().unwrap().rsplit_once('/').unwrap();
        assert_eq!(origin, platform.log.origin().to_string());
        let entry = &entries[index.parse::<usize>().unwrap()];
        assert_eq!(entry.action, format!("connection.{action}"));
        assert_eq!(entry.subject["connection"], path.rsplit('/').next().unwrap());
    }
}

#[tokio::test]
async fn a_history_is_paged_by_the_number_of_the_step() {
    let platform = Platform::with_service().await;
    let path = platform.connection_after(&STRAIGHT).await;
    let first = platform.get(&format!("{path}/history?limit=4")).await;
    assert_eq!(first["next"], "3");
    let rest = platform.get(&format!("{path}/history?limit=4&after=3")).await;
    let numbers: Vec<_> =
        rest["items"].as_array().unwrap().iter().map(|step| step["number"].clone()).collect();
    assert_eq!((numbers, &rest["next"]), (vec![json!(4), json!(5), json!(6)], &Value::Null));
}

#[tokio::test]
async fn whoever_requested_does_not_decide_even_where_both_sides_are_theirs() {
    let platform = Platform::with_service().await;
    let system = json!({"organisation": "H24.12", "code": "noi-bo", "name": "x"});
    platform.made(PROVIDER, "/api/v1/systems", system).await;
    let mut form = connection_form();
    form["consumer"] = "H24.12/noi-bo".into();
    let made = platform.made(PROVIDER, "/api/v1/connections", form).await;
    let path = format!("/api/v1/connections/{}", made["id"].as_str().unwrap());
    platform.made(PROVIDER, &format!("{path}/submit"), json!({})).await;
    for step in ["consent", "refuse"] {
        let refused = platform.refused(PROVIDER, &format!("{path}/{step}"), because()).await;
        assert_eq!(refused, (409, "duties.not_separated".to_owned()), "{step}");
    }
    platform.made(PROVIDER_2, &format!("{path}/consent"), json!({})).await;
}

#[tokio::test]
async fn a_step_out_of_turn_changes_nothing() {
    let platform = Platform::with_service().await;
    let path = platform.requested().await;
    for (token, step) in [(PROVIDER, "consent"), (STATE_MANAGER, "approve"), (OPERATOR, "activate")]
    {
        let refused = platform.refused(token, &format!("{path}/{step}"), because()).await;
        assert_eq!(refused, (409, "connection.step_not_possible".to_owned()), "{step}");
    }
    let connection = platform.get(&path).await;
    assert_eq!(connection["state"], "draft");
    assert_eq!(connection["next_steps"], json!(["revise", "submit", "withdraw"]));
}

#[tokio::test]
async fn deciding_against_needs_a_reason() {
    let platform = Platform::with_service().await;
    let path = platform.connection_after(&["submit"]).await;
    for body in [json!({}), json!({"reason": " "})] {
        let refused = platform.refused(OPERATOR, &format!("{path}/refuse"), body).await;
        assert_eq!(refused, (422, "field.invalid".to_owned()));
    }
    platform.made(OPERATOR, &format!("{path}/refuse"), because()).await;
    assert_eq!(platform.get(&path).await["next_steps"], json!([]));
}

#[tokio::test]
async fn a_step_that_is_none_is_refused_with_those_that_are() {
    let platform = Platform::with_service().await;
    let path = platform.requested().await;
    for step in ["request", "replace", "aprove"] {
        let (status, answer) = platform.post(OPERATOR, &format!("{path}/{step}"), json!({})).await;
        assert_eq!(status, 422, "{step}");
        assert!(answer["detail"].as_str().unwrap().contains("approve"), "{answer}");
    }
}

#[tokio::test]
async fn connections_are_listed_by_state_consumer_and_service() {
    let platform = Platform::with_service().await;
    platform.requested().await;
    let submitted = platform.connection_after(&["submit"]).await;
    let id = submitted.rsplit('/').next().unwrap();
    for query in [
        "state=submitted".to_owned(),
        format!("state=submitted&consumer={CONSUMING_SYSTEM}&service={SERVICE}"),
    ] {
        let page = platform.get(&format!("/api/v1/connections?{query}")).await;
        let ids: Vec<_> = page["items"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
        assert_eq!(ids, [id], "{query}");
    }
    let none = platform.get(&format!("/api/v1/connections?consumer={PROVIDING_SYSTEM}")).await;
    assert_eq!(none["items"], json!([]));
    let (status, answer) =
        platform.ask(AUDITOR, "GET", "/api/v1/connections?state=lost", None).await;
    assert_eq!((status, &answer["code"]), (422, &"field.invalid".into()));
}

#[tokio::test]
async fn a_step_that_needs_no_reason_needs_no_body() {
    let platform = Platform::with_service().await;
    let path = platform.requested().await;
    let bare = async |token, step: &str| {
        platform.ask(token, "POST", &format!("{path}/{step}"), None).await
    };
    assert_eq!(bare(CONSUMER, "submit").await.0, 200);
    assert_eq!(bare(PROVIDER, "consent").await.0, 200);
    let (status, refusal) = bare(OPERATOR, "refuse").await;
    assert_eq!((status, &refusal["code"]), (422, &"field.invalid".into()), "it must say why");
}

#[tokio::test]
async fn a_connection_ends_on_a_ground_of_the_rules() {
    let platform = Platform::with_service().await;
    let path = platform.connection_after(&STRAIGHT).await;
    let end = format!("{path}/end");
    for ground in [Value::Null, json!("because"), json!("purpose")] {
        let mut said = because();
        said["ground"] = ground;
        let (status, refused) = platform.post(CONSUMER, &end, said).await;
        assert_eq!((status, &refused["code"]), (422, &"field.invalid".into()));
        assert!(refused["detail"].as_str().unwrap().contains("cannot_be_restored"), "{refused}");
    }
    let mut said = because();
    said["ground"] = "no_longer_needed".into();
    platform.made(CONSUMER, &end, said).await;
    let history = platform.get(&format!("{path}/history")).await;
    assert_eq!(history["items"].as_array().unwrap().last().unwrap()["ground"], "no_longer_needed");
    let entries = platform.entries().await;
    let entry = entries.iter().find(|entry| entry.action == "connection.ended").unwrap();
    assert_eq!(entry.subject["ground"], "no_longer_needed");
}

#[tokio::test]
async fn a_pair_has_several_purposes_and_each_of_them_one_connection_in_force() {
    let platform = Platform::with_service().await;
    platform.connection_after(&STRAIGHT).await;
    let mut form = connection_form();
    form["asked"]["purpose"] = "thong-ke".into();
    let other = platform.made(CONSUMER, "/api/v1/connections", form).await;
    let other = format!("/api/v1/connections/{}", other["id"].as_str().unwrap());
    for step in STRAIGHT {
        platform.step(&other, step).await;
    }
    let same = platform.connection_after(&["submit", "consent", "test"]).await;
    platform.meet_conditions(&same).await;
    let refused = platform.refused(STATE_MANAGER, &format!("{same}/approve"), because()).await;
    assert_eq!(refused, (409, "resource.conflict".to_owned()));
    assert_eq!(platform.get(&same).await["state"], "testing");
}
