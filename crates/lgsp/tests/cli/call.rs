//! `lgsp call` and `lgsp verify` against a running demo.

use std::path::Path;

use serde_json::Value;

use crate::binary::{Said, run};
use crate::running::Demo;

fn json(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"))
}

/// A bundle as an auditor downloads it.
pub(crate) async fn bundle(demo: &Demo, request_id: &str) -> Vec<u8> {
    let asked = demo
        .http()
        .get(format!("{}/evidence/v1/bundles/{request_id}", demo.text("portal")))
        .bearer_auth(demo.token("auditor", None));
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.bytes().await.unwrap().to_vec()
}

pub(crate) fn verify(folder: &Path, bundle: &[u8], more: &[&str]) -> Said {
    let (file, trust) = (folder.join("call.asice"), folder.join("demo/trust.json"));
    std::fs::write(&file, bundle).unwrap();
    let mut arguments = vec!["verify", file.to_str().unwrap(), "--trust", trust.to_str().unwrap()];
    arguments.extend(more);
    run(&arguments)
}

#[tokio::test]
async fn a_call_is_answered_checked_and_proved_offline() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let running = Demo::start(&data);
    let demo = ["call", "--demo", data.to_str().unwrap()];
    let url = |service: usize, path: &str| format!("{}{path}", running.service_url(service));

    // For a person: the answer alone on standard output, the checks beside it.
    let said = run(&[&demo[..], &["GET", &url(0, "/units"), "--lang", "en"]].concat());
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(json(&said)["count"], 114);
    for check in ["+ digest", "+ signature", "+ entry"] {
        assert!(said.err.contains(check), "{check}: {}", said.err);
    }

    // For a program, with each key that may call.
    let credentials = running.manifest["credentials"].as_array().unwrap();
    let mut request_id = String::new();
    for credential in credentials.iter().filter(|one| one["may_call"] != Value::Array(vec![])) {
        let keyid = credential["keyid"].as_str().unwrap();
        let data = r#"{"reference": "HT-2026-000042"}"#;
        let url = url(1, "/lookup");
        let more = ["POST", &url, "--data", data, "--keyid", keyid, "--json"];
        let said = run(&[&demo[..], &more].concat());
        assert_eq!(said.code, Some(0), "{said:?}");
        let report = json(&said);
        assert_eq!(report["body"]["found"], true);
        for check in ["digest", "signature", "entry"] {
            assert_eq!(report["checks"][check]["state"], "proved", "{check}: {said:?}");
        }
        report["request_id"].as_str().unwrap().clone_into(&mut request_id);
    }

    // A refusal is an answer, and the answer is no.
    let stranger = credentials.iter().find(|one| one["may_call"] == Value::Array(vec![])).unwrap();
    let keyid = stranger["keyid"].as_str().unwrap();
    let said = run(&[&demo[..], &["GET", &url(0, "/units"), "--keyid", keyid]].concat());
    assert_eq!(said.code, Some(1), "{said:?}");
    assert_eq!(json(&said)["code"], "connection.none");

    // Its bundle holds without the platform, in both languages; with one bit changed it does not.
    let mut bytes = bundle(&running, &request_id).await;
    let said = verify(folder.path(), &bytes, &["--lang", "vi"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.starts_with("GÓI BẰNG CHỨNG HỢP LỆ"), "{}", said.out);
    let said = verify(folder.path(), &bytes, &["--json"]);
    assert_eq!(json(&said)["entries"][0]["subject"]["request_id"], request_id.as_str());
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let said = verify(folder.path(), &bytes, &["--lang", "en"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.starts_with("THE BUNDLE IS REFUSED"), "{}", said.out);
}

#[test]
fn a_call_that_cannot_be_made_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    let key = key.to_str().unwrap();
    let url = "http://127.0.0.1:1/a";
    let unsigned = run(&["call", "GET", url]);
    assert_eq!(unsigned.code, Some(2));
    assert!(unsigned.err.contains("--key"), "{}", unsigned.err);
    let missing = run(&["call", "GET", url, "--key", key, "--keyid", "k1"]);
    assert_eq!(missing.code, Some(2));
    std::fs::write(key, "not a key").unwrap();
    let no_key = run(&["call", "GET", url, "--key", key, "--keyid", "k1"]);
    assert_eq!(no_key.code, Some(2));
    assert!(no_key.err.contains("cannot sign a call: neither PEM nor base64"), "{}", no_key.err);
    std::fs::write(key, "-----BEGIN PRIVATE KEY-----").unwrap();
    let cut = run(&["call", "GET", url, "--key", key, "--keyid", "k1"]);
    assert_eq!(cut.code, Some(2));
    assert_eq!(cut.err.matches("usable key").count(), 1, "{}", cut.err);
    std::fs::write(key, "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=").unwrap();
    let nobody_there = run(&["call", "GET", url, "--key", key, "--keyid", "k1"]);
    assert_eq!(nobody_there.code, Some(1));
    assert!(nobody_there.err.contains("cannot be reached"), "{}", nobody_there.err);
}
