use std::time::Duration;

use evidence::Recorder;
use serde_json::json;
use wire::checkpoint::Origin;

use super::command::{enter, list, retire as retire_as};
use super::{NewNode, Node, NodeRefused};
use crate::refused::Refused;
use crate::tests::platform::{OPERATOR, Platform, actor};

const ANNOUNCED: Duration = Duration::from_mins(12);

fn origin(number: u8) -> Origin {
    format!("node.example/{number}").parse().unwrap()
}

fn node(number: u8) -> NewNode {
    NewNode {
        origin: origin(number),
        peer_address: format!("10.0.0.{number}:7000"),
        peer_certificate: vec![number; 3],
    }
}

async fn retire(
    recorder: &Recorder,
    origin: &Origin,
    announced: Duration,
) -> Result<Node, Refused> {
    retire_as(recorder, &actor(OPERATOR).unwrap(), origin, announced).await
}

#[tokio::test]
async fn the_first_node_decides_at_once_and_others_when_they_were_announced() {
    let platform = Platform::start().await;
    let recorder = &platform.registry.recorder;
    let first = enter(recorder, node(1), ANNOUNCED).await.unwrap();
    assert_eq!(first.from, first.entered_at);
    let second = enter(recorder, node(2), ANNOUNCED).await.unwrap();
    assert_eq!(second.from, second.entered_at.saturating_add(ANNOUNCED));
    let listed = list(&platform.registry.database).await.unwrap();
    assert_eq!(listed.nodes, [first.clone(), second]);
    assert!(listed.as_of >= first.from);
    // Entering again changes nothing and records nothing.
    let size = platform.log.size();
    assert_eq!(enter(recorder, node(1), ANNOUNCED).await.unwrap(), first);
    assert_eq!(platform.log.size(), size);
}

#[tokio::test]
async fn a_node_that_moves_keeps_its_times() {
    let platform = Platform::start().await;
    let recorder = &platform.registry.recorder;
    enter(recorder, node(1), ANNOUNCED).await.unwrap();
    let before = enter(recorder, node(2), ANNOUNCED).await.unwrap();
    let elsewhere = NewNode { peer_address: "10.0.0.9:7000".to_owned(), ..node(2) };
    let moved = enter(recorder, elsewhere, ANNOUNCED).await.unwrap();
    assert_eq!((moved.from, moved.entered_at), (before.from, before.entered_at));
    let listed = list(&platform.registry.database).await.unwrap();
    assert_eq!(listed.nodes[1].peer_address, "10.0.0.9:7000");
}

#[tokio::test]
async fn a_node_retires_when_it_was_announced_and_the_last_one_stays() {
    let platform = Platform::start().await;
    let recorder = &platform.registry.recorder;
    enter(recorder, node(1), ANNOUNCED).await.unwrap();
    let last = retire(recorder, &origin(1), ANNOUNCED).await;
    assert!(matches!(last, Err(Refused::LastNode(_))));
    enter(recorder, node(2), ANNOUNCED).await.unwrap();
    let before = list(&platform.registry.database).await.unwrap().as_of;
    let retired = retire(recorder, &origin(1), ANNOUNCED).await.unwrap();
    assert!(retired.until.unwrap() >= before.saturating_add(ANNOUNCED));
    let again = retire(recorder, &origin(1), ANNOUNCED).await;
    assert!(
        matches!(again, Err(Refused::NodeRetired { until, .. }) if Some(until) == retired.until)
    );
    let last = retire(recorder, &origin(2), ANNOUNCED).await;
    assert!(matches!(last, Err(Refused::LastNode(_))));
    let unknown = retire(recorder, &origin(3), ANNOUNCED).await;
    assert!(matches!(unknown, Err(Refused::Unknown { .. })));
}

#[tokio::test]
async fn a_node_that_has_retired_does_not_come_back() {
    let platform = Platform::start().await;
    let recorder = &platform.registry.recorder;
    enter(recorder, node(1), Duration::ZERO).await.unwrap();
    enter(recorder, node(2), Duration::ZERO).await.unwrap();
    retire(recorder, &origin(2), Duration::ZERO).await.unwrap();
    let again = enter(recorder, node(2), Duration::ZERO).await;
    assert!(matches!(again, Err(NodeRefused::Retired { .. })));
}

#[tokio::test]
async fn a_node_is_seen_and_retired_over_the_api_and_the_retirement_is_recorded() {
    let platform = Platform::start().await;
    let own = platform.log.origin().clone();
    for new in [NewNode { origin: own, ..node(9) }, node(1)] {
        enter(&platform.registry.recorder, new, ANNOUNCED).await.unwrap();
    }
    let path = "/api/v1/nodes/node.example%2F1/retire";
    let before = platform.get("/api/v1/nodes").await;
    assert_eq!(before["items"].as_array().unwrap().len(), 2);
    assert_eq!(before["items"][0]["origin"], "lgsp.test/log");
    assert_eq!(before["items"][0]["this_node"], true);
    let other = &before["items"][1];
    assert_eq!(
        (&other["peer_address"], &other["this_node"], &other["changes_waiting"]),
        (&json!("10.0.0.1:7000"), &json!(false), &json!(0))
    );
    assert_eq!(other.get("decides_until"), None);

    let retired = platform.made(OPERATOR, path, json!({})).await;
    let until = retired["decides_until"].as_str().unwrap();
    assert!(until >= other["decides_from"].as_str().unwrap(), "{retired}");
    assert_eq!(platform.get("/api/v1/nodes").await["items"][1], retired);
    let entry = platform.entries().await.pop().unwrap();
    assert_eq!(entry.action, "node.retired");
    assert_eq!(entry.actor.unwrap().role, Some(wire::id::Role::Operator));
    assert_eq!(entry.subject["node"], "node.example/1");
    assert_eq!(entry.subject["decides_until"], until);

    let size = platform.log.size();
    for (path, refusal) in [
        (path, (409, "resource.conflict")),
        ("/api/v1/nodes/lgsp.test%2Flog/retire", (409, "resource.conflict")),
        ("/api/v1/nodes/node.example%2F2/retire", (404, "resource.not_found")),
        ("/api/v1/nodes/a%20b/retire", (422, "field.invalid")),
    ] {
        let (status, code) = platform.refused(OPERATOR, path, json!({})).await;
        assert_eq!((status, code.as_str()), refusal, "{path}");
    }
    assert_eq!(platform.log.size(), size, "a refused retirement leaves no entry");
}

#[tokio::test]
async fn changes_of_a_node_that_is_away_are_counted_until_they_are_in_its_log() {
    let platform = Platform::start().await;
    enter(&platform.registry.recorder, node(1), ANNOUNCED).await.unwrap();
    let mut change = platform.registry.recorder.change_by_platform("node.tested").await.unwrap();
    // Below all numbers that are taken: this node's sequencer, which may be alone, leaves it.
    let sql = "INSERT INTO evidence_outbox
                   (sequence, time_us, action, content, origin, log_size_before)
               VALUES (0, 1, 'x', '{\"kind\":\"change\",\"subject\":{}}', $1, 0)";
    change.execute(sql, &[origin(1).as_ref().into()]).await.unwrap();
    change.record(std::collections::BTreeMap::new()).await.unwrap();
    let listed = platform.get("/api/v1/nodes").await;
    assert_eq!(listed["items"][0]["changes_waiting"], 1);
}
