//! Crashes at every point, restarts, and what must still be true; and that the harness which says
//! so can fail.

use std::collections::BTreeSet;
use std::sync::Arc;

use evidence::Recovered;
use testkit::crash::{Broken, Invariant, Ledger, Story, World, completed, every_crash};
use testkit::faulty_disk::Loss;
use wire::ambient::Clock;

/// How many stories are played; a longer drill sets `LOG_SEEDS`, and `LOG_FIRST_SEED` plays one
/// again.
fn seeds() -> std::ops::Range<u64> {
    let number = |name, usual| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
    let first = number("LOG_FIRST_SEED", 0);
    first..first + number("LOG_SEEDS", 60)
}

#[tokio::test]
async fn whatever_the_disk_does_promises_are_kept() {
    let mut acknowledged = 0;
    let seeds = seeds();
    let least = usize::try_from((seeds.end - seeds.start) * 8).unwrap();
    for seed in seeds {
        acknowledged += Story::seeded(seed).play().await;
    }
    assert!(acknowledged > least, "only {acknowledged} calls were acknowledged: too many faults");
}

#[tokio::test]
async fn a_short_story_may_end_at_any_call_to_the_disk() {
    let played = every_crash(|_| {}).await.unwrap_or_else(|broken| panic!("{broken:#?}"));
    assert!(played > 60, "only {played} ends were played");
}

/// The broken invariants when the disk pretends to sync what has this in its path.
async fn broken_by_a_lying_disk(part: &str) -> BTreeSet<Invariant> {
    let broken = every_crash(|world| world.disk.lie_about_sync(part)).await;
    broken.expect_err("a lie was not found out").iter().map(|it| it.invariant).collect()
}

#[tokio::test]
async fn a_disk_that_lies_about_its_syncs_is_found_out() {
    // To acknowledge before the entry is durable is the same as a sync that did nothing: either
    // what was acknowledged is not there, or the log sees that it is damaged and does not open.
    let lost = [Invariant::AcknowledgedStays, Invariant::Opens, Invariant::IntentsEnd].into();
    for part in ["/wal/", "/intents", "/log"] {
        let broken = broken_by_a_lying_disk(part).await;
        assert!(!broken.is_disjoint(&lost), "{part}: {broken:?}");
    }
}

/// A world after one acknowledged call with a detail, and what was promised.
async fn one_call(change: impl AsyncFnOnce(&World, &evidence::Log, &mut Ledger)) -> Vec<Broken> {
    let world = World::new(7);
    let mut ledger = Ledger::default();
    let log = world.open();
    let (intent, detail) = (world.intent(), world.detail());
    log.intent_durable(&intent).await.unwrap();
    let draft = evidence::Draft { detail: Some(detail.clone()), ..completed(&intent) };
    let appended = log.append(draft).await.unwrap();
    ledger.intent(&intent, true);
    ledger.acknowledged(&intent, appended, Some(detail));
    ledger.seen(log.published_past(0).await.unwrap());
    change(&world, &log, &mut ledger).await;
    log.close().await;
    world.disk.restart(Loss::Power);
    let (log, recovered) = world.try_open().unwrap();
    let broken = ledger.broken(&world, &log, &recovered).await;
    log.close().await;
    broken
}

fn named(broken: &[Broken]) -> BTreeSet<Invariant> {
    broken.iter().map(|it| it.invariant).collect()
}

#[tokio::test]
async fn each_invariant_is_missed_when_it_is_broken() {
    let mut missed = BTreeSet::new();
    assert_eq!(one_call(async |_, _, _| {}).await, []);

    // A call is settled a second time.
    let broken = one_call(async |world, log, ledger| {
        let intent = world.intent();
        log.intent(&intent).await.unwrap();
        log.append_detached(completed(&intent));
        log.append_detached(completed(&intent));
        ledger.intent(&intent, false);
    });
    assert_eq!(named(&broken.await), [Invariant::NothingTwice].into());
    missed.insert(Invariant::NothingTwice);

    // An intent and its nonce were promised and never written.
    let broken = one_call(async |world, _, ledger| ledger.intent(&world.intent(), true));
    let expected = [Invariant::IntentsEnd, Invariant::NoncesStaySpent].into();
    assert_eq!(named(&broken.await), expected);
    missed.extend(expected);

    // A checkpoint was shown that is not of this log.
    let stranger = World::new(8);
    let log = stranger.open();
    log.append(completed(&stranger.intent())).await.unwrap();
    let foreign = log.published_past(0).await.unwrap();
    let broken = one_call(async move |_, _, ledger| ledger.seen(Arc::clone(&foreign)));
    assert_eq!(named(&broken.await), [Invariant::CheckpointsLast].into());
    missed.insert(Invariant::CheckpointsLast);

    // The keys of the details are destroyed.
    let broken = one_call(async |world, _, _| {
        world.details.destroy("call", &world.clock.now().date()).unwrap();
    });
    assert_eq!(named(&broken.await), [Invariant::DetailsStay].into());
    missed.insert(Invariant::DetailsStay);

    // The entries are another log's; the ledger and the checkpoint are not fooled.
    let (world, mut ledger) = (World::new(9), Ledger::default());
    let log = world.open();
    let intent = world.intent();
    log.intent(&intent).await.unwrap();
    let appended = log.append(completed(&intent)).await.unwrap();
    ledger.acknowledged(&intent, appended, None);
    log.close().await;
    let mut other = World::new(9);
    other.keys = World::new(10).keys;
    other.clock.advance(std::time::Duration::from_secs(1));
    let log = other.open();
    log.append(completed(&other.intent())).await.unwrap();
    log.published_past(0).await.unwrap();
    let nothing = Recovered { spent_nonces: Vec::new(), unknown_calls: 0, replayed: 0, size: 1 };
    let broken = named(&ledger.broken(&world, &log, &nothing).await);
    let expected = [Invariant::AcknowledgedStays, Invariant::CheckpointFits];
    assert!(expected.iter().all(|it| broken.contains(it)), "{broken:?}");
    missed.extend(expected);

    // Entries vanish from under the log.
    for path in other.disk.paths("/log/entries/") {
        other.disk.lose(&path);
    }
    let broken = named(&Ledger::default().broken(&other, &log, &nothing).await);
    assert!(broken.contains(&Invariant::InOrder), "{broken:?}");
    missed.insert(Invariant::InOrder);

    // A log that was there is gone, and nobody may begin another in its place.
    missed.extend(broken_by_a_lying_disk("/log").await);
    assert_eq!(missed, Invariant::ALL.into());
}
