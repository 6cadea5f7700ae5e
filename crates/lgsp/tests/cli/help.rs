//! What each command says of itself.

use crate::binary::run;

#[test]
fn every_command_explains_itself_with_an_example() {
    for command in [
        "",
        "demo",
        "serve",
        "init",
        "check",
        "token",
        "keys",
        "import",
        "export",
        "apply",
        "credential",
        "call",
        "verify",
        "witness",
    ] {
        let arguments: Vec<&str> =
            [command, "--help"].into_iter().filter(|a| !a.is_empty()).collect();
        let said = run(&arguments);
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(said.out.contains("Example"), "{command} shows no example:\n{}", said.out);
        let name = if command.is_empty() { "help" } else { command };
        insta::assert_snapshot!(format!("help_{name}"), said.out);
    }
}

#[test]
fn what_help_says_of_exit_codes_is_true() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let no_bundle = file("call.asice", "nothing");
    let trust = file("trust.json", r#"{"v":1}"#);
    let secret = file("secret", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=");
    let signed = ["--key", &secret, "--keyid", "k1"];
    let nobody = "http://127.0.0.1:1/a";
    for (words, says, code) in [
        (&["verify", &no_bundle, "--trust", &trust][..], "1 if it is refused", 1),
        (&["verify", "nowhere", "--trust", &trust], "2 if the bundle or the trust file", 2),
        (&["verify", &no_bundle, "--trust", "nowhere"], "2 if the bundle or the trust file", 2),
        (&[&["call", "GET", nobody][..], &signed].concat(), "or no whole answer came", 1),
        (&["call", "GET", nobody], "2 if the call cannot be made as it was asked for", 2),
        (&[&["call", "GET", "ftp://a"][..], &signed].concat(), "2 if the call cannot be made", 2),
    ] {
        let said = run(words);
        assert_eq!(said.code, Some(code), "{words:?}: {said:?}");
        let help = run(&[words[0], "--help"]).out;
        assert!(help.contains(says), "{help}");
    }
}

#[test]
fn a_command_that_does_not_exist_is_a_usage_error() {
    let said = run(&["deom"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("demo"), "{}", said.err);
}

#[test]
fn nothing_at_all_shows_the_help() {
    let said = run(&[]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("Usage"), "{}", said.err);
}
