//! Two platforms become one amid calls: none fails that is not told beforehand, no row gets lost
//! unsaid, and the step can be taken back.
//!
//! Two nodes each serve a province. The registry of the second is exported and merged into the
//! first, while callers of both call on; after the switch those of the second call the first, by the
//! codes they have always used.

mod callers;
mod registries;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use self::callers::Callers;
use self::registries::{Size, decide, two};
use crate::city::{OFFICES, post, try_get};
use crate::node::{Node, Plan, folder};
use crate::provider::{Manner, Provider};

pub use self::registries::Size as RegistrySize;

/// How many calls must pass in each phase.
const CALLS: usize = 300;

/// What the bars ask for: 1,000 systems on each side.
pub const FULL: Size = Size { organisations: 250, systems: 1_000, callers: 32 };

/// Plays the merge of two registries of this size.
pub async fn run(lgsp: &Path, size: Size) {
    let place = tempfile::tempdir().unwrap();
    let provider = Provider::start(Manner::Answers).await;
    let (here, there) = two(size, &provider.url);
    let ours = serve(lgsp, place.path(), "here", &here.document).await;
    let theirs = serve(lgsp, place.path(), "there", &there.document).await;
    let before = export(&ours).await;

    let mut load = Callers::start(&ours, &here);
    load.add(&theirs, &there);
    load.until_passed(CALLS).await;

    let begun = Instant::now();
    let incoming = export(&theirs).await;
    let import = propose(&ours, &incoming).await;
    let id = import["id"].as_str().unwrap().to_owned();
    println!("proposed after {:?}: {}", begun.elapsed(), summary(&import));
    let clashes = count_by_kind(&import);
    for kind in registries::CLASHES {
        assert!(clashes.contains_key(kind), "no clash of the kind {kind}: {clashes:?}");
    }
    println!("clashes: {clashes:?}");
    let decided = settle(&ours, &id, import).await;
    println!("decided: {}", summary(&decided));
    account_for_all(&ours, &id, &decided).await;

    rehearse(&ours, &id, &there).await;
    let begun = Instant::now();
    apply(&ours, &id).await;
    println!("carried out and in force after {:?}", begun.elapsed());
    // Their callers go over to the other gateway, by the codes they know.
    load.move_to(&ours, &there);
    load.until_passed(2 * CALLS).await;
    load.stop().await;

    post(&ours, ours.token("state_manager"), &format!("imports/{id}/undo"), &json!({})).await;
    assert!(export(&ours).await == before, "taken back, the registry is not what it was");
    println!("taken back: the registry is what it was before");
}

/// A node whose registry is this document.
async fn serve(lgsp: &Path, place: &Path, name: &str, document: &Value) -> Node {
    let plan = Plan {
        lgsp: lgsp.to_owned(),
        folder: folder(place, name),
        origin: format!("lgsp.drill-{name}"),
        settings: Vec::new(),
        authority: None,
    };
    let mut node = Node::init(plan, &OFFICES);
    node.start().await;
    let import = propose(&node, document).await;
    let undecided = import["report"]["undecided"].as_u64();
    assert_eq!(undecided, Some(0), "a registry clashes with an empty one: {}", summary(&import));
    apply(&node, import["id"].as_str().unwrap()).await;
    node
}

/// Carries out an import as it stands.
pub async fn apply(node: &Node, id: &str) {
    let url = format!("{}/api/v1/imports/{id}", node.control());
    let token = node.token("state_manager");
    let seen = node.http.get(&url).bearer_auth(token).send().await.unwrap();
    let tag = seen.headers()["etag"].clone();
    let applied = node.http.post(format!("{url}/apply")).bearer_auth(token).header("if-match", tag);
    let applied = applied.json(&json!({})).send().await.unwrap();
    let status = applied.status();
    assert!(status.is_success(), "{status} {}", applied.text().await.unwrap());
}

async fn propose(node: &Node, document: &Value) -> Value {
    let form = json!({"title": "Diễn tập", "legal_basis": "01/2025/QĐ-UBND", "document": document});
    post(node, node.token("operator"), "imports", &form).await
}

/// Decides about every conflict until none is left: one decision can bring others to light.
async fn settle(node: &Node, id: &str, mut import: Value) -> Value {
    let mut decisions: BTreeMap<String, Value> = registries::recodings();
    for _ in 0..6 {
        for conflict in import["report"]["conflicts"].as_array().unwrap() {
            let id = conflict["id"].as_str().unwrap();
            if conflict["chosen"].is_null() {
                decisions.insert(id.to_owned(), decide(conflict));
            }
        }
        let all: Vec<_> = decisions
            .iter()
            .map(|(conflict, choice)| json!({"conflict": conflict, "choice": choice}))
            .collect();
        let form = json!({"resolutions": all});
        import = post(node, node.token("operator"), &format!("imports/{id}/resolve"), &form).await;
        if import["report"]["undecided"] == 0 {
            assert_eq!(import["report"]["problems"], json!([]), "{}", summary(&import));
            return import;
        }
    }
    panic!("conflicts without end: {}", summary(&import));
}

/// Each row of what came in has one fate, and each that does not come in has a reason.
async fn account_for_all(node: &Node, id: &str, import: &Value) {
    let mut after = String::new();
    let mut fates: BTreeMap<String, u64> = BTreeMap::new();
    loop {
        let cursor = if after.is_empty() { String::new() } else { format!("&after={after}") };
        let page = get(node, &format!("imports/{id}/rows?limit=200{cursor}")).await;
        for row in page["items"].as_array().unwrap() {
            let fate = row["fate"].as_str().unwrap();
            *fates.entry(fate.to_owned()).or_default() += 1;
            assert!(fate != "left_out" || row["reason"].is_string(), "lost unsaid: {row}");
        }
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    let report = &import["report"];
    assert_eq!(fates.values().sum::<u64>(), report["rows"].as_u64().unwrap());
    for (fate, count) in &fates {
        assert_eq!(report[fate].as_u64(), Some(*count), "{fate}");
    }
    println!("every row accounted for: {fates:?}");
}

/// Their calls would all pass here.
async fn rehearse(node: &Node, id: &str, there: &registries::Generated) {
    let calls: Vec<_> = there
        .callers
        .iter()
        .map(|one| {
            json!({"consumer": one.system, "keyid": one.keyid, "method": "GET", "path": one.path})
        })
        .collect();
    let form = json!({"calls": calls});
    let path = format!("imports/{id}/rehearse");
    let rehearsed = post(node, node.token("operator"), &path, &form).await;
    assert_eq!(rehearsed["failing"], json!([]), "a call would fail");
    println!("rehearsed: all of {} calls would pass", rehearsed["calls"]);
}

fn count_by_kind(import: &Value) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for conflict in import["report"]["conflicts"].as_array().unwrap() {
        let kind = format!(
            "{} {}",
            conflict["kind"].as_str().unwrap(),
            conflict["noun"].as_str().unwrap()
        );
        *kinds.entry(kind).or_default() += 1;
    }
    kinds
}

fn summary(import: &Value) -> String {
    let report = &import["report"];
    let counts = ["rows", "added", "same", "taken", "kept", "joined", "left_out", "undecided"];
    let counts = counts.map(|name| format!("{name} {}", report[name]));
    let problems: Vec<_> = report["problems"].as_array().unwrap().iter().take(5).collect();
    format!("{} {problems:?}", counts.join(", "))
}

async fn export(node: &Node) -> Value {
    get(node, "export").await
}

async fn get(node: &Node, path: &str) -> Value {
    let answer = try_get(&node.http, &node.control(), node.token("operator"), path).await;
    answer.unwrap_or_else(|| panic!("{path}: the node broke off"))
}
