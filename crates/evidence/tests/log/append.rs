//! What an append promises.

use evidence::OpenError;
use testkit::faulty_disk::Loss;
use wire::merkle::{leaf_hash, verify_inclusion};
use wire::tile::{TileKind, TilePath, decode_entries};

use crate::world::{World, append_notes, completed, entry, note};

#[tokio::test]
async fn entries_come_back_in_order_with_proofs() {
    let world = World::new(1);
    let log = world.open();
    append_notes(&log, 700).await;
    let published = log.published_past(699).await.unwrap();
    assert_eq!(published.size, 700);
    for index in [0, 1, 255, 256, 511, 698, 699] {
        let bytes = log.entry(index).await.unwrap().unwrap();
        let path = log.prove(index, 700).await.unwrap();
        verify_inclusion(&leaf_hash(&bytes), index, 700, &path, &published.root).unwrap();
    }
    assert!(log.entry(700).await.unwrap().is_none());
    log.close().await;
}

#[tokio::test]
async fn an_entry_is_read_before_it_is_published() {
    let mut world = World::new(2);
    world.config.checkpoint_every = std::time::Duration::from_hours(1);
    let log = world.open();
    let intent = world.intent();
    let appended = log.append(completed(&intent)).await.unwrap();
    assert_eq!((log.checkpoint().size, log.size()), (0, 1));
    assert_eq!(entry(&log, 0).await.id, appended.entry_id);
    assert_eq!(log.find_call(intent.request_id).await.unwrap().len(), 1);
    assert!(
        log.read(TilePath { kind: TileKind::Entries, index: 0, width: 1 }).await.unwrap().is_none()
    );
    log.published_past(0).await.unwrap();
    assert_eq!(log.find_call(intent.request_id).await.unwrap().len(), 1);
    log.close().await;
}

#[tokio::test]
async fn times_are_unique_though_the_clock_stands_still_or_goes_back() {
    let world = World::new(3);
    let log = world.open();
    let first = log.append(note("a")).await.unwrap();
    world.clock.set(first.time.saturating_sub(std::time::Duration::from_secs(9)));
    let second = log.append(note("b")).await.unwrap();
    assert_eq!(second.time.as_micros(), first.time.as_micros() + 1);
    log.close().await;
    world.disk.restart(Loss::Process);
    let third = world.open().append(note("c")).await.unwrap();
    assert_eq!(third.time.as_micros(), first.time.as_micros() + 2);
}

#[tokio::test]
async fn a_published_partial_tile_stays_served_when_it_is_full() {
    let world = World::new(4);
    let log = world.open();
    append_notes(&log, 5).await;
    log.published_past(4).await.unwrap();
    let partial = |kind| TilePath { kind, index: 0, width: 5 };
    let hashes = log.read(partial(TileKind::Hashes(0))).await.unwrap().unwrap();
    let entries = log.read(partial(TileKind::Entries)).await.unwrap().unwrap();
    assert!(
        log.read(TilePath { width: 6, ..partial(TileKind::Hashes(0)) }).await.unwrap().is_none()
    );

    append_notes(&log, 300).await;
    log.published_past(304).await.unwrap();
    assert_eq!(log.read(partial(TileKind::Hashes(0))).await.unwrap().unwrap(), hashes);
    assert_eq!(log.read(partial(TileKind::Entries)).await.unwrap().unwrap(), entries);
    let full = log.read(TilePath::full(TileKind::Entries, 0)).await.unwrap().unwrap();
    assert_eq!(decode_entries(&full).unwrap().len(), 256);
    assert!(full.starts_with(&entries));
    let above = log.read(TilePath { kind: TileKind::Hashes(1), index: 0, width: 1 }).await.unwrap();
    assert_eq!(above.unwrap().len(), 32);
    assert!(log.read(TilePath::full(TileKind::Hashes(40), 0)).await.unwrap().is_none());
    log.close().await;
}

#[tokio::test]
async fn a_log_is_opened_once_at_a_time() {
    let world = World::new(5);
    let log = world.open();
    assert!(matches!(world.refusal(), OpenError::InUse(_)));
    log.close().await;
    drop(log);
    world.open().close().await;
}

#[tokio::test]
async fn the_file_system_of_this_machine_keeps_a_log_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(6);
    world.config.dir = folder.path().join("log");
    let disk = std::sync::Arc::new(evidence::RealDisk);
    let open = || {
        let (config, clock, random) =
            (world.config.clone(), world.clock.clone(), world.random.clone());
        evidence::Log::open(config, &world.keys, world.details.clone(), disk.clone(), clock, random)
    };
    let (log, _) = open().unwrap();
    append_notes(&log, 300).await;
    let root = log.published_past(299).await.unwrap().root;
    assert!(matches!(open(), Err(OpenError::InUse(_))));
    log.close().await;
    let (log, recovered) = open().unwrap();
    assert_eq!((recovered.size, log.checkpoint().root), (300, root));
    log.close().await;
}

#[tokio::test]
async fn a_draft_that_is_no_entry_is_refused_alone() {
    let world = World::new(7);
    let log = world.open();
    let text = "x".repeat(70_000);
    let (refused, taken) = tokio::join!(log.append(note(&text)), log.append(note("short")));
    assert_eq!(refused, Err(evidence::LogUnavailable::Unrecordable));
    assert_eq!(taken.unwrap().index, 0);
    log.close().await;
    assert_eq!(log.append(note("late")).await, Err(evidence::LogUnavailable::Closed));
    assert_eq!(log.published_past(9).await, Err(evidence::LogUnavailable::Closed));
}
