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

fn serve(folder: &str) -> (Process, String) {
    let mut process = Process::start_command(&mut lgsp(&[
        "witness",
        "serve",
        "--folder",
        folder,
        "--listen",
        "127.0.0.1:0",
    ]));
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
