//! `kill -9` amid load: what was acknowledged is there, what was begun is visible, nothing twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use testkit::SeededRandomness;
use wire::entry::Entry;

use crate::running::Demo;
use drill::caller::{Answered, Caller, SignedGet};
use drill::provider::{Manner, Provider};

const ROUNDS: u64 = 3;
const CALLERS: usize = 4;

/// What callers were told, and the checkpoints they were shown.
#[derive(Default)]
struct Promises {
    answered: Vec<(SignedGet, Answered)>,
    checkpoints: Vec<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_platform_is_killed_amid_load() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Demo::start(&folder.path().join("data"));
    let mut stalling = Provider::start(Manner::Waits).await;
    let stalled_url = demo.connect_service("dang-treo", &stalling.url).await + "/x";
    let promises = Arc::new(Mutex::new(Promises::default()));
    let mut begun = Vec::new();
    for seed in 0..ROUNDS {
        let caller = demo.caller();
        let stalled = caller.sign(&stalled_url);
        let in_flight = tokio::spawn(async move { caller.send(&stalled).await });
        begun.push(stalling.next_request_id().await);

        let enough = 40 + usize::try_from(SeededRandomness::new(seed).below(160)).unwrap();
        load_until_killed(&mut demo, &promises, enough).await;
        assert!(in_flight.await.unwrap().is_none(), "a call in flight was answered by nobody");

        demo.restart();
        // Nobody calls any more: the promises can be taken out, and put back for the next round.
        let kept = std::mem::take(&mut *promises.lock());
        check(&demo, &kept, &begun, seed).await;
        replay(&demo, &kept).await;
        *promises.lock() = kept;
    }
}

/// Calls from all sides until `enough` are answered in this round; then the process dies.
async fn load_until_killed(demo: &mut Demo, promises: &Arc<Mutex<Promises>>, enough: usize) {
    let already = promises.lock().answered.len();
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| tokio::spawn(call_until_broken(demo.caller(), demo.units_url(), promises.clone())))
        .collect();
    let log = demo.log();
    while promises.lock().answered.len() < already + enough {
        let note = log.checkpoint().await.expect("the platform serves its checkpoint");
        let shown = &mut promises.lock().checkpoints;
        if shown.last() != Some(&note) {
            shown.push(note);
        }
    }
    demo.process.kill();
    for caller in callers {
        caller.await.unwrap();
    }
}

async fn call_until_broken(caller: Caller, url: String, promises: Arc<Mutex<Promises>>) {
    loop {
        let get = caller.sign(&url);
        let Some(answered) = caller.send(&get).await else {
            return;
        };
        assert_eq!(answered.status, 200, "{answered:?}");
        promises.lock().answered.push((get, answered));
    }
}

async fn check(demo: &Demo, promises: &Promises, begun: &[String], seed: u64) {
    let log = demo.log();
    // A call of today, so that a checkpoint covers all that the restart added.
    let caller = demo.caller();
    let today = caller.send(&caller.sign(&demo.units_url())).await.unwrap();
    let entries = log.entries_covering(&[today]).await;
    let calls = calls_of(&entries);
    for (_, answered) in &promises.answered {
        let place = answered.entry.as_ref().expect("an answered call names its entry");
        let entry = &entries[usize::try_from(place.index).unwrap()];
        assert_eq!(entry.subject["request_id"], answered.request_id, "seed {seed}");
        assert_eq!(calls[&answered.request_id], ["call.completed"], "seed {seed}");
    }
    // The entries above gave the signed root, so each is proved; some are proved once more the way
    // a caller does it, by its own path through the tiles.
    for (_, answered) in promises.answered.iter().rev().step_by(37) {
        let entry = log.prove(answered.entry.as_ref().unwrap()).await;
        assert_eq!(entry.subject["request_id"], answered.request_id, "seed {seed}");
    }
    for request_id in begun {
        assert_eq!(calls[request_id], ["call.unknown"], "seed {seed}");
    }
    for note in &promises.checkpoints {
        log.must_extend(note).await;
    }
}

/// Each call's entries, by what they say was done.
fn calls_of(entries: &[Entry]) -> BTreeMap<String, Vec<&str>> {
    let mut calls: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.action.starts_with("call.")) {
        if let Some(request_id) = entry.subject.get("request_id") {
            calls.entry(request_id.clone()).or_default().push(&entry.action);
        }
    }
    calls
}

/// The last call answered before the kill, sent again byte for byte.
async fn replay(demo: &Demo, promises: &Promises) {
    let (get, _) = promises.answered.last().unwrap();
    let refused = demo.caller().send(get).await.unwrap();
    assert_eq!((refused.status, refused.code.as_deref()), (401, Some("nonce.replayed")));
}
