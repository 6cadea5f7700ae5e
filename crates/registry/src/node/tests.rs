use std::time::Duration;

use wire::checkpoint::Origin;

use super::command::{enter, list, retire};
use super::{NewNode, NodeRefused};
use crate::tests::platform::Platform;

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
    let last = retire(recorder, None, &origin(1), ANNOUNCED).await;
    assert!(matches!(last, Err(NodeRefused::Last(_))));
    enter(recorder, node(2), ANNOUNCED).await.unwrap();
    let before = list(&platform.registry.database).await.unwrap().as_of;
    let retired = retire(recorder, None, &origin(1), ANNOUNCED).await.unwrap();
    assert!(retired.until.unwrap() >= before.saturating_add(ANNOUNCED));
    // Again, as it is; and the other is the last now.
    assert_eq!(retire(recorder, None, &origin(1), ANNOUNCED).await.unwrap(), retired);
    let last = retire(recorder, None, &origin(2), ANNOUNCED).await;
    assert!(matches!(last, Err(NodeRefused::Last(_))));
    let unknown = retire(recorder, None, &origin(3), ANNOUNCED).await;
    assert!(matches!(unknown, Err(NodeRefused::Unknown(_))));
}

#[tokio::test]
async fn a_node_that_has_retired_does_not_come_back() {
    let platform = Platform::start().await;
    let recorder = &platform.registry.recorder;
    enter(recorder, node(1), Duration::ZERO).await.unwrap();
    enter(recorder, node(2), Duration::ZERO).await.unwrap();
    retire(recorder, None, &origin(2), Duration::ZERO).await.unwrap();
    let again = enter(recorder, node(2), Duration::ZERO).await;
    assert!(matches!(again, Err(NodeRefused::Retired(_))));
}
