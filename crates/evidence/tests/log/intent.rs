//! Calls that were forwarded, and what becomes of them.

use evidence::{Draft, Log};
use testkit::faulty_disk::Loss;
use wire::entry::{Entry, Kind};
use wire::id::RequestId;

use crate::world::{World, completed};

async fn actions(log: &Log, call: RequestId) -> Vec<String> {
    let entries = log.find_call(call).await.unwrap();
    entries.iter().map(|entry| Entry::parse(&entry.bytes).unwrap().action).collect()
}

#[tokio::test]
async fn after_kill_9_an_intent_without_outcome_is_visible_once() {
    let world = World::new(1);
    let log = world.open();
    let (lost, answered, streamed) = (world.intent(), world.intent(), world.intent());
    for intent in [&lost, &answered, &streamed] {
        log.intent(intent).await.unwrap();
    }
    log.append(completed(&answered)).await.unwrap();
    let opened =
        Draft { action: "call.opened".into(), resolves_intent: false, ..completed(&streamed) };
    log.append(opened).await.unwrap();
    world.disk.crash();
    log.close().await;
    world.disk.restart(Loss::Process);

    let (log, recovered) = world.try_open().unwrap();
    assert_eq!(recovered.unknown_calls, 2);
    assert_eq!(actions(&log, lost.request_id).await, ["call.unknown"]);
    assert_eq!(actions(&log, answered.request_id).await, ["call.completed"]);
    assert_eq!(actions(&log, streamed.request_id).await, ["call.opened", "call.unknown"]);
    let entry = Entry::parse(&log.find_call(lost.request_id).await.unwrap()[0].bytes).unwrap();
    assert_eq!((entry.kind, entry.outcome.as_str()), (Kind::Call, "unknown"));
    assert_eq!(entry.subject["service"], "H24.1/a/b/v1");
    for intent in [&lost, &answered, &streamed] {
        assert!(recovered.spent_nonces.contains(&intent.nonce));
    }
    log.close().await;
    let (log, recovered) = world.try_open().unwrap();
    assert_eq!(recovered.unknown_calls, 0);
    assert_eq!(recovered.spent_nonces.len(), 3);
    log.close().await;
}

#[tokio::test]
async fn a_look_at_a_log_sees_what_an_opening_would_find_and_changes_nothing() {
    let world = World::new(7);
    assert_eq!(world.look().unwrap(), None);
    let log = world.open();
    let (lost, answered) = (world.intent(), world.intent());
    for intent in [&lost, &answered] {
        log.intent(intent).await.unwrap();
    }
    log.append(completed(&answered)).await.unwrap();
    world.disk.crash();
    log.close().await;
    world.disk.restart(Loss::Process);

    let looked = world.look().unwrap().unwrap();
    assert_eq!((looked.entries, looked.unknown_calls), (1, 1));
    assert_eq!(world.look().unwrap(), Some(looked), "the first look changed something");
    let (log, recovered) = world.try_open().unwrap();
    assert_eq!((recovered.size, recovered.unknown_calls), (2, 1));
    log.close().await;
    let looked = world.look().unwrap().unwrap();
    assert_eq!((looked.entries, looked.published, looked.unknown_calls), (2, 2, 0));
}

#[tokio::test]
async fn a_durable_intent_survives_a_loss_of_power() {
    let world = World::new(2);
    let log = world.open();
    let intent = world.intent();
    log.intent_durable(&intent).await.unwrap();
    world.disk.crash();
    log.close().await;
    world.disk.restart(Loss::Power);
    let log = world.open();
    assert_eq!(actions(&log, intent.request_id).await, ["call.unknown"]);
    log.close().await;
}

#[tokio::test]
async fn an_answer_dropped_half_way_is_recorded() {
    let world = World::new(3);
    let log = world.open();
    let intent = world.intent();
    log.intent(&intent).await.unwrap();
    let closed =
        Draft { action: "call.closed".into(), outcome: "aborted".to_owned(), ..completed(&intent) };
    log.append_detached(closed);
    log.close().await;
    let (log, recovered) = world.try_open().unwrap();
    assert_eq!(recovered.unknown_calls, 0);
    assert_eq!(actions(&log, intent.request_id).await, ["call.closed"]);
    log.close().await;
}

#[tokio::test]
async fn nonces_are_forgotten_only_when_they_are_of_no_more_use() {
    let world = World::new(4);
    let log = world.open();
    let (refused, answered) = (world.intent(), world.intent());
    // A call refused after identification has a nonce and no intent.
    log.append(Draft { action: "call.refused".into(), ..completed(&refused) }).await.unwrap();
    log.intent(&answered).await.unwrap();
    log.append(completed(&answered)).await.unwrap();
    log.close().await;
    world.clock.advance(std::time::Duration::from_secs(330));
    let (log, recovered) = world.try_open().unwrap();
    assert_eq!(recovered.spent_nonces.len(), 2);
    log.close().await;
    world.clock.advance(std::time::Duration::from_secs(1));
    let (log, recovered) = world.try_open().unwrap();
    assert_eq!(recovered.spent_nonces, []);
    log.close().await;
}

#[tokio::test]
async fn nonces_spent_by_calls_of_another_node_outlive_kill_9() {
    let world = World::new(8);
    let log = world.open();
    let spent = [world.nonce(), world.nonce()];
    log.spent(&spent).unwrap();
    world.disk.crash();
    log.close().await;
    world.disk.restart(Loss::Process);
    // Twice: the opening carries them along.
    for _ in 0..2 {
        let (log, recovered) = world.try_open().unwrap();
        assert_eq!((recovered.size, recovered.spent_nonces.len()), (0, 2));
        assert!(spent.iter().all(|nonce| recovered.spent_nonces.contains(nonce)));
        log.close().await;
    }
}

#[tokio::test]
async fn nonces_of_another_node_s_calls_are_tidied_away_without_any_entry() {
    let mut world = World::new(9);
    world.config.intent_segment_bytes = 2 << 10;
    let log = world.open();
    let files = || world.disk.paths("/intents/");
    let first = files().remove(0);
    while files().len() < 3 {
        log.spent(&[world.nonce()]).unwrap();
    }
    world.clock.advance(std::time::Duration::from_secs(331));
    while files().contains(&first) {
        log.spent(&[world.nonce()]).unwrap();
        tokio::task::yield_now().await;
    }
    log.close().await;
    let (log, recovered) = world.try_open().unwrap();
    assert_eq!(log.size(), 0);
    assert!(!recovered.spent_nonces.is_empty());
    log.close().await;
}

#[tokio::test]
async fn nonces_of_another_node_s_calls_outlive_a_loss_of_power_once_synced() {
    let world = World::new(11);
    let log = world.open();
    let spent = world.nonce();
    log.spent(std::slice::from_ref(&spent)).unwrap();
    log.sync_spent().await.unwrap();
    world.disk.crash();
    log.close().await;
    world.disk.restart(Loss::Power);
    let (log, recovered) = world.try_open().unwrap();
    assert_eq!(recovered.spent_nonces, [spent]);
    log.close().await;
}

#[tokio::test]
async fn a_disk_that_refuses_keeps_no_nonce_and_says_so() {
    let world = World::new(10);
    let log = world.open();
    world.disk.crash();
    assert!(log.spent(&[world.nonce()]).is_err());
    log.close().await;
}

#[tokio::test]
async fn old_intents_and_segments_go_while_the_log_runs() {
    let mut world = World::new(5);
    world.config.segment_bytes = 4 << 10;
    world.config.intent_segment_bytes = 2 << 10;
    let log = world.open();
    let lasting = world.intent();
    log.intent(&lasting).await.unwrap();
    for _ in 0..200 {
        world.clock.advance(std::time::Duration::from_secs(20));
        let intent = world.intent();
        log.intent(&intent).await.unwrap();
        let index = log.append(completed(&intent)).await.unwrap().index;
        log.published_past(index).await.unwrap();
    }
    log.close().await;
    assert!(world.disk.paths("/wal/").len() <= 3, "{:?}", world.disk.paths("/wal/"));
    assert!(world.disk.paths("/intents/").len() <= 20, "{:?}", world.disk.paths("/intents/"));

    // The call that lasted all the while was carried along.
    let log = world.open();
    assert_eq!(actions(&log, lasting.request_id).await, ["call.unknown"]);
    log.close().await;
}

#[tokio::test]
async fn a_call_is_found_among_many_and_a_stranger_s_is_not() {
    let world = World::new(6);
    let log = world.open();
    let mut calls = Vec::new();
    for _ in 0..400 {
        world.clock.advance(std::time::Duration::from_secs(1));
        let intent = world.intent();
        log.append(completed(&intent)).await.unwrap();
        calls.push(intent.request_id);
    }
    log.published_past(399).await.unwrap();
    for (index, call) in (0..).zip(&calls) {
        let found = log.find_call(*call).await.unwrap();
        assert_eq!(found.iter().map(|entry| entry.index).collect::<Vec<_>>(), [index]);
    }
    assert_eq!(log.find_call(world.request_id()).await.unwrap(), []);
    log.close().await;
}
