//! Damage is refused with a clear message; a torn tail is no damage.

use std::path::{Path, PathBuf};

use evidence::OpenError;
use testkit::faulty_disk::Loss;

use crate::world::{World, append_notes, note};

/// A log whose entries are in the write-ahead file only, as after a sudden end.
async fn unpublished(seed: u64) -> (World, PathBuf) {
    let mut world = World::new(seed);
    world.config.checkpoint_every = std::time::Duration::from_hours(1);
    let log = world.open();
    for number in 0..20 {
        log.append(note(&number.to_string())).await.unwrap();
    }
    world.disk.crash();
    log.close().await;
    world.disk.restart(Loss::Process);
    let segments = world.disk.paths("/wal/0");
    assert_eq!(segments.len(), 1);
    let segment = segments[0].clone();
    (world, segment)
}

async fn published(seed: u64) -> World {
    let world = World::new(seed);
    let log = world.open();
    append_notes(&log, 20).await;
    log.close().await;
    world
}

#[tokio::test]
async fn a_torn_tail_is_cut() {
    let (world, segment) = unpublished(1).await;
    world.disk.damage(&segment, |bytes| bytes.extend_from_slice(b"\xFFLg\0half a fra"));
    let (log, recovered) = world.try_open().unwrap();
    assert_eq!((recovered.replayed, log.size()), (20, 20));
    log.append(note("on it goes")).await.unwrap();
    log.close().await;
}

#[tokio::test]
async fn damage_before_acknowledged_bytes_is_refused() {
    for at in [0, 40, 200, 1_000, 3_000] {
        let (world, segment) = unpublished(2).await;
        world.disk.damage(&segment, |bytes| bytes[at] ^= 1);
        let refusal = world.refusal();
        assert!(
            matches!(&refusal, OpenError::Damaged { path, .. } if *path == segment),
            "{at}: {refusal}"
        );
        assert!(refusal.to_string().contains("acknowledged"), "{refusal}");
        assert!(matches!(world.refusal(), OpenError::Damaged { .. }), "and again, unchanged");
    }
}

#[tokio::test]
async fn a_cut_segment_is_refused_by_the_marks_beside_the_intents() {
    let (world, segment) = unpublished(3).await;
    let log = world.open();
    let newest = world.disk.paths("/wal/0").pop().unwrap();
    assert_ne!(newest, segment);
    let mut before = 0;
    world.disk.damage(&newest, |bytes| before = bytes.len());
    let intent = world.intent();
    log.intent(&intent).await.unwrap();
    log.append(crate::world::completed(&intent)).await.unwrap();
    // An entry is marked after it was answered, and before the next one is.
    log.append(note("the next one")).await.unwrap();
    world.disk.crash();
    log.close().await;
    world.disk.restart(Loss::Process);
    world.disk.damage(&newest, |bytes| bytes.truncate(before));
    assert!(matches!(world.refusal(), OpenError::Missing { from: 20, .. }));
}

#[tokio::test]
async fn a_lost_write_ahead_file_is_refused() {
    let (world, segment) = unpublished(4).await;
    world.disk.lose(&segment);
    assert!(matches!(world.refusal(), OpenError::NoWriteAheadFile(_)));
}

#[tokio::test]
async fn a_lost_or_foreign_checkpoint_is_refused() {
    let checkpoint = Path::new("/log/checkpoint");
    let world = published(5).await;
    world.disk.damage(checkpoint, |bytes| bytes[20] ^= 1);
    assert!(matches!(world.refusal(), OpenError::ForeignCheckpoint { .. }));
    world.disk.lose(checkpoint);
    assert!(matches!(world.refusal(), OpenError::NoCheckpoint(_)));

    let mut world = published(6).await;
    world.keys.signer = keys::Ed25519Key::generate(&*world.random).unwrap().into();
    assert!(matches!(world.refusal(), OpenError::ForeignCheckpoint { .. }));
}

#[tokio::test]
async fn a_retired_key_s_checkpoint_is_continued_with_the_new_key() {
    let mut world = published(7).await;
    let next = keys::Ed25519Key::generate(&*world.random).unwrap().into();
    let old = std::mem::replace(&mut world.keys.signer, next);
    world.keys.retired.push(old.public_key());
    let log = world.open();
    let appended = log.append(note("under the new key")).await.unwrap();
    log.published_past(appended.index).await.unwrap();
    log.close().await;
    world.keys.retired.clear();
    world.open().close().await;
}

#[tokio::test]
async fn an_altered_tree_is_refused_and_an_altered_entry_is_not_read() {
    let world = published(8).await;
    world.disk.damage(Path::new("/log/entries/00000000"), |bytes| bytes[30] ^= 1);
    let log = world.open();
    assert!(log.entry(0).await.is_err());
    assert!(log.entry(1).await.is_ok());
    log.close().await;
    world.disk.damage(Path::new("/log/hashes/0/00000000"), |bytes| bytes[30] ^= 1);
    assert!(matches!(world.refusal(), OpenError::WrongRoot { size: 20, .. }));
    world.disk.damage(Path::new("/log/hashes/0/00000000"), |bytes| bytes.truncate(600));
    assert!(matches!(world.refusal(), OpenError::WrongRoot { .. }));
}
