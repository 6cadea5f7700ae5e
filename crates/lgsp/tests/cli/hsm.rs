//! All signing keys in a security module: a real `SoftHSM` with a token folder of its own.

use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use testkit::TestDatabase;
use testkit::process::Process;
use testkit::soft_hsm::{SOFTHSM2_CONF, SoftHsm};

use crate::binary::{Node, Said, lgsp, set_mode};
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
    let demo = demo(&module, &folder.path().join("demo"));
    let log = demo.manifest["logs"][0]["url"].as_str().unwrap();
    let note = demo.http().get(format!("{log}/checkpoint")).send().await.unwrap();
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
    let signing = "the token 'lgsp' holds the platform's signing keys (log, directory, response); ";
    assert!(check.out.contains(signing), "{}", check.out);
    assert!(check.out.contains("holds its other keys, not encrypted"), "{}", check.out);

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

#[test]
fn keys_of_a_token_that_is_lost_are_rotated_into_another_or_into_files() {
    let lost = Module::new();
    for (of, place) in [(Module::new(), Module::section()), (Module::new(), String::new())] {
        let node = lost.node();
        node.configure(&format!("{place}[control]\nlisten = \"127.0.0.1:0\"\n"));
        let refused = of.at(&node, &["serve"], PIN);
        assert!(refused.err.contains("is retired by `lgsp keys rotate`"), "{}", refused.err);
        for key in ["log", "directory", "response"] {
            let said = of.at(&node, &["keys", "rotate", "--key", key], PIN);
            assert_eq!(said.code, Some(0), "{said:?}");
        }
        assert_eq!(key_files(&node.data()).len(), if place.is_empty() { 3 } else { 0 });
        of.serves(&node);
        let check = of.at(&node, &["check"], PIN);
        assert!(check.code == Some(0) && check.out.contains("is whole"), "{}", check.out);
    }
}

/// A demo whose signing keys stand in the module's token.
fn demo(module: &Module, data: &Path) -> Demo {
    let mut command = module.lgsp(&[], PIN);
    command.env("LGSP__PKCS11__MODULE", Module::library()).env("LGSP__PKCS11__TOKEN", "lgsp");
    command.env("LGSP__LOG__LEVEL", "info");
    Demo::start_through(data, command)
}

/// Whether the answer to a call that asks for a signature has one; it is answered well anyway.
async fn is_signed(demo: &Demo) -> bool {
    let get = demo.caller().sign(&demo.units_url());
    let request = reqwest::Client::new()
        .get(get.url())
        .header("signature-input", &get.signed().signature_input)
        .header("signature", &get.signed().signature)
        .header("accept-signature", "mine=(\"@status\");created;keyid;tag=\"lgsp\"");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let is_signed = answer.headers().contains_key("signature");
    assert_eq!(answer.headers().contains_key("signature-input"), is_signed);
    is_signed
}

/// How many answers left unsigned, as the metrics say.
async fn unsigned(demo: &Demo) -> u64 {
    let metrics = reqwest::get(format!("{}/metrics", demo.text("operations"))).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    let lines = metrics.lines().filter(|line| !line.starts_with('#'));
    let counts = lines.filter_map(|line| line.split_once("lgsp_gateway_unsigned_answers_total "));
    counts.map(|(_, count)| count.parse::<u64>().unwrap()).sum()
}

#[tokio::test]
async fn an_answer_that_the_token_cannot_sign_leaves_unsigned_and_is_counted() {
    let module = Module::new();
    let folder = tempfile::tempdir().unwrap();
    let demo = demo(&module, &folder.path().join("demo"));
    assert!(is_signed(&demo).await);
    assert_eq!(unsigned(&demo).await, 0);
    module.0.hide_keys();
    for count in 1..=3 {
        assert!(!is_signed(&demo).await);
        assert_eq!(unsigned(&demo).await, count);
    }
    module.0.show_keys();
    assert!(is_signed(&demo).await);
    assert_eq!(unsigned(&demo).await, 3);
    assert_eq!(demo.stop(), Some(0));
}

#[tokio::test]
async fn a_change_that_the_token_cannot_sign_comes_into_force_by_itself_when_it_is_back() {
    let module = Module::new();
    let folder = tempfile::tempdir().unwrap();
    let mut demo = demo(&module, &folder.path().join("demo"));
    let organisation = demo.manifest["credentials"][0]["organisation"].as_str().unwrap();
    let portal = demo.text("portal").to_owned();
    let api = |path: &str| format!("{portal}/api/v1/{path}");
    let operator = demo.token("operator", None).to_owned();
    let in_force = async || {
        let request = reqwest::Client::new().get(api("directory")).bearer_auth(&operator);
        let answer = request.send().await.unwrap().text().await.unwrap();
        serde_json::from_str::<serde_json::Value>(&answer).unwrap()["root"].clone()
    };
    let before = in_force().await;
    module.0.hide_keys();
    let request = reqwest::Client::new()
        .post(api(&format!("organisations/{organisation}/rename")))
        .bearer_auth(&operator)
        .json(&serde_json::json!({ "name": "Sở Nội vụ và Đào tạo" }));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 503);
    let problem: serde_json::Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(problem["code"], "log.unavailable", "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("đã được ghi nhận"), "{problem}");
    assert_eq!(in_force().await, before, "what is not signed is not in force");
    module.0.show_keys();
    // Nobody asks again: the node tries by itself.
    demo.process.wait_for_line(|line| line.contains("the directory is published now"));
    assert_ne!(in_force().await, before);
    assert_eq!(demo.stop(), Some(0));
}

#[test]
fn a_node_takes_keys_made_by_other_means_from_a_slot_with_the_pin_of_a_file() {
    let module = Module::new();
    let node = Node::init();
    let tool = |words: &[&str]| {
        let mut tool = Command::new("pkcs11-tool");
        tool.args(["--module", Module::library(), "--token-label", "lgsp"]).args(words);
        let said = Said::from(tool.env(SOFTHSM2_CONF, module.0.config()).output().unwrap());
        assert_eq!(said.code, Some(0), "{said:?}");
        said.out
    };
    for (id, label) in [("01", "our log"), ("02", "our directory"), ("03", "our answers")] {
        let made = ["--keypairgen", "--key-type", "EC:edwards25519", "--label", label, "--id", id];
        tool(&[&["--login", "--pin", PIN], &made[..]].concat());
    }
    // The slot of a new token has a number of its own, which only the module knows.
    let slots = tool(&["--list-slots"]);
    let slot = slots.lines().zip(slots.lines().skip(1)).find(|(_, next)| next.contains(": lgsp"));
    let slot = slot.unwrap().0.split_once("(0x").unwrap().1.split_once(')').unwrap().0;
    let slot = u64::from_str_radix(slot, 16).unwrap();

    let pin_file = node.folder.path().join("pin");
    std::fs::write(&pin_file, format!("{PIN}\n")).unwrap();
    set_mode(&pin_file, 0o600);
    node.configure(&format!(
        "[pkcs11]\nmodule = \"{}\"\nslot = {slot}\npin_file = \"{}\"\nlog = \"our log\"\n\
         directory = \"our directory\"\nresponse = \"our answers\"\n[control]\n\
         listen = \"127.0.0.1:0\"\n",
        Module::library(),
        pin_file.display()
    ));
    let at = |words: &[&str]| {
        let mut command = lgsp(words);
        command.args(["--config", node.config().to_str().unwrap()]);
        Said::from(command.env(SOFTHSM2_CONF, module.0.config()).output().unwrap())
    };
    for key in ["log", "directory", "response"] {
        let said = at(&["keys", "rotate", "--key", key]);
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    let index = std::fs::read(node.data().join("keys/platform.json")).unwrap();
    let index: serde_json::Value = serde_json::from_slice(&index).unwrap();
    let keys = index["keys"].as_array().unwrap().iter().filter(|key| key["until"].is_null());
    let ids: Vec<&str> = keys.map(|key| key["token"]["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["01", "02", "03"]);
    assert_eq!(key_files(&node.data()), Vec::<String>::new());
    let check = at(&["check"]);
    assert_eq!(check.code, Some(0), "{check:?}");
    std::fs::write(&pin_file, "000000").unwrap();
    let wrong = at(&["check"]);
    assert!(wrong.code == Some(1) && wrong.out.contains("the PIN is refused"), "{wrong:?}");
}
