//! Details are sealed, and go without taking the proofs with them.

use evidence::{Detail, Draft, KeptDetail, Log};
use wire::ambient::Clock;
use wire::commitment::{CommitmentLabel, commit_head};
use wire::merkle::{leaf_hash, verify_inclusion};

use crate::world::{World, completed, note};

const LINE: &str = "x-citizen: 031099000001";

fn detail(world: &World) -> Detail {
    Detail { request_head: ["GET /units", LINE].into_iter().collect(), ..world.detail() }
}

async fn kept(log: &Log, index: u64) -> KeptDetail {
    log.detail(index).await.unwrap()
}

#[tokio::test]
async fn a_detail_comes_back_and_opens_its_commitments() {
    let world = World::new(1);
    let log = world.open();
    let detail = detail(&world);
    let label = CommitmentLabel::RequestHead;
    let commitment = commit_head(&detail.secret, label, detail.request_head.iter());
    let intent = world.intent();
    let draft = Draft {
        detail: Some(detail.clone()),
        commitments: [(label, commitment)].into_iter().collect(),
        ..completed(&intent)
    };
    log.append(draft).await.unwrap();
    log.append(note("without")).await.unwrap();
    log.published_past(1).await.unwrap();
    let KeptDetail::Kept(kept_detail) = kept(&log, 0).await else { panic!("the detail is gone") };
    assert_eq!(*kept_detail, detail);
    assert_eq!(kept(&log, 1).await, KeptDetail::Absent);
    assert_eq!(kept(&log, 2).await, KeptDetail::Absent);
    log.close().await;

    for path in world.disk.paths("/log/") {
        let bytes = world.disk.process().read(&path).unwrap();
        let found = bytes.windows(LINE.len()).any(|window| window == LINE.as_bytes());
        assert!(!found, "a detail stands in {} in the clear", path.display());
    }
}

#[tokio::test]
async fn when_the_key_is_destroyed_details_are_gone_and_proofs_hold() {
    let world = World::new(2);
    let log = world.open();
    let draft = Draft { detail: Some(detail(&world)), ..completed(&world.intent()) };
    log.append(draft).await.unwrap();
    let published = log.published_past(0).await.unwrap();
    let day = world.clock.now().date();
    world.details.destroy("call", &day).unwrap();
    assert_eq!(kept(&log, 0).await, KeptDetail::Destroyed);
    let bytes = log.entry(0).await.unwrap().unwrap();
    let path = log.prove(0, 1).await.unwrap();
    verify_inclusion(&leaf_hash(&bytes), 0, 1, &path, &published.root).unwrap();

    // The same day goes on without details; the next one has a key again.
    let draft = || Draft { detail: Some(detail(&world)), ..completed(&world.intent()) };
    log.append(draft()).await.unwrap();
    assert_eq!(kept(&log, 1).await, KeptDetail::Absent);
    world.clock.advance(std::time::Duration::from_hours(24));
    log.append(draft()).await.unwrap();
    assert!(matches!(kept(&log, 2).await, KeptDetail::Kept(_)));
    log.close().await;
}
