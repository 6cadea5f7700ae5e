//! The registry of a whole city: how soon a change is in force, how quick its lists are, what it holds
//! in memory, and whether a call costs more because of it.
//!
//! A node with everything in its own folder is filled by an import, and asked over the network.
//!
//! **Invariant**: a change counts from its sending until its answer, which comes when the gateway works
//! with it; a list page counts with its transfer.

mod city;

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use drill::city::{OFFICES, post};
use drill::memory::footprint::Footprint;
use drill::node::{Node, Plan};
use serde_json::{Value, json};

use self::city::{City, Size};
use crate::machine;

const USAGE: &str = "bench registry LGSP";

/// The city that the bars speak of.
const CITY: Size = Size { organisations: 1_000, services: 5_000, connections: 20_000 };
/// How often a change is made, and a page of each list is read.
const CHANGES: usize = 30;
const PAGES: usize = 40;

/// Measures and prints the report, in Markdown, to standard output.
pub fn run(words: &[String]) -> ExitCode {
    let [lgsp] = words else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let report = runtime.unwrap().block_on(measure(Path::new(lgsp)));
    println!("{report}");
    ExitCode::SUCCESS
}

async fn measure(lgsp: &Path) -> String {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan {
        lgsp: lgsp.to_owned(),
        folder: folder.path().to_owned(),
        origin: "lgsp.bench".to_owned(),
        settings: Vec::new(),
        authority: None,
    };
    let mut node = Node::init(plan, &OFFICES);
    node.start().await;
    let empty = resident_mib(node.id());
    let city = City::generate(CITY);
    let begun = Instant::now();
    let form =
        json!({"title": "Thành phố", "legal_basis": "01/2025/QĐ-UBND", "document": city.document});
    let import = post(&node, node.token("operator"), "imports", &form).await;
    let proposed = begun.elapsed();
    assert_eq!(import["report"]["undecided"], 0, "{}", import["report"]["conflicts"][0]);
    assert_eq!(import["report"]["problems"], json!([]));
    let begun = Instant::now();
    drill::merge::apply(&node, import["id"].as_str().unwrap()).await;
    let applied = begun.elapsed();

    let changes = changes(&node).await;
    let mut lines = vec![
        machine::machine(folder.path()),
        String::new(),
        format!(
            "{} organisations, {} systems, {} services, {} connections; one node, SQLite.",
            CITY.organisations, city.systems, CITY.services, CITY.connections
        ),
        String::new(),
        "| what | median | most |".to_owned(),
        "|---|--:|--:|".to_owned(),
        row("a change, until it is in force", &changes),
    ];
    for list in ["organisations", "systems", "services", "credentials", "connections"] {
        let took = pages(&node, list).await;
        lines.push(row(&format!("a page of 50 {list}"), &took));
    }
    node.kill();
    let ready = node.start().await;
    post(&node, node.token("operator"), "organisations/H24.1/rename", &json!({"name": "Cơ quan"}))
        .await;
    let full = resident_mib(node.id());
    lines.push(String::new());
    lines.push(format!(
        "The whole city compared in {proposed:.1?}, written and in force in {applied:.1?}. Started again, the \
         node is ready after {ready:.1?} and holds {full} MiB after its first change, {empty} MiB when it \
         was empty."
    ));
    lines.join("\n")
}

async fn changes(node: &Node) -> Vec<Duration> {
    let mut took = Vec::new();
    for number in 0..CHANGES {
        let path = format!("organisations/H24.{}/rename", number + 1);
        let form = json!({"name": format!("Cơ quan đổi tên {number}")});
        let begun = Instant::now();
        post(node, node.token("operator"), &path, &form).await;
        took.push(begun.elapsed());
    }
    took
}

/// Pages from the beginning on, one after the other.
async fn pages(node: &Node, list: &str) -> Vec<Duration> {
    let (mut took, mut after) = (Vec::new(), String::new());
    for _ in 0..PAGES {
        let url = format!("{}/api/v1/{list}?after={after}", node.control());
        let begun = Instant::now();
        let answer = node.http.get(url).bearer_auth(node.token("operator")).send().await.unwrap();
        assert!(answer.status().is_success(), "{list}: {}", answer.status());
        let body = answer.bytes().await.unwrap();
        took.push(begun.elapsed());
        let page: Value = serde_json::from_slice(&body).unwrap();
        match page["next"].as_str() {
            Some(next) => after = url::form_urlencoded::byte_serialize(next.as_bytes()).collect(),
            None => break,
        }
    }
    took
}

fn row(what: &str, took: &[Duration]) -> String {
    let mut sorted = took.to_vec();
    sorted.sort_unstable();
    let ms = |took: &Duration| took.as_secs_f64() * 1_000.0;
    let (median, most) = (ms(&sorted[sorted.len() / 2]), ms(sorted.last().unwrap()));
    format!("| {what} | {median:.1} ms | {most:.1} ms |")
}

fn resident_mib(process: u32) -> u64 {
    Footprint::of(process).now() >> 20
}
