//! What became of every promise, read from the logs as anyone can.

use std::collections::{BTreeMap, BTreeSet};

use wire::entry::Entry;

use super::fleet::Fleet;
use super::load::Promises;
use crate::public_log::PublicLog;

/// How each call is spoken of in the logs: the log, the index there and what was done.
type Calls = BTreeMap<String, Vec<(usize, u64, String)>>;

/// Judges everything that was promised, and says what was counted.
pub(super) async fn judge(fleet: &mut Fleet, mut promises: Promises) {
    // One more call each, so that a checkpoint covers all that the last restart added.
    for (number, node) in fleet.nodes.iter().enumerate() {
        let caller = &fleet.callers(number)[0];
        let today = caller.send(&caller.sign(&fleet.city.url(node, "/today"))).await.unwrap();
        promises.answered.push(today);
    }
    let origins: Vec<String> = fleet.nodes.iter().map(|node| node.origin().to_owned()).collect();
    let mut entries = Vec::new();
    for (number, node) in fleet.nodes.iter().enumerate() {
        let log = PublicLog::new(node.http.clone(), node.log_url(), node.trust().await);
        let mine = promises.answered.iter().filter(|call| {
            call.entry.as_ref().is_some_and(|at| at.origin.as_ref() == origins[number])
        });
        let mine: Vec<_> = mine.cloned().collect();
        entries.push(log.entries_covering(&mine).await);
        for note in &promises.checkpoints[number] {
            log.must_extend(note).await;
        }
    }
    let calls = calls_of(&entries);
    answered_calls_are_there_once(&promises, &calls, &origins);
    let forwarded = fleet.provider.take_request_ids();
    forwarded_calls_are_visible(&forwarded, &calls);
    registered_systems_are_there_once(&promises, &entries);
    let checkpoints: usize = promises.checkpoints.iter().map(Vec::len).sum();
    let unknown = calls.values().flatten().filter(|(.., action)| action == "call.unknown").count();
    println!(
        "  {} calls answered, {} refused beside a node that was down, {} forwarded by the \
         platform, {unknown} of them without a known outcome; {} systems registered; {} entries; \
         {checkpoints} checkpoints",
        promises.answered.len(),
        promises.refused,
        forwarded.len(),
        promises.systems.len(),
        entries.iter().map(Vec::len).sum::<usize>(),
    );
}

/// By request id, the entries that settle or frame a call.
fn calls_of(logs: &[Vec<Entry>]) -> Calls {
    let mut calls = Calls::new();
    for (log, entries) in logs.iter().enumerate() {
        for (index, entry) in (0..).zip(entries) {
            if entry.action.starts_with("call.")
                && let Some(id) = entry.subject.get("request_id")
            {
                calls.entry(id.clone()).or_default().push((log, index, entry.action.clone()));
            }
        }
    }
    calls
}

fn answered_calls_are_there_once(promises: &Promises, calls: &Calls, origins: &[String]) {
    let mut places = BTreeSet::new();
    for answered in &promises.answered {
        let place = answered.entry.as_ref().expect("an answered call names its entry");
        let log = origins.iter().position(|origin| origin == place.origin.as_ref()).unwrap();
        let expected = [(log, place.index, "call.completed".to_owned())];
        assert_eq!(calls[&answered.request_id], expected, "{answered:?}");
        assert!(places.insert((log, place.index)), "two calls share an entry: {answered:?}");
    }
}

/// What the provider saw is in a log, once, whatever was killed meanwhile; and it saw no call twice.
fn forwarded_calls_are_visible(forwarded: &[String], calls: &Calls) {
    let mut seen = BTreeSet::new();
    for id in forwarded {
        assert_eq!(calls.get(id).map(Vec::len), Some(1), "call {id} was forwarded");
        assert!(seen.insert(id), "a call was forwarded twice");
    }
}

fn registered_systems_are_there_once(promises: &Promises, logs: &[Vec<Entry>]) {
    let mut registered: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in logs.iter().flatten().filter(|entry| entry.action == "system.registered") {
        *registered.entry(&entry.subject["system"]).or_default() += 1;
    }
    for system in &promises.systems {
        assert_eq!(registered.get(system.as_str()), Some(&1), "{system}");
    }
    assert!(registered.values().all(|count| *count == 1), "{registered:?}");
}
