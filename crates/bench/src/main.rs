//! `cargo xtask bench <name>` runs this against a build of the binary as it is released.
#![allow(clippy::print_stderr, reason = "a command line speaks there")]

use std::process::ExitCode;

/// The binary's allocator: the evidence log runs in this process.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "bench gateway LGSP [OPTIONS] | bench evidence [OPTIONS] | bench registry LGSP";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.split_first() {
        Some((name, rest)) if name == "gateway" => bench::gateway::run(rest),
        Some((name, rest)) if name == "evidence" => bench::evidence::run(rest),
        Some((name, rest)) if name == "registry" => bench::registry::run(rest),
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}
