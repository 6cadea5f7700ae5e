//! `lgsp init` and `lgsp check`.

use std::os::unix::fs::PermissionsExt;

use crate::binary::{Node, set_mode};

fn mode(path: &std::path::Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn init_makes_a_node_whose_secrets_are_its_owners_alone() {
    let node = Node::init();
    let roles: Vec<&str> = node.tokens.iter().map(|(role, _)| role.as_str()).collect();
    assert_eq!(roles, ["operator", "state_manager", "auditor"]);
    assert!(node.tokens.iter().all(|(_, token)| token.starts_with("lgsp_")));
    assert_eq!(mode(&node.data()), 0o700);
    assert_eq!(mode(&node.data().join("keys")), 0o700);
    assert_eq!(mode(&node.data().join("platform.db")), 0o600);
    let database = std::fs::read(node.data().join("platform.db")).unwrap();
    for (_, token) in &node.tokens {
        let secret = token.rsplit('_').next().unwrap().as_bytes();
        let stored = database.windows(secret.len()).any(|window| window == secret);
        assert!(!stored, "a token stands in clear in the database");
    }
}

#[test]
fn init_never_overwrites() {
    let node = Node::init();
    let again = node.run(
        "init",
        &[
            "--origin",
            "other",
            "--operator",
            "H24.15.1",
            "--state-manager",
            "H24.15",
            "--auditor",
            "H24.18",
        ],
    );
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("exists already"), "{}", again.err);
    assert!(again.err.contains("next step:"), "{}", again.err);
}

#[test]
fn check_finds_nothing_wrong_with_a_new_node() {
    let said = Node::init().run("check", &["--json"]);
    let answer: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(answer["ok"], true, "{answer:#}");
    assert_eq!(said.code, Some(0));
    let subjects = answer["findings"].as_array().unwrap().iter();
    let subjects: Vec<&str> = subjects.map(|one| one["subject"].as_str().unwrap()).collect();
    let expected = [
        "config",
        "clock",
        "data",
        "port",
        "port",
        "port",
        "permissions",
        "disk",
        "database",
        "log",
    ];
    assert_eq!(subjects, expected);
}

#[test]
fn check_tells_each_problem_with_a_next_step() {
    let node = Node::init();
    set_mode(&node.data().join("platform.db"), 0o644);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    node.configure(&format!("[control]\nlisten = \"{address}\"\n"));
    let said = node.run("check", &["--json"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let answer: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let wrong = answer["findings"].as_array().unwrap().iter().filter(|one| one["ok"] == false);
    let wrong: Vec<&serde_json::Value> = wrong.collect();
    assert!(wrong.iter().any(|one| one["subject"] == "permissions"), "{wrong:#?}");
    assert!(wrong.iter().any(|one| one["subject"] == "port"), "{wrong:#?}");
    assert!(wrong.iter().all(|one| one["next_step"].is_string()), "{wrong:#?}");
}
