//! `lgsp init` and `lgsp check`.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::binary::{Node, Said, lgsp, run, set_mode};

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
    if node.database.is_shared() {
        return;
    }
    assert_eq!(mode(&node.data().join("platform.db")), 0o600);
    let database = std::fs::read(node.data().join("platform.db")).unwrap();
    for (_, token) in &node.tokens {
        // `lgsp_<id>_<secret>`: the secret may hold underscores of its own.
        let secret = token.splitn(3, '_').nth(2).unwrap().as_bytes();
        let stored = database.windows(secret.len()).any(|window| window == secret);
        assert!(!stored, "a token stands in clear in the database");
    }
}

#[test]
fn init_never_overwrites() {
    let node = Node::init();
    let again = Said::from(init(node.folder.path(), "other").output().unwrap());
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("exists already"), "{}", again.err);
    assert!(again.err.contains("next step:"), "{}", again.err);
}

/// `lgsp init` for a new node in `folder`, with this origin.
fn init(folder: &Path, origin: &str) -> Command {
    let config = folder.join("lgsp.toml");
    let agencies = ["--operator", "H24.15.1", "--state-manager", "H24.15", "--auditor", "H24.18"];
    let arguments = ["init", "--config", config.to_str().unwrap(), "--origin", origin];
    lgsp(&[&arguments[..], &agencies].concat())
}

#[test]
fn a_name_that_no_configuration_takes_is_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let said = Said::from(init(folder.path(), "lgsp:1").output().unwrap());
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("allowed: letters"), "{}", said.err);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn an_init_that_failed_can_be_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = init(folder.path(), "lgsp.test/1");
    let said = Said::from(wrong.env("LGSP__GATEWAY__THREADS", "many").output().unwrap());
    assert_eq!(said.code, Some(2), "{said:?}");
    let mut unwritable = init(folder.path(), "lgsp.test/1");
    let nowhere = format!("sqlite:{}", folder.path().join("nowhere/platform.db").display());
    let said = Said::from(unwritable.env("LGSP__DATABASE__URL", nowhere).output().unwrap());
    assert_eq!(said.code, Some(1), "{said:?}");
    // Not even the folder it had made for the data is left.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let said = Said::from(init(folder.path(), "lgsp.test/1").output().unwrap());
    assert_eq!(said.code, Some(0), "{said:?}");
}

#[test]
fn an_init_that_cannot_write_its_configuration_leaves_no_data() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut command = init(&folder.path().join("nowhere"), "lgsp.test/1");
    let said = Said::from(command.arg("--data").arg(&data).output().unwrap());
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(!data.exists());
}

#[test]
fn no_organisation_has_two_of_the_first_roles() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("lgsp.toml");
    let arguments = ["init", "--config", config.to_str().unwrap(), "--origin", "lgsp.test/1"];
    for [operator, state_manager, auditor] in
        [["H24.1", "H24.1", "H24.2"], ["H24.1", "H24.2", "H24.1"], ["H24.1", "H24.2", "H24.2"]]
    {
        let roles =
            ["--operator", operator, "--state-manager", state_manager, "--auditor", auditor];
        let said = run(&[&arguments[..], &roles].concat());
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.err.contains("duties are separate"), "{}", said.err);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

/// Every file below `folder` with its bytes, but for the companions that a database makes when it
/// is opened.
fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.to_str().unwrap().contains("platform.db-") {
                files.insert(path.clone(), std::fs::read(path).unwrap());
            }
        }
    }
    files
}

#[test]
fn check_changes_nothing() {
    let node = Node::init();
    let before = content(&node.data());
    let said = node.run("check", &[]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("is whole: 3 entries"), "{}", said.out);
    assert!(content(&node.data()) == before, "check changed something");
}

#[test]
fn check_of_a_node_that_never_started_makes_nothing() {
    let node = Node::init();
    for made in ["keys", "log"] {
        std::fs::remove_dir_all(node.data().join(made)).unwrap();
    }
    if !node.database.is_shared() {
        std::fs::remove_file(node.data().join("platform.db")).unwrap();
    }
    let said = node.run("check", &[]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let left: Vec<_> = content(&node.data()).into_keys().collect();
    assert_eq!(left, [node.data().join("lgsp.lock")]);
}

#[test]
fn check_sees_a_log_whose_keys_are_gone_and_one_that_is_damaged() {
    let node = Node::init();
    let keys = node.data().join("keys");
    let aside = node.folder.path().join("keys");
    std::fs::rename(&keys, &aside).unwrap();
    let said = node.run("check", &[]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("restore the folder from its backup"), "{}", said.out);
    std::fs::rename(&aside, &keys).unwrap();
    std::fs::write(node.data().join("log/checkpoint"), "nothing").unwrap();
    let said = node.run("check", &[]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("the evidence log cannot be opened"), "{}", said.out);
    assert!(said.out.contains("next step: never delete or edit"), "{}", said.out);
    let said = node.run("serve", &[]);
    assert!(said.err.contains("next step: see `lgsp check`; never delete"), "{}", said.err);
}

#[test]
fn check_finds_nothing_wrong_with_a_new_node() {
    let node = Node::init();
    let said = node.run("check", &["--json"]);
    let answer: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(answer["ok"], true, "{answer:#}");
    assert_eq!(said.code, Some(0));
    let subjects = answer["findings"].as_array().unwrap().iter();
    let subjects: Vec<&str> = subjects.map(|one| one["subject"].as_str().unwrap()).collect();
    // Where others may share the database, there is a listener for them, and what it is called.
    let (listener, others): (&[_], &[_]) =
        if node.database.is_shared() { (&["port"], &["cluster"]) } else { (&[], &[]) };
    let ours = ["config", "clock", "data", "port", "port", "port"];
    let expected = [&ours[..], listener, &["permissions", "disk", "database"], others];
    let expected = [&expected.concat()[..], &["keys", "ring", "log"]].concat();
    assert_eq!(subjects, expected);
}

#[test]
fn check_tells_each_problem_with_a_next_step() {
    let node = Node::init();
    set_mode(&node.data().join("keys"), 0o755);
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
