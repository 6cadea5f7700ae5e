//! `cargo xtask drill <name>` runs this against a release build.
#![allow(clippy::print_stderr, reason = "a command line speaks there")]

use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "drill crash LGSP [ROUNDS] | drill memory LGSP | drill merge LGSP";

/// How often a process is killed unless the command line says otherwise.
const ROUNDS: u64 = 20;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["crash", lgsp] => crash(lgsp.into(), ROUNDS).await,
        ["crash", lgsp, rounds] if let Ok(rounds) = rounds.parse() => {
            crash(lgsp.into(), rounds).await;
        }
        ["merge", lgsp] => drill::merge::run(&PathBuf::from(lgsp), drill::merge::FULL).await,
        ["memory", lgsp] => drill::memory::run(&PathBuf::from(lgsp)).await,
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

async fn crash(lgsp: PathBuf, rounds: u64) {
    drill::crash::one_process(&lgsp, rounds).await;
    drill::crash::two_processes(&lgsp, rounds).await;
}
