//! All signing keys in a security module: a real `SoftHSM` with a token folder of its own.

use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use testkit::TestDatabase;
use testkit::process::Process;
use testkit::soft_hsm::{SOFTHSM2_CONF, SoftHsm};

use crate::binary::{Node, Said, lgsp};
use crate::running::Demo;

const PIN: &str = SoftHsm::PIN;

/// A security module, and `lgsp` that finds it.
struct Module(SoftHsm);

impl Module {
    fn new() -> Self {
        Self(SoftHsm::new())
    }

    fn library() -> &'static str {
        SoftHsm::library().to_str().unwrap()
    }

    /// The section of a configuration that names it.
    fn section() -> String {
        format!("[pkcs11]\nmodule = \"{}\"\ntoken = \"lgsp\"\n", Self::library())
    }

    /// `lgsp` that finds the module, with this PIN.
    fn lgsp(&self, words: &[&str], pin: &str) -> Command {
        let mut command = lgsp(words);
        command.env(SOFTHSM2_CONF, self.0.config()).env("LGSP_KEYS_PIN", pin);
        command
    }

    fn at(&self, node: &Node, words: &[&str], pin: &str) -> Said {
        let config = node.config();
        let mut command = self.lgsp(words, pin);
        Said::from(command.args(["--config", config.to_str().unwrap()]).output().unwrap())
    }

    /// A node whose keys were made in the token.
    fn node(&self) -> Node {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("lgsp.toml");
        let database = TestDatabase::new(folder.path().join("data/platform.db"));
        let words = ["init", "--config", config.to_str().unwrap(), "--origin", "lgsp.test-1"];
        let roles = ["--operator", "H24.15.1", "--state-manager", "H24.15", "--auditor", "H24.18"];
        let mut module = vec!["--pkcs11-module", Self::library(), "--pkcs11-token", "lgsp"];
        if database.is_shared() {
            module.extend(["--database", database.url()]);
        }
        let mut init = self.lgsp(&[&words[..], &roles, &module].concat(), PIN);
        let said = Said::from(init.output().unwrap());
        assert_eq!(said.code, Some(0), "{said:?}");
        let node = Node { folder, database, tokens: Vec::new() };
        configure(&node);
        node
    }

    fn serves(&self, node: &Node) {
        let config = node.config();
        let mut command = self.lgsp(&["serve", "--config", config.to_str().unwrap()], PIN);
        let mut process = Process::start_command(&mut command);
        process.wait_for_line(|line| line.contains("\"listening\""));
        process.terminate();
        let (ended, said) = process.wait();
        assert_eq!(ended.code(), Some(0), "{said}");
    }
}

fn configure(node: &Node) {
    let section = Module::section();
    node.configure(&format!("{section}[control]\nlisten = \"127.0.0.1:0\"\n"));
}

/// Names of the private keys that stand in files.
fn key_files(data: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(data.join("keys")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("platform-")).collect()
}

#[test]
fn the_whole_story_goes_well_with_every_signing_key_in_a_token() {
    let module = Module::new();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let mut story = module.lgsp(&["demo", "--once", "--data", data.to_str().unwrap()], PIN);
    story.env("LGSP__PKCS11__MODULE", Module::library()).env("LGSP__PKCS11__TOKEN", "lgsp");
    let said = Said::from(story.output().unwrap());
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    assert_eq!(key_files(&data), Vec::<String>::new());
}

#[tokio::test]
async fn openssl_verifies_a_checkpoint_that_the_token_signed() {
    let module = Module::new();
    let folder = tempfile::tempdir().unwrap();
    let mut command = module.lgsp(&[], PIN);
    command.env("LGSP__PKCS11__MODULE", Module::library()).env("LGSP__PKCS11__TOKEN", "lgsp");
    let demo = Demo::start_through(&folder.path().join("demo"), command);
    let log = demo.manifest["logs"][0]["url"].as_str().unwrap();
    let note = reqwest::get(format!("{log}/checkpoint")).await.unwrap();
    let note = note.text().await.unwrap();

    let (text, signatures) = note.split_once("\n\n").unwrap();
    let signature = signatures.lines().next().unwrap().rsplit(' ').next().unwrap();
    let signature = STANDARD.decode(signature).unwrap().split_off(4);
    let vkey = demo.manifest["logs"][0]["vkey"].as_str().unwrap();
    let public = STANDARD.decode(vkey.splitn(3, '+').nth(2).unwrap()).unwrap().split_off(1);
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    // RFC 8410: a public key is this and 32 bytes.
    write("public.der", &[&hex::decode("302a300506032b6570032100").unwrap()[..], &public].concat());
    write("signature", &signature);
    for (content, good) in [(format!("{text}\n"), true), (format!("{text} \n"), false)] {
        write("message", content.as_bytes());
        let verify = "pkeyutl -verify -pubin -keyform DER -inkey public.der -rawin -in message \
                      -sigfile signature";
        let judge = Command::new("openssl")
            .args(verify.split_whitespace())
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(judge.status.success(), good, "{judge:?}");
    }
    assert_eq!(demo.stop(), Some(0));
}

#[test]
fn a_node_with_its_keys_in_a_token_serves_and_says_what_is_wrong_with_the_token() {
    let module = Module::new();
    let node = module.node();
    assert_eq!(key_files(&node.data()), Vec::<String>::new());
    module.serves(&node);
    let check = module.at(&node, &["check"], PIN);
    assert_eq!(check.code, Some(0), "{check:?}");

    let wrong = module.at(&node, &["serve"], "000000");
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
    assert!(wrong.err.contains("the PIN is refused"), "{}", wrong.err);
    assert!(wrong.err.contains("LGSP_KEYS_PIN") && !wrong.err.contains("000000"), "{}", wrong.err);
    let check = module.at(&node, &["check"], "000000");
    assert_eq!(check.code, Some(1), "{check:?}");
    assert!(check.out.contains("the PIN is refused"), "{}", check.out);

    let silent = Said::from(
        lgsp(&["serve", "--config", node.config().to_str().unwrap()])
            .env(SOFTHSM2_CONF, module.0.config())
            .output()
            .unwrap(),
    );
    assert!(silent.err.contains("its PIN was not given"), "{silent:?}");

    let other = Module::new();
    let lost = other.at(&node, &["serve"], PIN);
    assert_eq!(lost.code, Some(1), "{lost:?}");
    assert!(lost.err.contains("is not in it"), "{}", lost.err);
    node.configure("[control]\nlisten = \"127.0.0.1:0\"\n");
    let unset = module.at(&node, &["serve"], PIN);
    assert!(unset.err.contains("no security module is set"), "{unset:?}");
    let absent = Module::section().replace("\"lgsp\"", "\"absent\"");
    node.configure(&format!("{absent}[control]\nlisten = \"127.0.0.1:0\"\n"));
    let absent = module.at(&node, &["serve"], PIN);
    assert!(absent.err.contains("the token 'absent': it is not there"), "{absent:?}");
    let slotless = format!("[pkcs11]\nmodule = \"{}\"\n", Module::library());
    node.configure(&format!("{slotless}[control]\nlisten = \"127.0.0.1:0\"\n"));
    let slotless = module.at(&node, &["serve"], PIN);
    assert_eq!(slotless.code, Some(2), "{slotless:?}");
    assert!(slotless.err.contains("`pkcs11.token` must be set"), "{}", slotless.err);
}

#[test]
fn rotation_moves_the_keys_of_a_node_into_a_token_and_the_log_goes_on() {
    let module = Module::new();
    let node = Node::init();
    assert_eq!(key_files(&node.data()).len(), 3);
    configure(&node);
    for key in ["log", "directory", "response"] {
        let said = module.at(&node, &["keys", "rotate", "--key", key, "--json"], PIN);
        assert_eq!(said.code, Some(0), "{said:?}");
        let said: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        assert_ne!(said["keyid"], said["retired"]);
    }
    assert_eq!(key_files(&node.data()), Vec::<String>::new());
    module.serves(&node);
    let check = module.at(&node, &["check"], PIN);
    assert!(check.out.contains("is whole"), "{check:?}");
}
