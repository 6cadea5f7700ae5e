//! What is wrong is said clearly, with a next step, and never by a panic.

use std::net::TcpListener;

use crate::binary::{Node, Said, run, set_mode};

/// The complaint, with what differs between runs taken out.
fn complaint(said: &Said, node: &Node) -> String {
    assert!(said.err.contains("next step:"), "{said:?}");
    assert!(!said.err.contains("panicked"), "{said:?}");
    said.err.replace(node.folder.path().to_str().unwrap(), "[folder]")
}

#[test]
fn an_unknown_key_names_its_line_and_the_nearest_known_key() {
    let node = Node::init();
    node.configure("[control]\nlisten = \"127.0.0.1:0\"\nlissten = \"127.0.0.1:0\"\n");
    let said = node.run("serve", &[]);
    assert_eq!(said.code, Some(2));
    insta::assert_snapshot!("unknown_key", complaint(&said, &node));
}

#[test]
fn an_impossible_value_names_what_is_allowed() {
    let node = Node::init();
    node.configure("[control]\nlisten = \"localhost\"\n[gateway]\nthreads = 1000\n");
    let said = node.run("serve", &[]);
    assert_eq!(said.code, Some(2));
    insta::assert_snapshot!("impossible_value", complaint(&said, &node));
}

#[test]
fn a_gateway_that_would_answer_to_no_name_is_refused_and_check_says_so() {
    let node = Node::init();
    node.configure("[gateway]\nlisten = \"0.0.0.0:0\"\n[control]\nlisten = \"127.0.0.1:0\"\n");
    let said = node.run("serve", &[]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(complaint(&said, &node).contains("gateway.public_urls"), "{}", said.err);
    let check = node.run("check", &[]);
    assert_eq!(check.code, Some(1), "{check:?}");
    assert!(check.out.contains("gateway.public_urls"), "{}", check.out);
}

#[test]
fn a_level_that_is_none_is_told_by_serve_and_by_check() {
    let node = Node::init();
    node.configure("[log]\nlevel = \"loud\"\n[control]\nlisten = \"127.0.0.1:0\"\n");
    let said = node.run("serve", &[]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(complaint(&said, &node).contains("error, warn, info, debug, trace"), "{}", said.err);
    let check = node.run("check", &[]);
    assert_eq!(check.code, Some(1), "{check:?}");
    assert!(check.out.contains("error, warn, info, debug, trace"), "{}", check.out);
}

#[test]
fn a_config_file_that_is_not_there_is_told() {
    let said = run(&["serve", "--config", "/nowhere/lgsp.toml"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("/nowhere/lgsp.toml"), "{said:?}");
}

#[test]
fn a_port_in_use_is_told_for_each_listener() {
    let node = Node::init();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    for section in ["control", "gateway", "operations"] {
        let mut config = format!("[{section}]\nlisten = \"{address}\"\n");
        if section != "control" {
            config.push_str("[control]\nlisten = \"127.0.0.1:0\"\n");
        }
        node.configure(&config);
        let said = node.run("serve", &[]);
        assert_eq!(said.code, Some(1), "{said:?}");
        let told = complaint(&said, &node);
        assert!(told.contains(&format!("{section}.listen")), "{told}");
        assert!(told.contains("in use"), "{told}");
    }
}

#[test]
fn files_that_others_may_touch_keep_the_node_from_starting() {
    let node = Node::init();
    for (path, mode) in [
        (node.data(), 0o755),
        (node.data().join("keys"), 0o750),
        (node.data().join("platform.db"), 0o644),
    ] {
        if !path.exists() {
            assert!(node.database.is_shared());
            continue;
        }
        let right = if path.is_dir() { 0o700 } else { 0o600 };
        set_mode(&path, mode);
        let said = node.run("serve", &[]);
        assert_eq!(said.code, Some(1), "{said:?}");
        let told = complaint(&said, &node);
        assert!(told.contains("chmod"), "{told}");
        set_mode(&path, right);
    }
}

#[test]
fn a_node_without_data_is_told_to_init() {
    let node = Node::init();
    std::fs::rename(node.data(), node.folder.path().join("moved")).unwrap();
    let said = node.run("serve", &[]);
    assert_eq!(said.code, Some(1));
    insta::assert_snapshot!("no_data", complaint(&said, &node));
}

#[test]
fn a_demo_does_not_leave_this_machine() {
    let said = run(&["demo", "--listen", "0.0.0.0:8080"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("loopback"), "{said:?}");
}

#[test]
fn a_bundle_is_checked_only_by_keys_that_somebody_chose() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("call.asice");
    std::fs::write(&bundle, "nothing").unwrap();
    let said = run(&["verify", bundle.to_str().unwrap()]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("lgsp-trust.json"), "{}", said.err);
}

#[test]
fn a_folder_that_is_no_demo_is_not_touched() {
    let node = Node::init();
    let data = node.data();
    let said = run(&["demo", "--once", "--data", data.to_str().unwrap()]);
    assert_eq!(said.code, Some(1));
    assert!(complaint(&said, &node).contains("that is no demo"), "{said:?}");
}
