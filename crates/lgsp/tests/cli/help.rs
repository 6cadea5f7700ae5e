//! What each command says of itself.

use crate::binary::run;

#[test]
fn every_command_explains_itself_with_an_example() {
    for command in ["", "demo", "serve", "init", "check", "token", "keys", "call", "verify"] {
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
