//! `cargo xtask bench <name>` runs this against a build of the binary as it is released.
#![allow(clippy::print_stderr, reason = "a command line speaks there")]

use std::process::ExitCode;

const USAGE: &str = "bench gateway LGSP | bench evidence LGSP";

fn main() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}
