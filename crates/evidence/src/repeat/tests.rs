use super::*;
use crate::testing::{INSERT_THING, Place, actor, subject};
use crate::{EntryRef, Recorder};

const THINGS: &str = "SELECT count(*) AS n FROM thing";

fn request(fingerprint: &str) -> Arc<Repeatable> {
    Arc::new(Repeatable::new("t1".into(), "key".into(), fingerprint.into()))
}

async fn make(recorder: &Recorder, name: &str) -> Result<EntryRef, RecordError> {
    let mut change = recorder.change(&actor(), "thing.made").await?;
    change.execute(INSERT_THING, &[name.into()]).await?;
    change.record(subject(name)).await
}

#[tokio::test]
async fn of_two_changes_with_one_key_the_second_leaves_nothing() {
    let place = Place::new();
    let open = place.open().await;
    let recorder = open.recorder().await;
    let first = request("a");
    first.carry_out(make(&recorder, "a")).await.unwrap();
    assert!(first.has_changed_something());
    let second = request("a");
    let refused = second.carry_out(make(&recorder, "b")).await;
    assert!(matches!(refused, Err(RecordError::DoneAlready)), "{refused:?}");
    assert!(!second.has_changed_something());
    assert_eq!(open.numbers(THINGS).await, [Some(1)]);
    assert_eq!(open.log.size(), 1);
}

#[tokio::test]
async fn what_follows_from_a_change_needs_no_key_of_its_own() {
    let place = Place::new();
    let open = place.open().await;
    let recorder = open.recorder().await;
    let both = async {
        make(&recorder, "a").await?;
        make(&recorder, "b").await
    };
    request("a").carry_out(both).await.unwrap();
    assert_eq!(open.numbers(THINGS).await, [Some(2)]);
}

#[tokio::test]
async fn a_key_is_known_as_soon_as_its_change_is_and_its_answer_once_it_is_kept() {
    let place = Place::new();
    let open = place.open().await;
    let recorder = open.recorder().await;
    let request = request("a");
    assert_eq!(recorder.before(&request).await.unwrap(), None);
    request
        .carry_out(async {
            drop(recorder.change(&actor(), "thing.made").await);
        })
        .await;
    assert_eq!(recorder.before(&request).await.unwrap(), None, "a dropped change keeps no key");
    request.carry_out(make(&recorder, "a")).await.unwrap();
    let known = recorder.before(&request).await.unwrap().unwrap();
    assert_eq!(known, Before { fingerprint: "a".into(), answer: None });
    recorder.keep_answer(&request, b"sealed").await.unwrap();
    let known = recorder.before(&request).await.unwrap().unwrap();
    assert_eq!(known.answer.as_deref(), Some(&b"sealed"[..]));
}
