//! `lgsp keys rotate` leaves a record, whatever it is cut short by.

use std::collections::BTreeMap;

use keys::{KeyDirectory, KeyPlace, PlatformKey, PlatformKeys, SystemRandomness};
use serde_json::Value;
use wire::ambient::UtcMicros;
use wire::bundle::Bundle;
use wire::note;
use wire::trust::TrustFile;

use crate::binary::{Node, Said, run};
use crate::serve::{Serving, serve};

/// Entries of a node as `lgsp init` leaves it: three tokens.
const AT_FIRST: u64 = 3;

fn rotate(node: &Node, key: &str) -> Said {
    let config = node.config();
    run(&["keys", "rotate", "--config", config.to_str().unwrap(), "--key", key, "--json"])
}

/// What the public and the auditor see of a running node.
struct Seen<'a> {
    node: &'a Node,
    serving: Serving,
}

impl<'a> Seen<'a> {
    fn serve(node: &'a Node) -> Self {
        Self { node, serving: serve(node) }
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        let auditor = self.node.tokens.iter().find(|(role, _)| role == "auditor").unwrap();
        let request = reqwest::Client::new().get(format!("{}{path}", self.serving.control));
        request.bearer_auth(&auditor.1).send().await.unwrap()
    }

    async fn trust(&self) -> TrustFile {
        let file = self.get("/.well-known/lgsp-trust.json").await.bytes().await.unwrap();
        TrustFile::parse(&file).unwrap()
    }

    /// The bundle of an entry; `None` where the log has no such entry, or none published yet.
    async fn bundle(&self, index: u64) -> Option<Vec<u8>> {
        let answer = self.get(&format!("/evidence/v1/bundles/{index}")).await;
        if answer.status() != 200 {
            return None;
        }
        Some(answer.bytes().await.unwrap().to_vec())
    }

    /// How many entries are under the checkpoint.
    async fn entries(&self) -> u64 {
        let checkpoint = self.get("/evidence/logs/lgsp.test-1/checkpoint").await;
        checkpoint.text().await.unwrap().lines().nth(1).unwrap().parse().unwrap()
    }

    /// Subjects of the entries `key.rotated` among those that were there when the node started,
    /// each with its bundle.
    async fn rotations(&self, entries: u64) -> Vec<(BTreeMap<String, String>, Vec<u8>)> {
        let mut rotations = Vec::new();
        for index in 0..entries {
            let bundle = self.bundle(index).await.expect("an entry");
            let opened = Bundle::open(&bundle).unwrap();
            let entry = &opened.entries()[0];
            if entry.action == "key.rotated" {
                assert_eq!((entry.actor.as_ref(), entry.outcome.as_str()), (None, "ok"));
                rotations.push((entry.subject.clone(), bundle));
            }
        }
        rotations
    }

    fn stop(self) {
        self.serving.process.terminate();
        assert_eq!(self.serving.process.wait().0.code(), Some(0));
    }
}

#[tokio::test]
async fn each_rotated_key_has_an_entry_that_a_stranger_can_verify() {
    let node = Node::init();
    let mut said = Vec::new();
    for key in ["log", "directory", "response"] {
        let rotated = rotate(&node, key);
        assert_eq!(rotated.code, Some(0), "{rotated:?}");
        let rotated: Value = serde_json::from_str(&rotated.out).unwrap();
        said.push((key, rotated));
    }
    let check = node.run("check", &[]);
    assert!(check.out.contains("is whole: 6 entries"), "{}", check.out);

    let seen = Seen::serve(&node);
    let rotations = seen.rotations(AT_FIRST + 3).await;
    assert_eq!(rotations.len(), 3);
    let trust = node.folder.path().join("trust.json");
    std::fs::write(&trust, seen.trust().await.to_json().unwrap()).unwrap();
    for ((subject, bundle), (key, said)) in rotations.iter().zip(&said) {
        assert_eq!(subject["key"], *key);
        assert_eq!(said["retired"], *subject["retired"]);
        assert_eq!(said["keyid"], *subject["keyid"]);
        assert_eq!(subject["node"], "lgsp.test-1");
        let file = node.folder.path().join("entry.asice");
        std::fs::write(&file, bundle).unwrap();
        let verified = run(&["verify", file.to_str().unwrap(), "--trust", trust.to_str().unwrap()]);
        assert_eq!(verified.code, Some(0), "{verified:?}");
    }
    seen.stop();
}

#[tokio::test]
async fn after_a_rotation_the_checkpoint_is_signed_by_the_new_key_and_the_old_one_stays_named() {
    let node = Node::init();
    let before = std::fs::read_to_string(node.data().join("log/checkpoint")).unwrap();
    assert_eq!(rotate(&node, "log").code, Some(0));
    let seen = Seen::serve(&node);
    let trust = seen.trust().await;
    let [old, new] = &trust.logs[..] else { panic!("{:?}", trust.logs) };
    assert_eq!((old.until, new.until), (Some(new.from), None));
    let signed = |note: &str, key: &wire::note::NoteVerifier| {
        note::open(note, std::slice::from_ref(key)).is_ok()
    };
    assert!(signed(&before, &old.vkey) && !signed(&before, &new.vkey));
    let after = std::fs::read_to_string(node.data().join("log/checkpoint")).unwrap();
    assert!(signed(&after, &new.vkey) && !signed(&after, &old.vkey));
    seen.stop();
}

#[tokio::test]
async fn a_rotation_cut_short_before_its_entry_is_recorded_at_the_next_start_and_once() {
    let node = Node::init();
    // What `lgsp keys rotate` has done when it is killed before it reaches the log.
    let folder = KeyDirectory::open(node.data().join("keys")).unwrap();
    let mut keys = PlatformKeys::find(&folder, None).unwrap().unwrap();
    let retired = keys.validity(PlatformKey::Response).unwrap().keyid.clone();
    let at = UtcMicros::from_seconds(1_800_000_000);
    keys.rotate(PlatformKey::Response, &KeyPlace::Files, at, &SystemRandomness).unwrap();
    let keyid = keys.validity(PlatformKey::Response).unwrap().keyid.clone();

    // The first start is killed too.
    serve(&node).process.kill();
    for _ in 0..2 {
        let seen = Seen::serve(&node);
        let rotations = seen.rotations(AT_FIRST + 1).await;
        let subjects: Vec<_> = rotations.iter().map(|(subject, _)| subject).collect();
        let [subject] = subjects[..] else { panic!("{subjects:?}") };
        assert_eq!(
            (&subject["retired"], &subject["keyid"]),
            (&retired.to_string(), &keyid.to_string())
        );
        assert_eq!(subject["rotated_at"], at.to_string());
        seen.stop();
    }
    let said = node.run("token", &["--role", "auditor", "--organisation", "H24.18"]);
    assert_eq!(said.code, Some(0), "{said:?}");
}

#[test]
fn a_key_is_not_rotated_where_it_could_not_be_recorded() {
    let node = Node::init();
    let index = || std::fs::read(node.data().join("keys/platform.json")).unwrap();
    let before = index();
    std::fs::write(node.data().join("log/checkpoint"), "no checkpoint\n").unwrap();
    let said = rotate(&node, "log");
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("the evidence log cannot be opened"), "{}", said.err);
    assert_eq!(index(), before);
}

#[tokio::test]
async fn keys_that_are_lost_are_rotated_the_logs_first_and_old_evidence_stays_good() {
    let node = Node::init();
    let seen = Seen::serve(&node);
    let old = seen.bundle(0).await.expect("an entry");
    seen.stop();
    for entry in std::fs::read_dir(node.data().join("keys")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "pem") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let said = node.run("serve", &[]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("is missing") && said.err.contains("lgsp keys rotate"), "{said:?}");

    let said = rotate(&node, "response");
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("run `lgsp keys rotate --key log` first"), "{}", said.err);
    for key in ["log", "directory", "response"] {
        let said = rotate(&node, key);
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    let check = node.run("check", &[]);
    assert_eq!(check.code, Some(0), "{}", check.out);

    let seen = Seen::serve(&node);
    let rotations = seen.rotations(seen.entries().await).await;
    assert_eq!(rotations.len(), 3);
    let trust = node.folder.path().join("trust.json");
    std::fs::write(&trust, seen.trust().await.to_json().unwrap()).unwrap();
    let new = rotations.into_iter().map(|(_, bundle)| bundle);
    for bundle in new.chain([old]) {
        let file = node.folder.path().join("entry.asice");
        std::fs::write(&file, bundle).unwrap();
        let verified = run(&["verify", file.to_str().unwrap(), "--trust", trust.to_str().unwrap()]);
        assert_eq!(verified.code, Some(0), "{verified:?}");
    }
    seen.stop();
}
