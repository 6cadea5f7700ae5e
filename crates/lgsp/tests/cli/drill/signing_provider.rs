//! A provider that is not ours (PyPI `http-message-signatures`) checks the platform's signature
//! over requests and signs its answers; what it signs wrongly is refused, and what it signed well
//! is proved offline.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use keys::{SigningKey, public_key_pem};
use serde_json::{Value, json};
use wire::signature::Algorithm;

use super::stranger::{platform_keys, python};
use crate::binary::run;
use crate::call::{bundle, verify};
use crate::running::Demo;

/// Each case with the status and the code that the caller is answered with.
const CASES: &[(&str, u16, Option<&str>)] = &[
    ("valid", 200, None),
    ("no_content", 204, None),
    ("unsigned", 502, Some("provider.answer_unsigned")),
    ("missing_component", 502, Some("provider.answer_unsigned")),
    ("missing_digest", 502, Some("provider.answer_unsigned")),
    ("old", 502, Some("provider.answer_unsigned")),
    ("another_call", 502, Some("provider.answer_signature_invalid")),
    ("another_path", 502, Some("provider.answer_signature_invalid")),
    ("altered_status", 502, Some("provider.answer_signature_invalid")),
    ("altered_digest", 502, Some("provider.answer_signature_invalid")),
    ("altered_body", 502, Some("provider.answer_malformed")),
    ("long", 200, None),
];

/// The process, ended with the test.
struct Judge {
    process: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Judge {
    fn start() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges/provider.py");
        let mut process = Command::new(python())
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`cargo xtask setup` makes the Python that this test calls");
        let stdin = process.stdin.take().unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        Self { process, stdin, stdout }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        let _it_ended_before = self.process.kill();
        let _its_code_says_nothing = self.process.wait();
    }
}

/// Registers a key of the provider's for each algorithm; answers what the judge is told.
async fn provider_keys(demo: &Demo, system: &str, administrator: &str) -> (Vec<String>, Value) {
    let (mut keyids, mut keys) = (Vec::new(), json!({}));
    for algorithm in Algorithm::ALL.into_iter().filter(|it| *it != Algorithm::HmacSha256) {
        let key = SigningKey::generate(algorithm).unwrap();
        let pem = public_key_pem(algorithm, &key.public_key().unwrap());
        let form = json!({"system": system, "algorithm": algorithm, "public_key": pem});
        let made = demo.post(administrator, "credentials", &form).await;
        let keyid = made["keyid"].as_str().unwrap().to_owned();
        keys[&keyid] =
            json!({"alg": algorithm, "private_key_pem": key.to_pkcs8_pem().unwrap().as_str()});
        keyids.push(keyid);
    }
    (keyids, keys)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_strangers_provider_checks_requests_and_its_signed_answers_are_proved_offline() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let demo = Demo::start(&data);
    let mut judge = Judge::start();
    let upstream = format!("http://127.0.0.1:{}", judge.line());
    let url = demo.connect_service("ky-tra-loi", &upstream).await;
    let service = url.trim_start_matches(demo.text("gateway")).trim_start_matches('/').to_owned();
    let mut parts = service.split('/');
    let organisation = parts.next().unwrap();
    let system = format!("{organisation}/{}", parts.next().unwrap());
    let administrator = demo.token("organisation_admin", Some(organisation));
    let terms = json!({"signed_answers": "required", "signed_requests": "required"});
    let shown = demo.post(administrator, &format!("services/{service}/terms"), &terms).await;
    assert_eq!(shown["signed_answers"], "required");
    let (keyids, keys) = provider_keys(&demo, &system, administrator).await;
    let config = json!({"platform_keys": platform_keys(&demo), "keys": keys});
    writeln!(judge.stdin, "{config}").unwrap();
    assert_eq!(judge.line(), "ready");

    let call = |keyid: &str, case: &str| {
        let url = format!("{url}/{keyid}/{case}?x=1");
        let said = run(&["call", "--demo", data.to_str().unwrap(), "GET", &url, "--json"]);
        serde_json::from_str::<Value>(&said.out).unwrap_or_else(|_| panic!("{said:?}"))
    };
    for (case, status, code) in CASES {
        let report = call(&keyids[0], case);
        assert_eq!(report["status"], *status, "{case}: {report}");
        assert_eq!(report["body"]["code"].as_str(), *code, "{case}: {report}");
        for check in ["signature", "entry"] {
            assert_eq!(report["checks"][check]["state"], "proved", "{case} {check}: {report}");
        }
    }
    for keyid in &keyids {
        for case in ["valid", "long"] {
            let report = call(keyid, case);
            assert_eq!(report["status"], 200, "{keyid} {case}: {report}");
            let request_id = report["request_id"].as_str().unwrap();
            let bytes = bundle(&demo, request_id).await;
            let said = verify(folder.path(), &bytes, &["--lang", "en"]);
            assert_eq!(said.code, Some(0), "{said:?}");
            let proved = format!("The provider's system {system} itself signed the answer");
            assert!(said.out.contains(&proved) && said.out.contains(keyid), "{}", said.out);
            assert!(!said.out.contains("attested by the platform only"), "{}", said.out);
        }
    }
}
