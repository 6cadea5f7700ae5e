//! The verbs that judge a change, cheapest first.

use std::path::Path;

use anyhow::Result;

use crate::prerequisites;
use crate::run::{command, succeeds, visibly};

/// The version that reads this workspace's `deny.toml`.
const CARGO_DENY: &str = "0.20.2";

/// The crates whose tests run once more on PostgreSQL: those that keep something in a database.
const ON_POSTGRES: &[&str] = &["store", "evidence", "registry", "identity", "lgsp"];

/// Sets up what the tests need, then runs them all: once plainly, and those concerned once more on
/// PostgreSQL. With further words, runs the tests that they name, plainly.
pub(crate) fn test(words: &[String]) -> Result<()> {
    let python = prerequisites::ensure()?;
    // All failures of a run are worth knowing, not only those of the first crate that has one.
    let mut plain = command("cargo", &["test", "--no-fail-fast"]);
    plain.args(words).env("LGSP_TEST_PYTHON", &python);
    if !words.is_empty() {
        return visibly(plain);
    }
    plain.arg("--workspace");
    let plain = visibly(plain);
    // Starts a server of its own, unless LGSP_TEST_POSTGRES_URL names one, and stops it.
    let with_postgres = ["run", "--quiet", "--package", "testkit", "--bin", "with-postgres", "--"];
    let mut shared = command("cargo", &with_postgres);
    shared.args(["cargo", "test", "--no-fail-fast"]);
    shared.args(ON_POSTGRES.iter().flat_map(|name| ["--package", *name]));
    shared.env("LGSP_TEST_DATABASE", "postgres").env("LGSP_TEST_PYTHON", &python);
    let shared = visibly(shared);
    let (tls, h2) = (over("tls", &python), over("h2", &python));
    plain.and(shared).and(tls).and(h2)
}

/// The modules of the binary's own suite that run over each transport: those that make calls. The
/// others look at files, command lines and processes; `tls` and `proxies` choose for themselves.
const OVER_EACH_TRANSPORT: &[&str] = &["call::", "cell::", "demo::", "drill::", "shared::"];

/// The suites that call, over another transport: the gateway's, whose `cell.rs` lists what only
/// HTTP/1.1 knows, and the binary's.
fn over(cell: &str, python: &Path) -> Result<()> {
    let run = |suite: &[&str], modules: &[&str]| {
        let mut tests = command("cargo", &["test", "--no-fail-fast"]);
        tests.args(suite).arg("--").args(modules);
        tests.env("LGSP_TEST_TRANSPORT", cell).env("LGSP_TEST_PYTHON", python);
        visibly(tests)
    };
    let gateway = run(&["--package", "gateway", "--test", "gateway"], &[]);
    gateway.and(run(&["--package", "lgsp", "--test", "cli"], OVER_EACH_TRANSPORT))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::workspace_root;

    #[test]
    fn no_module_that_runs_over_each_transport_has_got_another_name() {
        let suite = workspace_root().join("crates/lgsp/tests/cli");
        for module in OVER_EACH_TRANSPORT {
            let file = suite.join(module.replace("::", ".rs"));
            assert!(file.is_file(), "{}", file.display());
        }
    }
}
