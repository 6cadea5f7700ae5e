//! The verbs that judge a change, cheapest first.

use anyhow::Result;

use crate::prerequisites;
use crate::run::{command, succeeds, visibly};

/// The version that reads this workspace's `deny.toml`.
const CARGO_DENY: &str = "0.20.2";

/// Sets up what the tests need, then runs them all, or those the further words name.
pub(crate) fn test(words: &[String]) -> Result<()> {
    let python = prerequisites::ensure()?;
    // All failures of a run are worth knowing, not only those of the first crate that has one.
    let mut tests = command("cargo", &["test", "--no-fail-fast"]);
    if words.is_empty() {
        tests.arg("--workspace");
    }
    tests.args(words).env("LGSP_TEST_PYTHON", python);
    visibly(tests)
}

/// What a change must pass before its tests are worth running.
pub(crate) fn lint() -> Result<()> {
    visibly(command("cargo", &["fmt", "--all", "--check"]))?;
    ensure_cargo_deny()?;
    visibly(command("cargo", &["deny", "check", "bans", "licenses", "sources"]))?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    visibly(command("cargo", &clippy))?;
    let mut docs = command("cargo", &["doc", "--workspace", "--no-deps"]);
    docs.env("RUSTDOCFLAGS", "-D warnings");
    visibly(docs)
}

/// Lets the test that compares `docs/errors.md` with the error catalogue write it instead.
pub(crate) fn rewrite_error_page() -> Result<()> {
    let mut page = command("cargo", &["test", "-p", "wire", "error_code"]);
    page.env("UPDATE_DOCS", "1");
    visibly(page)
}

fn ensure_cargo_deny() -> Result<()> {
    if succeeds(command("cargo", &["deny", "--version"])) {
        return Ok(());
    }
    // A debug build of the tool: it is run once, so a shorter build is worth more than a faster run.
    let install = ["install", "cargo-deny", "--version", CARGO_DENY, "--locked", "--debug"];
    visibly(command("cargo", &install))
}
