//! A witness of another organisation beside a platform; OpenSSL judges what it cosigned.

use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use testkit::Process;
use wire::note::{CosignatureVerifier, NoteSignature, SignedNote, cosigned};
use wire::trust::TrustFile;

use crate::binary::{Node, lgsp, run};
use crate::running::Demo;
use crate::serve::{Serving, serve as start};

/// What stands before an Ed25519 key in its `SubjectPublicKeyInfo` (RFC 8410).
const ED25519_SPKI: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

#[tokio::test]
async fn a_witness_cosigns_what_the_platform_publishes() {
    let place = tempfile::tempdir().unwrap();
    let demo = Demo::start(&place.path().join("demo"));
    let folder = place.path().join("witness");
    let folder = folder.to_str().unwrap();
    let made = run(&["witness", "init", "--folder", folder, "--name", "witness.test/1", "--json"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    let made: serde_json::Value = serde_json::from_str(&made.out).unwrap();
    let verifier: CosignatureVerifier = made["vkey"].as_str().unwrap().parse().unwrap();
    let of_no_log = run(&["witness", "serve", "--folder", folder, "--listen", "127.0.0.1:0"]);
    assert_eq!(of_no_log.code, Some(1), "{of_no_log:?}");
    assert!(of_no_log.err.contains("lgsp witness add"), "{of_no_log:?}");
    let added = run(&["witness", "add", "--folder", folder, "--trust", demo.text("trust")]);
    assert!(added.out.contains("is witnessed from now on"), "{added:?}");

    let (process, url) = serve(folder);
    let busy = run(&["witness", "add", "--folder", folder, "--trust", demo.text("trust")]);
    assert!(busy.code == Some(1) && busy.err.contains("another process"), "{busy:?}");
    let log = demo.manifest["logs"][0]["url"].as_str().unwrap();
    let note = demo.http().get(format!("{log}/checkpoint")).send().await.unwrap();
    let note = note.text().await.unwrap();
    let ask = async |url: &str, body: String| {
        let asked = reqwest::Client::new().post(format!("{url}/add-checkpoint")).body(body);
        let answer = asked.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, line) = ask(&url, format!("old 0\n\n{note}")).await;
    assert_eq!(status, 200, "{line}");
    let text = note.parse::<SignedNote>().unwrap().text;
    let signature: NoteSignature = line.trim_end().parse().unwrap();
    assert!(verifier.verify(&text, &signature).is_some(), "{line}");
    assert!(openssl_accepts(place.path(), &verifier, &text, &signature));
    assert!(!openssl_accepts(place.path(), &verifier, &text.replacen('\n', "\n1", 1), &signature));

    // Killed and started again, it remembers.
    drop(process);
    let (process, url) = serve(folder);
    let size = text.lines().nth(1).unwrap();
    assert_eq!(ask(&url, format!("old 0\n\n{note}")).await, (409, format!("{size}\n")));
    assert_eq!(ask(&url, format!("old {size}\n\n{note}")).await.0, 200);
    process.terminate();
    assert_eq!(process.wait().0.code(), Some(0));
    assert_eq!(demo.stop(), Some(0));
}

/// A node's log is cosigned; put back from an older copy and continued, it is refused, and the
/// node's own log says why.
#[tokio::test]
async fn a_node_that_is_put_back_is_told_by_its_witness() {
    let node = Node::init();
    let folder = node.folder.path().join("witness");
    let folder = folder.to_str().unwrap();
    let made = run(&["witness", "init", "--folder", folder, "--name", "witness.test/1", "--json"]);
    let made: serde_json::Value = serde_json::from_str(&made.out).unwrap();
    let vkey = made["vkey"].as_str().unwrap();
    let verifier: CosignatureVerifier = vkey.parse().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = std::fs::read_to_string(node.config()).unwrap();
    let named = format!("[evidence]\nwitnesses = [\"http://{free} {vkey}\"]\n");
    std::fs::write(node.config(), config.replace("[evidence]\n", &named)).unwrap();

    // The node is there before its witness, which it asks until it is answered.
    let serving = start(&node);
    assert_eq!(get(&serving, "checkpoint.cosigned").await.0, 404);
    let trust = reqwest::get(format!("{}/.well-known/lgsp-trust.json", serving.control)).await;
    let trust = trust.unwrap().bytes().await.unwrap();
    let log_key = TrustFile::parse(&trust).unwrap().logs.remove(0).vkey.to_string();
    let added = run(&["witness", "add", "--folder", folder, "--log", &log_key]);
    assert_eq!(added.code, Some(0), "{added:?}");
    let (_witness, _) = serve_at(folder, &free.to_string());
    let at_first = cosigned_past(&serving, &verifier, 0).await;
    stop(serving);
    if node.database.is_shared() {
        // The registry cannot be put back with the folder.
        return;
    }

    let (data, older) = (node.data(), node.folder.path().join("older"));
    copy(&data, &older);
    let serving = start(&node);
    make_organisations(&node, &serving, 0, 8).await;
    cosigned_past(&serving, &verifier, at_first + 8).await;
    stop(serving);

    std::fs::remove_dir_all(&data).unwrap();
    copy(&older, &data);
    let serving = start(&node);
    refused(&serving).await;
    // It goes on all the same, past what the witness saw.
    make_organisations(&node, &serving, 100, 20).await;
    assert_eq!(get(&serving, "checkpoint.cosigned").await.0, 404);
    let said = stop(serving);
    assert!(said.contains("a witness refuses the log's checkpoint"), "{said}");
    assert!(said.contains("the log was put back from an older copy"), "{said}");
    let serving = start(&node);
    refused(&serving).await;
    let said = stop(serving);
    assert!(said.contains("the log was rewritten"), "{said}");
    let kept = Path::new(folder).join("memory/refused");
    assert!(std::fs::read_dir(kept).unwrap().count() >= 1);
}

/// Waits until the node's metrics raise the alarm.
async fn refused(serving: &Serving) {
    let alarm = "lgsp_witness_refuses{witness=\"witness.test/1\"} 1";
    loop {
        let metrics = reqwest::get(format!("{}/metrics", serving.operations)).await.unwrap();
        if metrics.text().await.unwrap().contains(alarm) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status().unwrap();
    assert!(copied.success());
}

/// Stops it; all that it said.
fn stop(serving: Serving) -> String {
    serving.process.terminate();
    let (ended, said) = serving.process.wait();
    assert_eq!(ended.code(), Some(0), "{said}");
    said
}

async fn get(serving: &Serving, file: &str) -> (u16, String) {
    let url = format!("{}/evidence/logs/lgsp.test-1/{file}", serving.control);
    let answer = reqwest::get(url).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Waits until a checkpoint of more than `size` entries is cosigned; how many it covers.
async fn cosigned_past(serving: &Serving, verifier: &CosignatureVerifier, size: u64) -> u64 {
    loop {
        let (status, note) = get(serving, "checkpoint.cosigned").await;
        if status == 200 {
            let note: SignedNote = note.parse().unwrap();
            let covered: u64 = note.text.lines().nth(1).unwrap().parse().unwrap();
            let has_cosigned = |line| verifier.verify(&note.text, line).is_some();
            assert!(note.signatures.iter().any(has_cosigned));
            if covered > size {
                return covered;
            }
        }
        tokio::task::yield_now().await;
    }
}

/// Makes organisations below the city, each an entry.
async fn make_organisations(node: &Node, serving: &Serving, from: u32, count: u32) {
    let operator = node.tokens.iter().find(|(role, _)| role == "operator").unwrap();
    let below = (from..from + count).map(|number| format!("H24.{}", 400 + number));
    for code in ["H24".to_owned()].into_iter().chain(below) {
        let form = serde_json::json!({"code": code, "name": "Cơ quan"});
        let url = format!("{}/api/v1/organisations", serving.control);
        let asked = reqwest::Client::new().post(url).bearer_auth(&operator.1).json(&form);
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
    }
}

fn serve(folder: &str) -> (Process, String) {
    serve_at(folder, "127.0.0.1:0")
}

fn serve_at(folder: &str, listen: &str) -> (Process, String) {
    let words = ["witness", "serve", "--folder", folder, "--listen", listen];
    let mut process = Process::start_command(&mut lgsp(&words));
    let line = process.wait_for_line(|line| line.contains("http://"));
    let url = line.split_whitespace().last().unwrap().to_owned();
    (process, url)
}

fn openssl_accepts(
    place: &Path,
    verifier: &CosignatureVerifier,
    text: &str,
    signature: &NoteSignature,
) -> bool {
    let (time, bare) = signature.signature.split_first_chunk().unwrap();
    let spki = [&ED25519_SPKI[..], verifier.public_key()].concat();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        STANDARD.encode(spki)
    );
    for (name, bytes) in [
        ("key.pem", pem.as_bytes()),
        ("message", cosigned(text, u64::from_be_bytes(*time)).as_bytes()),
        ("signature", bare),
    ] {
        std::fs::write(place.join(name), bytes).unwrap();
    }
    let words = ["pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in", "message"];
    let mut openssl = Command::new("openssl");
    openssl.args(words).args(["-sigfile", "signature"]).current_dir(place);
    openssl.output().unwrap().status.success()
}
