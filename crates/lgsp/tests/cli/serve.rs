//! `lgsp serve`: starts, says where, stops.

use serde_json::Value;
use testkit::process::Process;

use crate::binary::{Node, lgsp, run};

/// A running node and the addresses its log named.
struct Serving {
    process: Process,
    control: String,
    operations: String,
}

fn serve(node: &Node) -> Serving {
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
