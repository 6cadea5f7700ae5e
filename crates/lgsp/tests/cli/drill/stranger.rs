//! A signer that is not ours (PyPI `http-message-signatures`) calls; what it alters is refused.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use wire::signature::Algorithm;

use crate::running::Demo;

/// Each case with the status and the code it is answered with.
const GETS: &[(&str, u16, Option<&str>)] = &[
    ("valid", 200, None),
    ("altered_method", 401, Some("signature.invalid")),
    ("altered_path", 401, Some("signature.invalid")),
    ("altered_query", 401, Some("signature.invalid")),
    ("expired", 401, Some("signature.expired")),
    ("future", 401, Some("signature.from_the_future")),
    ("replayed", 401, Some("nonce.replayed")),
    ("wrong_key", 401, Some("signature.invalid")),
    ("unknown_key", 401, Some("key.unknown")),
    ("missing_component", 401, Some("signature.component_missing")),
    ("too_long_a_life", 401, Some("signature.too_long_lived")),
    ("not_permitted", 403, Some("connection.operation_not_allowed")),
];
const POSTS: &[(&str, u16, Option<&str>)] = &[
    ("valid", 200, None),
    ("altered_body", 400, Some("digest.mismatch")),
    ("altered_digest", 401, Some("signature.invalid")),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_strangers_signer_is_understood_and_each_alteration_has_its_own_refusal() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("data"));
    let units = demo.units_url();
    let look_up = &demo.manifest["services"][1];
    let post = &look_up["examples"][0];
    let platform_keys = platform_keys(&demo);
    let look_up = format!("{}{}", look_up["url"].as_str().unwrap(), post["path"].as_str().unwrap());
    for alg in Algorithm::ALL {
        let alg = alg.as_str();
        // Another key of the same kind: another system's secret, or any other private key.
        let job = |method: &str, url: &str, body: Value| {
            json!({"method": method, "url": url, "body": body, "platform_keys": platform_keys, "ca": demo.ca(),
                   "credential": demo.credential(alg), "other_credential": other_key(&demo, alg)})
        };
        judge(job("GET", &units, Value::Null), GETS);
        judge(job("POST", &look_up, post["body"].to_string().into()), POSTS);
    }
    every_refusal_is_recorded(&demo).await;
}

/// The platform's public keys as its trust file has them, by their ids.
pub(super) fn platform_keys(demo: &Demo) -> Value {
    demo.trust().platform_keys.iter().fold(json!({}), |mut keys, key| {
        keys[&key.keyid] = json!(key.public_key_pem);
        keys
    })
}

fn other_key(demo: &Demo, alg: &str) -> Value {
    let mut other = demo.credential(alg).clone();
    if alg == "hmac-sha256" {
        other["secret_base64"] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    } else {
        let key = keys::SigningKey::generate(alg.parse().unwrap()).unwrap();
        other["private_key_pem"] = json!(key.to_pkcs8_pem().unwrap().as_str());
    }
    other
}

fn judge(mut job: Value, expected: &[(&str, u16, Option<&str>)]) {
    let cases: Vec<_> = expected.iter().map(|(case, _, _)| *case).collect();
    job["cases"] = json!(cases);
    let answers = run_stranger(&job);
    assert_eq!(answers.len(), expected.len());
    for (answer, (case, status, code)) in answers.iter().zip(expected) {
        let got = (answer["status"].as_u64(), answer["code"].as_str());
        assert_eq!(got, (Some(u64::from(*status)), *code), "{case}: {answer}");
        assert!(answer["headers"]["lgsp-request-id"].is_string(), "{case}: {answer}");
        // Who is identified is answered with the platform's signature, refused or not.
        if matches!(*case, "valid" | "not_permitted" | "altered_body") {
            assert_eq!(answer["answer"], true, "{case}: {answer}");
            assert_eq!(answer["altered_answers"], json!(vec![false; 8]), "{case}");
        } else {
            assert!(answer["answer"].is_null(), "{case}: {answer}");
        }
        if *case == "valid" {
            let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
            assert!(body.is_object(), "{answer}");
            assert!(answer["headers"]["lgsp-entry"].is_string(), "{answer}");
        }
    }
}

fn run_stranger(job: &Value) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges/stranger.py");
    let mut stranger = Command::new(python())
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("`cargo xtask setup` makes the Python that this test calls");
    stranger.stdin.take().unwrap().write_all(job.to_string().as_bytes()).unwrap();
    let output = stranger.wait_with_output().unwrap();
    assert!(output.status.success(), "the stranger's signer failed");
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What `cargo xtask setup` made, wherever the test was started from.
pub(crate) fn python() -> PathBuf {
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/judges/python/bin/python");
    std::env::var_os("LGSP_TEST_PYTHON").map_or(made, PathBuf::from)
}

async fn every_refusal_is_recorded(demo: &Demo) {
    let caller = demo.caller();
    let after_all = caller.send(&caller.sign(&demo.units_url())).await.unwrap();
    let entries = demo.log().entries_covering(&[after_all]).await;
    for (case, _, code) in GETS.iter().chain(POSTS) {
        let Some(code) = code else { continue };
        let recorded =
            entries.iter().any(|entry| entry.action == "call.refused" && entry.outcome == *code);
        assert!(recorded, "{case}: no entry with the outcome {code}");
    }
}
