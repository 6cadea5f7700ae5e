//! A stranger's judgement: the `openssl` command reads our keys and verifies our signatures, and
//! we read and verify its.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::{CallerKey, Ed25519Key, SystemRandomness, ed25519_public_key};

fn openssl(folder: &Path, arguments: &[&str]) -> bool {
    let output = Command::new("openssl")
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("the openssl command is needed: apt-get install openssl");
    output.status.success()
}

#[test]
fn openssl_reads_our_keys_and_verifies_our_signature() {
    let temp = tempfile::tempdir().unwrap();
    let key = Ed25519Key::generate(&SystemRandomness).unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(temp.path().join(name), bytes).unwrap();
    write("private.pem", key.to_pkcs8_pem().unwrap().as_bytes());
    write("public.pem", key.public_key_pem().as_bytes());
    write("message", b"a signature base");
    write("signature", &key.sign(b"a signature base"));

    let verify = "pkeyutl -verify -pubin -inkey public.pem -rawin -in message -sigfile signature";
    let verify: Vec<&str> = verify.split(' ').collect();
    assert!(openssl(temp.path(), &verify));
    let derive: Vec<&str> = "pkey -in private.pem -pubout -out derived.pem".split(' ').collect();
    assert!(openssl(temp.path(), &derive));
    let derived = fs::read_to_string(temp.path().join("derived.pem")).unwrap();
    assert_eq!(derived, key.public_key_pem());

    write("message", b"another base");
    assert!(!openssl(temp.path(), &verify));
}

#[test]
fn we_read_openssls_keys_and_verify_its_signature() {
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join("message"), b"a signature base").unwrap();
    for command in [
        "genpkey -algorithm ed25519 -out private.pem",
        "pkey -in private.pem -pubout -out public.pem",
        "pkeyutl -sign -inkey private.pem -rawin -in message -out signature",
    ] {
        let arguments: Vec<&str> = command.split(' ').collect();
        assert!(openssl(temp.path(), &arguments), "{command}");
    }
    let read = |name: &str| fs::read(temp.path().join(name)).unwrap();
    let text = |name: &str| String::from_utf8(read(name)).unwrap();

    let public = ed25519_public_key(&text("public.pem")).unwrap();
    let private = Ed25519Key::from_pkcs8_pem(&text("private.pem")).unwrap();
    assert_eq!(private.public_key(), public);
    assert_eq!(*private.to_pkcs8_pem().unwrap(), text("private.pem"));
    let verifier = CallerKey::ed25519(&public).unwrap();
    assert!(verifier.verify(b"a signature base", &read("signature")));
}
