//! Keys encrypted at rest: `lgsp init --protect`, `lgsp keys protect`, and what a start needs then.

use std::path::Path;
use std::process::Command;

use testkit::TestDatabase;
use testkit::process::Process;

use crate::binary::{Node, Said, lgsp, set_mode};

const FIRST: &str = "correct horse battery";
const SECOND: &str = "staple horse correct";

/// `lgsp` at a node, with these variables.
fn at(node: &Node, words: &[&str], variables: &[(&str, &str)]) -> Said {
    let config = node.config();
    let mut command = lgsp(words);
    command.args(["--config", config.to_str().unwrap()]).envs(variables.iter().copied());
    Said::from(command.output().unwrap())
}

fn protect(node: &Node, how: &[&str], variables: &[(&str, &str)]) {
    let said = at(node, &[&["keys", "protect"], how].concat(), variables);
    assert_eq!(said.code, Some(0), "{said:?}");
}

/// The configuration of a node whose keys are protected so.
fn configure(node: &Node, keys: &str) {
    node.configure(&format!("[keys]\n{keys}\n[control]\nlisten = \"127.0.0.1:0\"\n"));
}

/// Starts the node and stops it again.
fn serves(node: &Node, variables: &[(&str, &str)]) {
    let config = node.config();
    let mut command = lgsp(&["serve", "--config", config.to_str().unwrap()]);
    let mut process = Process::start_command(command.envs(variables.iter().copied()));
    process.wait_for_line(|line| line.contains("\"listening\""));
    process.terminate();
    let (ended, said) = process.wait();
    assert_eq!(ended.code(), Some(0), "{said}");
}

/// A refusal to start: its words.
fn refused(node: &Node, variables: &[(&str, &str)]) -> String {
    let said = at(node, &["serve"], variables);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("next step:"), "{}", said.err);
    said.err
}

/// Whether a private key or a ring can be read from the key folder.
fn shows_keys(node: &Node) -> bool {
    let keys = node.data().join("keys");
    let folders = [keys.clone(), keys.join("detail")];
    let entries = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let files = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let texts: Vec<Vec<u8>> = files.map(|path| std::fs::read(path).unwrap()).collect();
    let has =
        |words: &[u8]| texts.iter().any(|text| text.windows(words.len()).any(|part| part == words));
    has(b"PRIVATE KEY") || has(b"lgsp keys 1")
}

#[test]
fn a_node_whose_keys_are_encrypted_serves_with_the_passphrase_and_with_no_other() {
    let node = Node::init();
    assert!(shows_keys(&node), "the search finds what is plain");
    protect(&node, &["--passphrase"], &[("LGSP_KEYS_PASSPHRASE", FIRST)]);
    assert!(!shows_keys(&node));

    let told = refused(&node, &[]);
    assert!(told.contains("set keys.protection to \"passphrase\""), "{told}");
    configure(&node, "protection = \"passphrase\"");
    serves(&node, &[("LGSP_KEYS_PASSPHRASE", FIRST)]);
    let told = refused(&node, &[("LGSP_KEYS_PASSPHRASE", SECOND)]);
    assert!(told.contains("the passphrase does not open the keys"), "{told}");
    assert!(!told.contains("restore") && told.contains("nothing is damaged"), "{told}");
    let told = refused(&node, &[]);
    assert!(told.contains("none was given") && told.contains("LGSP_KEYS_PASSPHRASE"), "{told}");

    let check = at(&node, &["check"], &[("LGSP_KEYS_PASSPHRASE", FIRST)]);
    assert_eq!(check.code, Some(0), "{check:?}");
    assert!(check.out.contains("encrypted with the passphrase"), "{}", check.out);
    let check = at(&node, &["check"], &[("LGSP_KEYS_PASSPHRASE", SECOND)]);
    assert_eq!(check.code, Some(1), "{check:?}");
    assert!(!shows_keys(&node));
}

#[test]
fn the_passphrase_comes_from_its_file_or_from_a_credential() {
    let node = Node::init();
    protect(&node, &["--passphrase"], &[("LGSP_KEYS_PASSPHRASE", FIRST)]);
    let file = node.folder.path().join("lgsp-keys-passphrase");
    std::fs::write(&file, format!("{FIRST}\n")).unwrap();
    set_mode(&file, 0o600);
    configure(&node, "protection = \"passphrase\"\npassphrase_file = \"lgsp-keys-passphrase\"");
    serves(&node, &[]);
    configure(&node, "protection = \"passphrase\"");
    serves(&node, &[("CREDENTIALS_DIRECTORY", node.folder.path().to_str().unwrap())]);
    set_mode(&file, 0o644);
    let told = refused(&node, &[("CREDENTIALS_DIRECTORY", node.folder.path().to_str().unwrap())]);
    assert!(told.contains("mode 0644"), "{told}");
}

#[test]
fn what_encrypts_the_keys_can_be_changed_and_taken_away() {
    let node = Node::init();
    let old = ("LGSP_KEYS_PASSPHRASE", FIRST);
    protect(&node, &["--passphrase"], &[old]);
    protect(&node, &["--passphrase"], &[old, ("LGSP_KEYS_NEW_PASSPHRASE", SECOND)]);
    configure(&node, "protection = \"passphrase\"");
    refused(&node, &[old]);
    let old = ("LGSP_KEYS_PASSPHRASE", SECOND);
    serves(&node, &[old]);

    let safe = tempfile::tempdir().unwrap();
    let secret = safe.path().join("lgsp.secret");
    protect(&node, &["--key-file", secret.to_str().unwrap()], &[old]);
    let told = refused(&node, &[old]);
    assert!(told.contains("encrypted with the key file"), "{told}");
    let key_file = format!("protection = \"key_file\"\nkey_file = \"{}\"", secret.display());
    configure(&node, &key_file);
    serves(&node, &[]);
    assert!(!shows_keys(&node));
    let aside = safe.path().join("aside");
    std::fs::rename(&secret, &aside).unwrap();
    let told = refused(&node, &[]);
    assert!(told.contains("lgsp.secret is missing"), "{told}");
    std::fs::rename(&aside, &secret).unwrap();

    protect(&node, &["--none"], &[]);
    let told = refused(&node, &[]);
    assert!(told.contains("not encrypted, and keys.protection is \"key_file\""), "{told}");
    assert!(told.contains("lgsp keys protect"), "{told}");
    configure(&node, "");
    serves(&node, &[]);
}

#[test]
fn a_ring_of_secrets_that_stands_apart_goes_along_with_the_keys() {
    let node = Node::init();
    let ring = node.data().with_file_name("ring");
    std::fs::create_dir(&ring).unwrap();
    set_mode(&ring, 0o700);
    let file = ring.join("secret-ring.key");
    std::fs::copy(node.data().join("keys/secret-ring.key"), &file).unwrap();
    let plain = std::fs::read(&file).unwrap();
    let apart = format!("secrets_directory = \"{}\"", ring.display());
    configure(&node, &apart);
    let old = ("LGSP_KEYS_PASSPHRASE", FIRST);
    protect(&node, &["--passphrase"], &[old]);
    assert_ne!(std::fs::read(&file).unwrap(), plain);
    protect(&node, &["--passphrase"], &[old, ("LGSP_KEYS_NEW_PASSPHRASE", SECOND)]);
    configure(&node, &format!("{apart}\nprotection = \"passphrase\""));
    let new = ("LGSP_KEYS_PASSPHRASE", SECOND);
    serves(&node, &[new]);
    protect(&node, &["--none"], &[new]);
    assert_eq!(std::fs::read(&file).unwrap(), plain);
}

#[test]
fn a_node_can_be_made_with_encrypted_keys() {
    let folder = tempfile::tempdir().unwrap();
    let safe = tempfile::tempdir().unwrap();
    let secret = safe.path().join("lgsp.secret");
    let init = |more: &[&str]| {
        let config = folder.path().join("lgsp.toml");
        let words = ["init", "--config", config.to_str().unwrap(), "--origin", "lgsp.test-1"];
        let roles = ["--operator", "H24.15.1", "--state-manager", "H24.15", "--auditor", "H24.18"];
        lgsp(&[&words[..], &roles, more].concat())
    };
    let short = init(&["--protect", "passphrase"])
        .env("LGSP_KEYS_PASSPHRASE", "too short")
        .output()
        .unwrap();
    let short = Said::from(short);
    assert_eq!(short.code, Some(1), "{short:?}");
    assert!(short.err.contains("14 characters"), "{}", short.err);

    let within = folder.path().join("data/lgsp.secret");
    let within = ["--protect", "key_file", "--key-file", within.to_str().unwrap()];
    let within = Said::from(init(&within).output().unwrap());
    assert_eq!(within.code, Some(1), "{within:?}");
    assert!(within.err.contains("beside what it is to protect"), "{}", within.err);

    let made = ["--protect", "key_file", "--key-file", secret.to_str().unwrap()];
    let made = Said::from(init(&made).output().unwrap());
    assert_eq!(made.code, Some(0), "{made:?}");
    let database = TestDatabase::new(folder.path().join("data/platform.db"));
    let node = Node { folder, database, tokens: Vec::new() };
    assert!(!shows_keys(&node));
    let config = std::fs::read_to_string(node.config()).unwrap();
    assert!(config.contains("\nprotection = \"key_file\""), "{config}");
    configure(&node, &format!("protection = \"key_file\"\nkey_file = \"{}\"", secret.display()));
    serves(&node, &[]);
}

#[test]
fn on_a_terminal_the_passphrase_is_asked_for_and_not_shown() {
    let node = Node::init();
    let config = node.config();
    let shown = on_a_terminal(
        &["keys", "protect", "--passphrase", "--config", config.to_str().unwrap()],
        &[FIRST, FIRST],
    );
    assert!(shown.contains("New passphrase of the keys: "), "{shown}");
    assert!(shown.contains("The same again: "), "{shown}");
    assert!(shown.contains("are encrypted with the passphrase"), "{shown}");
    assert!(!shown.contains("horse"), "{shown}");
    configure(&node, "protection = \"passphrase\"");
    let words = ["check", "--config", config.to_str().unwrap()];
    let shown = on_a_terminal(&words, &[FIRST]);
    assert!(shown.contains("is whole: 3 entries"), "{shown}");
    assert!(!shown.contains("horse"), "{shown}");
    let shown = on_a_terminal(&words, &[SECOND]);
    assert!(shown.contains("does not open the keys"), "{shown}");
    let shown = on_a_terminal(&words, &["\u{3}"]);
    assert!(shown.contains("none was given"), "{shown}");
}

/// What a person sees who types these lines, each when asked: Python holds the other end of the
/// terminal.
fn on_a_terminal(words: &[&str], lines: &[&str]) -> String {
    const PERSON: &str = "\
import os, pty, signal, sys, json
signal.alarm(120)
words, lines = json.loads(sys.argv[1]), json.loads(sys.argv[2])
child, terminal = pty.fork()
if child == 0:
    os.execv(words[0], words)
seen = b''
asked = 0
while True:
    try:
        piece = os.read(terminal, 1024)
    except OSError:
        break
    if not piece:
        break
    seen += piece
    while asked < len(lines) and seen.count(b': ') > asked and seen.rstrip(b' ').endswith(b':'):
        os.write(terminal, (lines[asked] + '\\n').encode())
        asked += 1
        break
os.waitpid(child, 0)
sys.stdout.buffer.write(seen)
";
    let binary = lgsp(words);
    let words: Vec<&str> = std::iter::once(binary.get_program().to_str().unwrap())
        .chain(words.iter().copied())
        .collect();
    let mut person = Command::new("python3");
    person.arg("-c").arg(PERSON);
    person.args([serde_json::to_string(&words).unwrap(), serde_json::to_string(lines).unwrap()]);
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("LGSP_"))
    {
        person.env_remove(name);
    }
    person.current_dir(Path::new("/"));
    let said = Said::from(person.output().unwrap());
    assert_eq!(said.code, Some(0), "{said:?}");
    said.out
}
