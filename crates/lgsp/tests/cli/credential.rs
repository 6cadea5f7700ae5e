//! The keys of a system in the hands of whoever looks after it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::{Said, lgsp, run};
use crate::running::Demo;

/// Answers one request, and gives back all its bytes.
fn overhear(answer: Value) -> (String, thread::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heard = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream);
        let (mut heard, mut length) = (Vec::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            heard.extend_from_slice(line.as_bytes());
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        heard.extend_from_slice(&body);
        let answer = answer.to_string();
        let answered = format!(
            "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            answer.len()
        );
        let mut stream = reader.into_inner();
        stream.write_all(answered.as_bytes()).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
        heard
    });
    (url, heard)
}

/// The DER within a PEM file.
fn der(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// However it may be written: raw, in hexadecimal, in base64 wherever it begins.
fn is_within(secret: &[u8], heard: &[u8]) -> bool {
    let text = String::from_utf8_lossy(heard);
    let compact: String = text.replace("\\n", "").split_whitespace().collect();
    let raw = heard.windows(secret.len()).any(|part| part == secret);
    let spelt = (0..3).any(|skip| {
        let whole = &secret[skip..skip + (secret.len() - skip) / 3 * 3];
        compact.contains(&STANDARD.encode(whole))
    });
    raw || spelt || compact.contains(&hex::encode(secret))
}

#[test]
fn nothing_of_a_private_key_goes_over_the_wire() {
    // Where the secret stands in a file of PKCS#8 (RFC 8410, RFC 5915); of RSA the last numbers are secret.
    for (algorithm, secret) in [
        ("ed25519", 16..48_usize),
        ("ecdsa-p256-sha256", 36..68),
        ("ecdsa-p384-sha384", 35..83),
        ("rsa-pss-sha512", 1400..1600),
        ("rsa-v1_5-sha256", 1400..1600),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("mot-cua.pem");
        let answer = json!({"keyid": "k-1", "system": "H24.14/mot-cua", "algorithm": algorithm,
            "not_after": "2027-11-23T08:00:00.000000Z", "in_force": true});
        let (url, heard) = overhear(answer);
        let mut command = lgsp(&["credential", "new", "H24.14/mot-cua", "--alg", algorithm]);
        command.args(["--register", "--lang", "en", "--url", &url, "--key"]).arg(&key);
        let said = Said::from(command.env("LGSP_TOKEN", "token").output().unwrap());
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(said.out.contains("Registered the key k-1"), "{said:?}");
        let heard = heard.join().unwrap();

        let private = fs::read_to_string(&key).unwrap();
        assert_eq!(mode(&key), 0o600);
        let secret = &der(&private)[secret];
        assert!(is_within(secret, &der(&private)), "the check sees what it looks for");
        assert!(!is_within(secret, &heard), "{algorithm}");
        assert!(!String::from_utf8_lossy(&heard).contains("PRIVATE"), "{algorithm}");
        for told in [&said.out, &said.err] {
            assert!(!is_within(secret, told.as_bytes()), "{algorithm}");
        }
        // The whole of what was sent: names, and a request whose key is the file's.
        let at = heard.windows(4).position(|part| part == b"\r\n\r\n").unwrap() + 4;
        let form: Value = serde_json::from_slice(&heard[at..]).unwrap();
        let members: BTreeSet<_> = form.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = ["algorithm", "certificate_request", "environment", "system"];
        assert_eq!(members, BTreeSet::from(expected));
        let request = der(form["certificate_request"].as_str().unwrap());
        assert!(!is_within(secret, &request), "{algorithm}");
        let signer =
            keys::SigningKey::from_pem(&private, Some(algorithm.parse().unwrap())).unwrap();
        let public = signer.public_key().unwrap().to_spki(signer.algorithm());
        assert!(request.windows(public.len()).any(|part| part == public), "{algorithm}");
    }
}

#[test]
fn a_pair_is_made_without_a_platform_and_never_over_a_file_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (key, public) = (path("key.pem"), path("public.pem"));
    let words = ["credential", "new", "H24.14/mot-cua", "--lang", "en", "--key", &key];
    let made = run(&words);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(made.out.contains("-----BEGIN PUBLIC KEY-----"), "{made:?}");
    assert!(!made.out.contains("PRIVATE KEY-----"), "{made:?}");
    let kept = fs::read(&key).unwrap();
    assert_eq!(mode(Path::new(&key)), 0o600);

    let again = run(&words);
    assert_eq!(again.code, Some(2), "{again:?}");
    assert!(again.err.contains("no key is ever written over"), "{again:?}");
    // Nor where the public key is to go.
    let over = run(&[&words[..], &["--reuse", "--public", &key]].concat());
    assert_eq!(over.code, Some(2), "{over:?}");
    assert_eq!(fs::read(&key).unwrap(), kept);

    let reused = run(&[&words[..], &["--reuse", "--csr", "--public", &public]].concat());
    assert_eq!(reused.code, Some(0), "{reused:?}");
    assert!(
        fs::read_to_string(&public).unwrap().starts_with("-----BEGIN CERTIFICATE REQUEST-----")
    );
    assert_eq!(fs::read(&key).unwrap(), kept);
    let other = run(&[&words[..], &["--reuse", "--alg", "ecdsa-p256-sha256"]].concat());
    assert_eq!(other.code, Some(2), "{other:?}");
    let secret = path("secret");
    let words = ["credential", "new", "H24.14/mot-cua", "--alg", "hmac-sha256", "--key", &secret];
    assert_eq!(run(&words).code, Some(2), "its secret is the platform's to make");
    assert!(!Path::new(&secret).exists());
}

struct Office {
    demo: Demo,
    folder: TempDir,
    system: String,
}

impl Office {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let demo = Demo::start(&folder.path().join("demo"));
        let credential = demo.credential("ed25519");
        let text = |name: &str| credential[name].as_str().unwrap();
        let system = format!("{}/{}", text("organisation"), text("system"));
        Self { demo, folder, system }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// As an administrator of the system's organisation, with this on standard input.
    fn credential(&self, words: &[&str], typed: &str) -> Said {
        let mut command = lgsp(&["credential"]);
        command.args(words).args(["--url", self.demo.text("portal"), "--lang", "en"]);
        if let Some(ca) = self.demo.ca() {
            command.arg("--ca").arg(ca);
        }
        let organisation = self.system.split('/').next();
        command.env("LGSP_TOKEN", self.demo.token("organisation_admin", organisation));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Who needs no answer may be gone already.
        let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
        Said::from(child.wait_with_output().unwrap())
    }

    /// Makes or replaces a key; its id.
    fn made(&self, words: &[&str], key: &str) -> String {
        let key = self.path(key);
        let words = [words, &["--json", "--key", key.to_str().unwrap()]].concat();
        let said = self.credential(&words, "");
        assert_eq!(said.code, Some(0), "{said:?}");
        assert_eq!(mode(&key), 0o600);
        assert!(!said.out.contains("secret"), "{said:?}");
        let made: Value = serde_json::from_str(&said.out).unwrap();
        made["keyid"].as_str().unwrap().to_owned()
    }

    /// Whether a call signed with this key passes.
    fn passes(&self, key: &str, keyid: &str, algorithm: &str) -> bool {
        let mut command = lgsp(&["call", "GET", &self.demo.units_url(), "--json"]);
        command.arg("--key").arg(self.path(key)).args(["--keyid", keyid, "--alg", algorithm]);
        if let Some(ca) = self.demo.ca() {
            command.arg("--ca").arg(ca);
        }
        let said = Said::from(command.output().unwrap());
        let answer: Value = serde_json::from_str(&said.out).unwrap();
        match answer["status"].as_u64() {
            Some(200) => true,
            Some(401) => false,
            _ => panic!("{said:?}"),
        }
    }
}

#[test]
fn a_key_is_made_used_replaced_and_given_up_by_one_command_each() {
    let office = Office::open();
    let system = office.system.clone();
    for algorithm in ["ecdsa-p256-sha256", "hmac-sha256"] {
        let (one, two) = (format!("{algorithm}-1"), format!("{algorithm}-2"));
        let first = office.made(&["new", &system, "--alg", algorithm, "--register"], &one);
        assert!(office.passes(&one, &first, algorithm), "{algorithm}");
        let second = office.made(&["rotate", &first, "--overlap-hours", "1"], &two);
        assert!(office.passes(&one, &first, algorithm), "both are accepted for an hour");
        assert!(office.passes(&two, &second, algorithm), "{algorithm}");
    }
    let last = office.made(&["new", &system, "--register"], "last");
    let nobody = office.credential(&["rotate", "k-none", "--key", "/nowhere"], "");
    assert_eq!(nobody.code, Some(1), "{nobody:?}");

    let report = ["compromised", &system, "--reason", "Diễn tập lộ khóa"];
    for typed in ["", "H24\n"] {
        let said = office.credential(&report, typed);
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.err.contains("nothing was done"), "{said:?}");
    }
    assert!(office.passes("last", &last, "ed25519"));
    let said = office.credential(&report, &format!("{system}\n"));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains(&last) && said.out.contains("suspended"), "{said:?}");
    assert!(said.out.contains("Ask the operator to put each connection back"), "{said:?}");
    assert!(!office.passes("last", &last, "ed25519"));
    let again = office.credential(&[&report[..], &["--yes"]].concat(), "");
    assert!(again.out.contains("revoked 0 credentials"), "{again:?}");
}
