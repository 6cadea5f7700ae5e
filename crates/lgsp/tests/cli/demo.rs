//! `lgsp demo`: the story, and what it leaves for others to read.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};

use serde_json::Value;
use testkit::process::Process;

use crate::binary::{lgsp, run};

const FREE: [&str; 4] = ["--listen", "127.0.0.1:0", "--gateway", "127.0.0.1:0"];

pub(crate) fn start(data: &Path) -> (Process, Value) {
    let mut arguments = vec!["demo", "--data", data.to_str().unwrap()];
    arguments.extend(FREE);
    let mut process = Process::start_command(&mut lgsp(&arguments));
    process.wait_for_line(|line| line.contains("Ctrl-C"));
    let manifest = std::fs::read(data.join("demo.json")).unwrap();
    (process, serde_json::from_slice(&manifest).unwrap())
}

#[test]
fn the_story_ends_well_and_explains_itself() {
    let said = run(&["demo", "--once"]);
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    for word in ["Thủy Nguyên", "nonce.replayed", "signature.invalid", "connection.none"] {
        assert!(said.out.contains(word), "{word} is missing:\n{}", said.out);
    }
    assert!(said.err.is_empty(), "{}", said.err);
}

#[test]
fn the_story_is_told_in_vietnamese_too() {
    let said = run(&["demo", "--once", "--lang", "vi"]);
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    assert!(said.out.contains("Vì sao tin được"), "{}", said.out);
}

#[tokio::test]
async fn demo_json_has_the_promised_shape_and_real_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let (process, manifest) = start(&data);
    for listener in ["portal", "gateway"] {
        let url = manifest[listener].as_str().unwrap();
        assert!(url.starts_with("http://127.0.0.1:") && !url.ends_with(":0"), "{url}");
    }
    assert_eq!(manifest["people"], Value::Array(Vec::new()));
    for role in ["state_manager", "operator", "auditor", "organisation_admin"] {
        let tokens = manifest["tokens"].as_array().unwrap();
        assert!(tokens.iter().any(|token| token["role"] == role), "no token of {role}");
    }
    let services = manifest["services"].as_array().unwrap();
    assert_eq!(services[0]["id"], "H24.12/don-vi-hanh-chinh/danh-muc/v1");
    assert_eq!(services[0]["examples"][0]["path"], "/units");
    let credentials = manifest["credentials"].as_array().unwrap();
    let with = |alg: &str, key: &str| {
        let found = credentials.iter().find(|one| one["alg"] == alg && one[key].is_string());
        assert!(found.is_some_and(|one| one["may_call"][0] == services[0]["id"]), "{alg}");
    };
    with("hmac-sha256", "secret_base64");
    with("ed25519", "private_key_pem");
    assert!(credentials.iter().any(|one| one["may_call"] == Value::Array(Vec::new())));

    let trust = std::fs::read(manifest["trust"].as_str().unwrap()).unwrap();
    let trust: Value = serde_json::from_slice(&trust).unwrap();
    assert_eq!(trust["logs"][0]["origin"], manifest["logs"][0]["origin"]);
    let log = manifest["logs"][0]["url"].as_str().unwrap();
    let checkpoint = reqwest::get(format!("{log}/checkpoint")).await.unwrap();
    assert_eq!(checkpoint.status(), 200);
    let checkpoint = checkpoint.text().await.unwrap();
    assert!(checkpoint.starts_with(manifest["logs"][0]["origin"].as_str().unwrap()));

    process.terminate();
    assert_eq!(process.wait().0.code(), Some(0));
}

#[test]
fn a_second_run_keeps_keys_and_registry() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let (process, first) = start(&data);
    process.terminate();
    assert_eq!(process.wait().0.code(), Some(0));
    let (process, second) = start(&data);
    for kept in ["tokens", "credentials"] {
        assert_eq!(first[kept], second[kept]);
    }
    assert_eq!(first["logs"][0]["vkey"], second["logs"][0]["vkey"]);
    process.terminate();
    process.wait();
    let told = run(&["demo", "--once", "--data", data.to_str().unwrap()]);
    assert_eq!(told.code, Some(0), "{}\n{}", told.out, told.err);
}

/// A demo with a call under way to a provider that waits, told once to stop.
struct Stopping {
    demo: Process,
    call: Process,
    upstream: SlowUpstream,
    _folder: tempfile::TempDir,
}

async fn stop_amid_a_call() -> Stopping {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let mut arguments = vec!["demo", "--data", data.to_str().unwrap()];
    arguments.extend(FREE);
    let mut demo = Process::start_command(lgsp(&arguments).env("LGSP__LOG__LEVEL", "info"));
    demo.wait_for_line(|line| line.contains("Ctrl-C"));
    let manifest = std::fs::read(data.join("demo.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let upstream = SlowUpstream::start();
    redirect_units(&manifest, &upstream.address).await;
    let url = format!("{}/units", manifest["services"][0]["url"].as_str().unwrap());
    let call = ["call", "--demo", data.to_str().unwrap(), "GET", &url];
    let call = Process::start_command(&mut lgsp(&call));
    upstream.asked.recv().unwrap();
    demo.terminate();
    demo.wait_for_line(|line| line.contains("stopping"));
    Stopping { demo, call, upstream, _folder: folder }
}

#[tokio::test]
async fn a_call_under_way_ends_before_the_node_does() {
    let stopping = stop_amid_a_call().await;
    stopping.upstream.answer.send(()).unwrap();
    let (ended, said) = stopping.call.wait();
    assert_eq!(ended.code(), Some(0), "{said}");
    assert!(said.contains("late but whole"), "{said}");
    let (ended, said) = stopping.demo.wait();
    assert_eq!(ended.code(), Some(0), "{said}");
}

#[tokio::test]
async fn a_second_signal_does_not_wait_for_calls() {
    let stopping = stop_amid_a_call().await;
    stopping.demo.terminate();
    let (ended, said) = stopping.demo.wait();
    assert_eq!(ended.code(), Some(1), "{said}");
    assert!(said.contains("stopped at once"), "{said}");
    assert_eq!(stopping.call.wait().0.code(), Some(1));
}

/// Makes the units service answer from `upstream`, as its provider's administrator.
async fn redirect_units(manifest: &Value, upstream: &str) {
    let administrator =
        manifest["tokens"].as_array().unwrap().iter().find(|token| {
            token["role"] == "organisation_admin" && token["organisation"] == "H24.12"
        });
    let portal = manifest["portal"].as_str().unwrap();
    let service = manifest["services"][0]["id"].as_str().unwrap();
    let answer = reqwest::Client::new()
        .post(format!("{portal}/api/v1/services/{service}/terms"))
        .bearer_auth(administrator.unwrap()["token"].as_str().unwrap())
        .json(&serde_json::json!({ "upstream": upstream }))
        .send();
    assert_eq!(answer.await.unwrap().status(), 200);
}

/// A provider that says when it was asked, and answers when it is told to.
struct SlowUpstream {
    address: String,
    asked: Receiver<()>,
    answer: Sender<()>,
}

impl SlowUpstream {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let ((was_asked, asked), (answer, may_answer)) = (channel(), channel());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
                head.push(byte[0]);
            }
            was_asked.send(()).unwrap();
            may_answer.recv().unwrap();
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\nlate but whole";
            stream.write_all(answer.as_bytes()).unwrap();
        });
        Self { address, asked, answer }
    }
}
