//! What a crash leaves between database and log, at each point where there can be one. A crash is
//! the loss of everything in memory: recorder and sequencer are dropped, files stay.

use testkit::SeededRandomness;
use wire::ambient::Clock;

use super::*;
use crate::testing::{INSERT_THING, Opened, Place, actor, subject};

const UNMARKED: &str = "SELECT sequence AS n FROM evidence_outbox WHERE entry_index IS NULL";

/// Commits changes whose sequencer never comes to work.
async fn commit(open: &Opened, count: u64) {
    let recorder = open.recorder().await;
    for _ in 0..count {
        let mut change = recorder.change(&actor(), "thing.made").await.unwrap();
        let name = open.numbers("SELECT count(*) AS n FROM thing").await[0].unwrap().to_string();
        change.execute(INSERT_THING, &[name.as_str().into()]).await.unwrap();
        change.commit(subject(&name)).await.unwrap();
    }
}

/// Another start: whatever was left is put in order.
async fn restart(open: Opened, place: &Place) -> Opened {
    open.close().await;
    let open = place.open().await;
    drop(open.recorder().await);
    open
}

async fn assert_exactly_once(open: &Opened, count: u64) {
    assert_eq!(open.sequences().await, (1..=count).collect::<Vec<_>>());
    assert_eq!(open.numbers(UNMARKED).await, []);
    let indices = open.numbers("SELECT entry_index AS n FROM evidence_outbox ORDER BY sequence");
    for (sequence, index) in (1..).zip(indices.await) {
        let index = u64::try_from(index.unwrap()).unwrap();
        let bytes = open.log.entry(index).await.unwrap().unwrap();
        assert_eq!(Entry::parse(&bytes).unwrap().sequence, Some(sequence));
    }
}

#[tokio::test]
async fn a_crash_after_the_commit_loses_no_record() {
    let place = Place::new();
    let open = place.open().await;
    commit(&open, 1).await;
    assert_eq!(open.log.size(), 0);
    let open = restart(open, &place).await;
    assert_exactly_once(&open, 1).await;
}

#[tokio::test]
async fn a_crash_between_append_and_mark_makes_no_second_entry() {
    let place = Place::new();
    let open = place.open().await;
    commit(&open, 1).await;
    let mut sequencer = Sequencer::new(open.database.clone(), open.log.clone());
    let rows = outbox::list_waiting(&open.database, None, 0, PAGE).await.unwrap();
    sequencer.sequence(&rows[0]).await.unwrap();
    drop(sequencer);
    assert_eq!(open.log.size(), 1);
    assert_eq!(open.numbers(UNMARKED).await, [Some(1)]);
    let open = restart(open, &place).await;
    assert_exactly_once(&open, 1).await;
}

#[tokio::test]
async fn a_crash_after_the_mark_leaves_nothing_to_do() {
    let place = Place::new();
    let open = place.open().await;
    commit(&open, 1).await;
    Sequencer::new(open.database.clone(), open.log.clone()).catch_up().await.unwrap();
    let open = restart(open, &place).await;
    assert_exactly_once(&open, 1).await;
}

#[tokio::test]
async fn a_clock_that_went_back_between_append_and_restart_makes_no_second_entry() {
    let place = Place::new();
    let open = place.open().await;
    commit(&open, 1).await;
    let before = place.clock.now();
    place.clock.set(before.saturating_sub(Duration::from_hours(24)));
    let mut sequencer = Sequencer::new(open.database.clone(), open.log.clone());
    let rows = outbox::list_waiting(&open.database, None, 0, PAGE).await.unwrap();
    sequencer.sequence(&rows[0]).await.unwrap();
    place.clock.set(before);
    let open = restart(open, &place).await;
    assert_exactly_once(&open, 1).await;
}

/// Many lives: each commits some, appends some of what waits, marks perhaps, then crashes.
#[tokio::test]
async fn whatever_the_crashes_each_change_is_in_the_log_once_and_in_order() {
    for seed in 0..6 {
        let random = SeededRandomness::new(seed);
        let place = Place::new();
        let mut open = place.open().await;
        let mut committed = 0;
        for _ in 0..4 {
            let count = random.below(4);
            commit(&open, count).await;
            committed += count;
            let mut sequencer = Sequencer::new(open.database.clone(), open.log.clone());
            let rows = outbox::list_waiting(&open.database, None, 0, PAGE).await.unwrap();
            let appended = usize::try_from(random.below(5)).unwrap();
            for row in rows.iter().take(appended) {
                sequencer.sequence(row).await.unwrap();
            }
            if random.below(2) == 0 {
                sequencer.mark().await.unwrap();
            }
            drop(sequencer);
            open.close().await;
            open = place.open().await;
        }
        let open = restart(open, &place).await;
        assert_exactly_once(&open, committed).await;
    }
}

#[tokio::test]
async fn rows_that_other_entries_stand_between_are_found_too() {
    let place = Place::new();
    let open = place.open().await;
    let recorder = open.recorder().await;
    recorder.access(&actor(), "evidence.read", subject("x"), "ok").await.unwrap();
    commit(&open, 2).await;
    let mut sequencer = Sequencer::new(open.database.clone(), open.log.clone());
    let rows = outbox::list_waiting(&open.database, None, 0, PAGE).await.unwrap();
    sequencer.sequence(&rows[0]).await.unwrap();
    recorder.access(&actor(), "evidence.read", subject("x"), "ok").await.unwrap();
    drop((sequencer, recorder));
    let open = restart(open, &place).await;
    assert_exactly_once(&open, 2).await;
    assert_eq!(open.log.size(), 4);
}

/// On a database that several nodes share, a row belongs to the log that its node writes; a node
/// that is alone with its file finishes what a log before its own left.
#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "as another node writes")]
async fn the_rows_of_another_node_are_left_to_it() {
    let place = Place::new();
    let open = place.open().await;
    commit(&open, 2).await;
    let mut write = open.database.begin_write().await.unwrap();
    let sql = "UPDATE evidence_outbox SET origin = 'evidence.test/other' WHERE sequence = 1";
    write.execute(sql, &[]).await.unwrap();
    write.commit().await.unwrap();
    let is_shared = open.database.is_shared();
    let open = restart(open, &place).await;
    if is_shared {
        assert_eq!(open.sequences().await, [2]);
        assert_eq!(open.numbers(UNMARKED).await, [Some(1)], "it waits where everybody sees it");
    } else {
        assert_exactly_once(&open, 2).await;
    }
}

/// PostgreSQL goes on committing when the line to it is cut: the row may come to be seen after the
/// first look. (A file has one process, whose commits end with it.)
#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::disallowed_methods, reason = "as the server sees a commit whose line was cut")]
async fn a_commit_that_ends_after_its_line_was_cut_is_recorded_without_another_change() {
    let place = Place::new();
    let open = place.open().await;
    if !open.database.is_shared() {
        return;
    }
    commit(&open, 1).await;
    let server = place.open_database().await;
    let recorder = open.recorder().await;
    let mut under_way = server.begin_write().await.unwrap();
    assert_eq!(outbox::next_sequence(&mut under_way).await.unwrap(), 2);
    let sql = "INSERT INTO evidence_outbox (sequence, time_us, action, content, origin,
                   log_size_before)
               SELECT 2, time_us, action, content, origin, log_size_before FROM evidence_outbox";
    under_way.execute(sql, &[]).await.unwrap();
    recorder.inner.sequencer.look_again();
    // The sequencer waits for its turn.
    let waiting = "SELECT count(*) AS n FROM pg_locks
                   WHERE locktype = 'advisory' AND NOT granted
                       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while open.numbers(waiting).await != [Some(1)] {
        tokio::task::yield_now().await;
    }
    under_way.commit().await.unwrap();
    while !open.numbers(UNMARKED).await.is_empty() {
        tokio::task::yield_now().await;
    }
    assert_exactly_once(&open, 2).await;
}
