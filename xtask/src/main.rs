//! `cargo xtask <verb>`: what is more than one cargo command.
//!
//! Read first: [`main`], the list of verbs. `setup` brings the machine to where the tests can run,
//! `test` runs them, `check` is what a change must pass before its tests are worth running.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks there")]

mod bench;
mod check;
mod drill;
mod fuzz;
mod prerequisites;
mod run;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask <verb>

  setup    install what the tests need (Debian packages when root, a Python judge), or say what is missing
  test     setup, then every test of the workspace, and those concerned once more on PostgreSQL;
           further words go to `cargo test`
  check    rustfmt, clippy, cargo-deny and docs: what a change must pass before its tests
  fuzz     libFuzzer on one target, or on each: [target] [seconds, 60 unless said]
  drill    crash [ROUNDS]: kill -9 amid load, again and again, and see that nothing promised is lost;
           memory: huge bodies, idle connections, callers that never read, and what they cost
  bench    gateway [--quick]: a call beside nginx, haproxy, nginx with Lua and Envoy;
           evidence [--entries N]: what the log takes, how soon it proves, how it grows old;
           each rewrites its part of docs/performance.md
  docs     rewrite docs/errors.md from the error catalogue

Example: cargo xtask test -p gateway
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (verb, rest) = match words.split_first() {
        Some((verb, rest)) => (verb.as_str(), rest),
        None => ("", &[] as &[String]),
    };
    let done = match verb {
        "setup" => prerequisites::ensure().map(drop),
        "test" => check::test(rest),
        "check" => check::lint(),
        "fuzz" => fuzz::run(rest),
        "drill" => drill::run(rest),
        "bench" => bench::run(rest),
        "docs" => check::rewrite_error_page(),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cargo xtask {verb}: {error:#}");
            ExitCode::FAILURE
        }
    }
}
