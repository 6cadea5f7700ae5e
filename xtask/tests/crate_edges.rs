//! A crate is a promise about what it cannot see: the manifests keep it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::path::Path;

const FOUNDATIONS: &[&str] = &["wire", "keys", "store", "evidence", "web"];

/// Which crates of this workspace a crate may name among its `[dependencies]`. A crate that is not
/// listed may name none. What is never shipped may be named among `[dev-dependencies]` only, but by
/// what is never shipped either.
fn allowed(crate_name: &str) -> Vec<&'static str> {
    let domains = ["gateway", "registry", "identity"];
    match crate_name {
        "keys" | "store" | "transport" => vec!["wire"],
        "evidence" => vec!["wire", "keys", "store"],
        "web" => vec!["wire", "keys", "store", "evidence"],
        "gateway" => [FOUNDATIONS, &["transport"]].concat(),
        "registry" | "identity" => FOUNDATIONS.to_vec(),
        "client" => vec!["wire", "keys", "transport"],
        // It shares the log's way with a disk, and nothing of the log.
        "witness" => vec!["wire", "keys", "evidence"],
        "portal" => [FOUNDATIONS, &domains].concat(),
        "lgsp" => [FOUNDATIONS, &domains, &["portal", "client", "transport", "witness"]].concat(),
        "drill" => vec!["wire", "keys", "client", "testkit"],
        "bench" => vec!["wire", "keys", "store", "evidence", "client", "drill", "testkit"],
        // It reaches every parser, and nothing reaches it.
        "fuzz" => [FOUNDATIONS, &["gateway", "client", "lgsp", "transport"]].concat(),
        "testkit" => [FOUNDATIONS, &["client"]].concat(),
        _ => Vec::new(),
    }
}

/// Workspace crates that each manifest names in the given section.
fn edges(section: &str) -> BTreeMap<String, Vec<String>> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("crates");
    let names: Vec<String> = std::fs::read_dir(&crates)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let of = |name: &String| {
        let manifest = std::fs::read_to_string(crates.join(name).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let table = manifest.get(section).and_then(|section| section.as_table());
        let dependencies = table.into_iter().flat_map(|table| table.keys().cloned());
        (name.clone(), dependencies.filter(|dependency| names.contains(dependency)).collect())
    };
    names.iter().map(of).collect()
}

fn forbidden(edges: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let mut found = Vec::new();
    for (from, targets) in edges {
        for to in targets {
            if !allowed(from).contains(&to.as_str()) {
                found.push(format!("{from} → {to}"));
            }
        }
    }
    found
}

#[test]
fn no_crate_sees_what_it_promised_not_to() {
    let edges = edges("dependencies");
    assert!(edges.len() > 10, "the manifests were found: {edges:?}");
    assert!(edges["evidence"].contains(&"wire".to_owned()), "edges are read: {edges:?}");
    assert_eq!(forbidden(&edges), Vec::<String>::new());
}

#[test]
fn build_scripts_see_no_crate_of_ours() {
    let edges = edges("build-dependencies");
    assert!(edges.values().all(Vec::is_empty), "{edges:?}");
}

#[test]
fn a_forbidden_edge_would_be_found() {
    let invented = BTreeMap::from([
        ("wire".to_owned(), vec!["store".to_owned()]),
        ("registry".to_owned(), vec!["gateway".to_owned(), "evidence".to_owned()]),
    ]);
    assert_eq!(forbidden(&invented), ["registry → gateway", "wire → store"]);
}
