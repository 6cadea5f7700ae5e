use wire::entry::Kind;
use wire::error_code::ErrorCode;

use super::*;
use crate::testing::{INSERT_THING, Place, actor, origin, subject};

const THINGS: &str = "SELECT count(*) AS n FROM thing";
const ROWS: &str = "SELECT entry_index AS n FROM evidence_outbox ORDER BY sequence";

async fn change(recorder: &Recorder, name: &str) -> Result<EntryRef, RecordError> {
    let mut change = recorder.change(&actor(), "thing.made").await?;
    change.execute(INSERT_THING, &[name.into()]).await?;
    change.record(subject(name)).await
}

#[tokio::test]
async fn a_change_and_its_record_become_one() {
    let place = Place::new();
    let open = place.open().await;
    let recorder = open.recorder().await;
    let entry_ref = change(&recorder, "a").await.unwrap();
    assert_eq!(entry_ref, EntryRef { sequence: 1, location: Some((origin(), 0)) });
    let [entry] = &open.entries().await[..] else { panic!("one entry") };
    assert_eq!((entry.kind, entry.action.as_str()), (Kind::Change, "thing.made"));
    assert_eq!(entry.actor, Some(actor().to_ref()));
    assert_eq!((&entry.subject, entry.outcome.as_str()), (&subject("a"), "ok"));
    assert_eq!(entry.sequence, Some(1));
    assert_eq!(open.numbers(THINGS).await, [Some(1)]);
}

#[tokio::test]
async fn a_dropped_change_leaves_nothing_not_even_a_number() {
    let place = Place::new();
    let open = place.open().await;
    let recorder = open.recorder().await;
    let mut dropped = recorder.change(&actor(), "thing.made").await.unwrap();
    dropped.execute(INSERT_THING, &["a".into()]).await.unwrap();
    drop(dropped);
    assert_eq!(open.numbers(THINGS).await, [Some(0)]);
    assert_eq!(open.log.size(), 0);
    assert_eq!(change(&recorder, "b").await.unwrap().sequence, 1);
}

#[tokio::test]
async fn a_change_knows_its_number_early_and_by_it_the_entry_is_found() {
    let place = Place::new();
    let open = place.open().await;
    let recorder = open.recorder().await;
    let mut dropped = recorder.change(&actor(), "thing.made").await.unwrap();
    assert_eq!(dropped.sequence().await.unwrap(), 1);
    drop(dropped);
    let mut kept = recorder.change(&actor(), "thing.made").await.unwrap();
    assert_eq!(kept.sequence().await.unwrap(), 1, "a number is given back");
    assert_eq!(kept.sequence().await.unwrap(), 1, "and taken once");
    kept.execute(INSERT_THING, &["a".into()]).await.unwrap();
    assert_eq!(recorder.entry_of(1).await.unwrap(), None);
    assert_eq!(kept.record(subject("a")).await.unwrap().sequence, 1);
    // The row is marked after its maker is answered; the next change comes after the mark.
    change(&recorder, "b").await.unwrap();
    assert_eq!(recorder.entry_of(1).await.unwrap(), Some((origin(), 0)));
}

#[tokio::test]
async fn a_change_that_no_entry_can_hold_is_rolled_back() {
    let place = Place::new();
    let open = place.open().await;
    let recorder = open.recorder().await;
    for subject in
        [subject(&"x".repeat(70_000)), BTreeMap::from([("Not A Name".into(), "x".into())])]
    {
        let mut change = recorder.change(&actor(), "thing.made").await.unwrap();
        change.execute(INSERT_THING, &["a".into()]).await.unwrap();
        let error = change.record(subject).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::FieldInvalid, "{error}");
    }
    assert_eq!(open.numbers(THINGS).await, [Some(0)]);
    assert_eq!(open.log.size(), 0);
}

#[tokio::test]
async fn changes_at_once_stand_in_the_log_in_the_order_of_their_commits() {
    let place = Place::new();
    let open = place.open().await;
    let recorder = open.recorder().await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..20 {
        let recorder = recorder.clone();
        tasks.spawn(async move { change(&recorder, &format!("thing-{number}")).await.unwrap() });
    }
    let mut refs = tasks.join_all().await;
    refs.sort_by_key(|entry_ref| entry_ref.sequence);
    let expected = (1..)
        .zip(0..20)
        .map(|(sequence, index)| EntryRef { sequence, location: Some((origin(), index)) });
    assert_eq!(refs, expected.collect::<Vec<_>>());
    assert_eq!(open.sequences().await, (1..=20).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_caller_that_hangs_up_does_not_tear_change_and_record_apart() {
    let place = Place::new();
    let open = place.open().await;
    let recorder = open.recorder().await;
    let mut hung_up = recorder.change(&actor(), "thing.made").await.unwrap();
    hung_up.execute(INSERT_THING, &["a".into()]).await.unwrap();
    let mut recording = Box::pin(hung_up.record(subject("a")));
    tokio::select! {
        biased;
        _ = &mut recording => panic!("a commit takes longer than one poll"),
        () = std::future::ready(()) => drop(recording),
    }
    change(&recorder, "b").await.unwrap();
    assert_eq!(open.sequences().await, [1, 2]);
    assert_eq!(open.numbers(THINGS).await, [Some(2)]);
}

#[tokio::test]
async fn the_platform_s_own_change_names_nobody_and_a_directory_names_its_version() {
    let place = Place::new();
    let open = place.open().await;
    let recorder = open.recorder().await;
    let mut change = recorder.change_by_platform("directory.published").await.unwrap();
    change.concerns_directory([7; 32]);
    change.record(BTreeMap::new()).await.unwrap();
    let [entry] = &open.entries().await[..] else { panic!("one entry") };
    assert_eq!((entry.kind, entry.directory), (Kind::Directory, Some([7; 32])));
    assert_eq!(entry.actor, None);
}

#[tokio::test]
async fn an_access_is_durable_and_has_no_sequence() {
    let place = Place::new();
    let open = place.open().await;
    let recorder = open.recorder().await;
    let access = recorder.access(&actor(), "evidence.read", subject("a"), "ok").await.unwrap();
    assert_eq!(access, EntryRef { sequence: 0, location: Some((origin(), 0)) });
    let [entry] = &open.entries().await[..] else { panic!("one entry") };
    assert_eq!((entry.kind, entry.sequence), (Kind::Access, None));
    assert_eq!(open.numbers(ROWS).await, []);
}

#[tokio::test]
async fn a_closed_log_refuses_before_anything_is_written() {
    let place = Place::new();
    let open = place.open().await;
    let recorder = open.recorder().await;
    open.log.close().await;
    let Err(error) = recorder.change(&actor(), "thing.made").await else { panic!("refused") };
    assert_eq!(error.code(), ErrorCode::LogUnavailable);
    let error = recorder.access(&actor(), "evidence.read", subject("a"), "ok").await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::LogUnavailable);
}

#[tokio::test]
async fn a_log_that_breaks_under_a_change_rolls_it_back() {
    let place = Place::new();
    let open = place.open().await;
    let recorder = open.recorder().await;
    let mut change = recorder.change(&actor(), "thing.made").await.unwrap();
    change.execute(INSERT_THING, &["a".into()]).await.unwrap();
    open.log.close().await;
    let error = change.record(subject("a")).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::LogUnavailable);
    assert_eq!(open.numbers(THINGS).await, [Some(0)]);
    assert_eq!(open.numbers(ROWS).await, []);
}
