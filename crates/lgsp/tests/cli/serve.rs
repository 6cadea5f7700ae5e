//! `lgsp serve`: starts, says where, stops.

use serde_json::Value;
use testkit::process::Process;

use crate::binary::{Node, lgsp, run};

/// A running node and the addresses its log named.
pub(crate) struct Serving {
    pub(crate) process: Process,
    pub(crate) control: String,
    pub(crate) operations: String,
}

pub(crate) fn serve(node: &Node) -> Serving {
    let config = node.config();
    let mut process =
        Process::start_command(&mut lgsp(&["serve", "--config", config.to_str().unwrap()]));
    let line = process.wait_for_line(|line| line.contains("\"listening\""));
    let line: Value = serde_json::from_str(&line).unwrap();
    let address = |name: &str| format!("http://{}", line[name].as_str().unwrap());
    Serving { control: address("control"), operations: address("operations"), process }
}

async fn status(url: &str) -> u16 {
    reqwest::get(url).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_node_answers_on_its_surfaces_and_stops_on_sigterm() {
    let node = Node::init();
    let serving = serve(&node);
    for path in
        ["/", "/api/docs", "/api/openapi.json", "/docs/errors", "/.well-known/lgsp-trust.json"]
    {
        assert_eq!(status(&format!("{}{path}", serving.control)).await, 200, "{path}");
    }
    assert_eq!(status(&format!("{}/api/v1/organisations", serving.control)).await, 401);
    assert_eq!(status(&format!("{}/nowhere", serving.control)).await, 404);
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(status(&format!("{}{path}", serving.operations)).await, 200, "{path}");
    }
    let brew = reqwest::Method::from_bytes(b"BREW").unwrap();
    let brewed = reqwest::Client::new().request(brew, format!("{}/", serving.control)).send();
    assert_eq!(brewed.await.unwrap().status(), 405);
    let metrics = reqwest::get(format!("{}/metrics", serving.operations)).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(metrics.contains("lgsp_control_requests_total"), "{metrics}");
    assert!(metrics.contains("path=\"(no route)\"") && !metrics.contains("nowhere"), "{metrics}");
    assert!(metrics.contains("method=\"other\"") && !metrics.contains("BREW"), "{metrics}");
    serving.process.terminate();
    let (ended, said) = serving.process.wait();
    assert_eq!(ended.code(), Some(0), "{said}");
    assert!(said.contains("\"stopped\""), "{said}");
}

#[tokio::test]
async fn the_tokens_of_init_open_the_api() {
    let node = Node::init();
    let serving = serve(&node);
    for (role, token) in &node.tokens {
        let request =
            reqwest::Client::new().get(format!("{}/api/v1/organisations", serving.control));
        let answer = request.bearer_auth(token).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{role}");
    }
}

#[tokio::test]
async fn a_token_made_on_the_stopped_machine_opens_the_api_and_is_in_the_log() {
    let node = Node::init();
    let operator = ["--role", "operator", "--organisation", "H24.15.1", "--json"];
    let said = node.run("token", &operator);
    assert_eq!(said.code, Some(0), "{said:?}");
    let made: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&made["role"], &made["organisation"]), (&"operator".into(), &"H24.15.1".into()));
    let check = node.run("check", &[]);
    assert!(check.out.contains("is whole: 4 entries"), "{}", check.out);

    let serving = serve(&node);
    let request = reqwest::Client::new().get(format!("{}/api/v1/tokens", serving.control));
    let answer = request.bearer_auth(made["token"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let listed: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    let tokens = listed["items"].as_array().unwrap().iter();
    let operators = tokens.filter(|token| token["role"] == "operator");
    assert!(operators.clone().all(|token| token["made_by"].is_null()), "{listed:#}");
    assert_eq!(operators.count(), 2);

    // Beside a running node nobody but it writes.
    let beside = node.run("token", &operator);
    assert_eq!(beside.code, Some(1), "{beside:?}");
    assert!(beside.err.contains("stop that process first"), "{}", beside.err);
}

#[test]
fn a_token_is_made_neither_for_another_role_nor_where_no_node_is() {
    let node = Node::init();
    for role in ["organisation_admin", "officer", "incident_handler"] {
        let said = node.run("token", &["--role", role, "--organisation", "H24.12"]);
        assert_eq!(said.code, Some(2), "{said:?}");
    }
    std::fs::remove_dir_all(node.data()).unwrap();
    std::fs::create_dir(node.data()).unwrap();
    let said = node.run("token", &["--role", "auditor", "--organisation", "H24.18"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("lgsp init"), "{}", said.err);
    assert_eq!(std::fs::read_dir(node.data()).unwrap().count(), 0);
}

#[test]
fn a_data_directory_serves_one_process_only() {
    let node = Node::init();
    let _serving = serve(&node);
    let second = node.run("serve", &[]);
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.err.contains("another lgsp process"), "{second:?}");
    let check = node.run("check", &[]);
    assert_eq!(check.code, Some(0), "{check:?}");
    assert!(check.out.contains("running node"), "{}", check.out);
}

#[test]
fn a_node_that_was_killed_starts_again() {
    let node = Node::init();
    serve(&node).process.kill();
    let serving = serve(&node);
    serving.process.terminate();
    assert_eq!(serving.process.wait().0.code(), Some(0));
    let check = run(&["check", "--config", node.config().to_str().unwrap()]);
    assert_eq!(check.code, Some(0), "{check:?}");
}
