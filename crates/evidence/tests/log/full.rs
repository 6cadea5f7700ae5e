//! A full disk, and a disk that comes back.

use evidence::LogUnavailable;
use testkit::faulty_disk::{Call, Loss};
use wire::entry::Entry;

use crate::world::{World, append_notes, completed, note};

#[tokio::test]
async fn a_full_disk_refuses_and_service_resumes_when_space_returns() {
    let world = World::new(1);
    let log = world.open();
    append_notes(&log, 10).await;
    world.disk.set_capacity(Some(world.disk.used() + 100));
    let (before, forwarded) = (world.intent(), world.intent());
    assert_eq!(log.append(note("too much")).await, Err(LogUnavailable::Disk));
    assert_eq!(log.health(), Err(LogUnavailable::Disk));
    assert_eq!(log.intent(&before).await, Err(LogUnavailable::Disk));
    assert_eq!(log.append(completed(&forwarded)).await, Err(LogUnavailable::Disk));
    assert_eq!(log.size(), 10);

    world.disk.set_capacity(None);
    while log.health().is_err() {
        tokio::task::yield_now().await;
    }
    log.append(note("again")).await.unwrap();
    log.close().await;
    // What was refused is not in the log, but that a call was forwarded is.
    let log = world.open();
    let unknown = log.find_call(forwarded.request_id).await.unwrap();
    assert_eq!(unknown.len(), 1);
    assert_eq!(log.find_call(before.request_id).await.unwrap(), []);
    assert_eq!(log.size(), 12);
    log.close().await;
}

#[tokio::test]
async fn a_failed_sync_is_not_tried_again_on_the_same_bytes() {
    let world = World::new(2);
    let log = world.open();
    append_notes(&log, 3).await;
    world.disk.fail_next(Call::Sync, "/wal/");
    let intent = world.intent();
    log.intent(&intent).await.unwrap();
    assert_eq!(log.append(completed(&intent)).await, Err(LogUnavailable::Disk));
    while log.find_call(intent.request_id).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(crate::world::entry(&log, 3).await.action, "call.unknown");
    let appended = log.append(note("after")).await.unwrap();
    assert_eq!(appended.index, 4);
    world.disk.crash();
    log.close().await;
    // The disk had forgotten the bytes of the failed sync; nothing after them depends on them.
    world.disk.restart(Loss::Power);
    let log = world.open();
    assert_eq!(log.size(), 5);
    log.close().await;
}

#[tokio::test]
async fn a_publication_that_fails_is_made_again() {
    let world = World::new(3);
    let log = world.open();
    for part in ["/hashes/0/", "/entries/", "/index/", "/details/", "checkpoint.new"] {
        world.disk.fail_next(Call::Sync, part);
        world.disk.fail_next(Call::Write, part);
        let appended = log.append(note(part)).await.unwrap();
        log.published_past(appended.index).await.unwrap();
    }
    world.disk.fail_next(Call::Rename, "checkpoint");
    world.disk.fail_next(Call::SyncDir, "/log");
    append_notes(&log, 3).await;
    assert_eq!(log.published_past(7).await.unwrap().size, 8);
    log.close().await;
    world.disk.restart(Loss::Power);
    assert_eq!(world.open().checkpoint().size, 8);
}

#[tokio::test]
async fn intents_whose_sync_failed_are_written_anew() {
    let world = World::new(4);
    let log = world.open();
    let (waiting, forwarded) = (world.intent(), world.intent());
    log.intent(&waiting).await.unwrap();
    world.disk.fail_next(Call::Sync, "/intents/");
    assert_eq!(log.intent_durable(&forwarded).await, Err(LogUnavailable::Disk));
    let later = world.intent();
    while log.intent_durable(&later).await.is_err() {
        tokio::task::yield_now().await;
    }
    log.append(note("after the mend")).await.unwrap();
    world.disk.crash();
    log.close().await;
    world.disk.restart(Loss::Power);
    let (log, recovered) = world.try_open().unwrap();
    assert!(recovered.spent_nonces.contains(&waiting.nonce));
    let refused = log.find_call(forwarded.request_id).await.unwrap();
    assert_eq!(refused.len(), 1, "a call that was not forwarded is no unknown call");
    let refused = Entry::parse(&refused[0].bytes).unwrap();
    assert_eq!((&*refused.action, &*refused.outcome), ("call.refused", "log.unavailable"));
    assert_eq!(log.find_call(waiting.request_id).await.unwrap().len(), 1);
    assert_eq!(log.find_call(later.request_id).await.unwrap().len(), 1);
    log.close().await;
}

#[tokio::test]
async fn what_waits_is_bounded() {
    let mut world = World::new(5);
    world.config.max_pending = 8;
    let log = world.open();
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..2_000 {
        let log = log.clone();
        waiting.spawn(async move { log.append(note(&number.to_string())).await });
    }
    let answers = waiting.join_all().await;
    let taken = answers.iter().filter(|answer| answer.is_ok()).count();
    let overloaded =
        answers.iter().filter(|answer| **answer == Err(LogUnavailable::Overloaded)).count();
    assert_eq!(taken + overloaded, 2_000);
    assert_eq!(log.size(), taken as u64);
    log.close().await;
}

#[tokio::test]
async fn a_publisher_that_falls_behind_stops_the_log_before_memory_does() {
    let mut world = World::new(6);
    world.config.max_unpublished_bytes = 10_000;
    let log = world.open();
    for _ in 0..1_000 {
        world.disk.fail_next(Call::Sync, "checkpoint.new");
    }
    let mut taken = 0;
    while log.append(note("on and on")).await.is_ok() {
        taken += 1;
    }
    assert!(taken < 100);
    log.close().await;
    world.disk.heal();
    assert_eq!(world.open().size(), taken);
}

/// The disk takes part of a write of several intents: whole ones among that part are not to be
/// taken for calls that were forwarded.
#[tokio::test]
async fn intents_of_a_write_that_failed_half_way_are_no_forwarded_calls() {
    let world = World::new(11);
    let log = world.open();
    let alone = world.intent();
    let before = world.disk.used();
    log.intent(&alone).await.unwrap();
    let one = world.disk.used() - before;
    for room in [one / 2, one + 1, 2 * one + 1] {
        world.disk.set_capacity(Some(world.disk.used() + room));
        let (a, b, c) = (world.intent(), world.intent(), world.intent());
        let (a, b, c) = tokio::join!(log.intent(&a), log.intent(&b), log.intent(&c));
        assert_eq!([a, b, c], [Err(LogUnavailable::Disk); 3], "{room} bytes");
    }
    world.disk.set_capacity(None);
    world.disk.crash();
    log.close().await;
    world.disk.restart(Loss::Process);
    let (log, recovered) = world.try_open().unwrap();
    assert_eq!(recovered.unknown_calls, 1, "the one that was written");
    assert_eq!(recovered.spent_nonces, [alone.nonce]);
    log.close().await;
}
