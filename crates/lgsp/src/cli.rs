//! The commands. Each has its page in this folder: its options, and `run`, which does it.
//!
//! **Invariant**: exit code 0: done, or the answer is yes; 1: it could not be done, or the answer
//! is no; 2: the command or its configuration was wrong.

pub mod apply;
pub mod call;
pub mod check;
mod control;
pub mod credential;
pub mod demo;
pub mod export;
pub mod import;
pub mod init;
pub mod keys;
pub mod language;
pub mod serve;
pub mod token;
pub mod verify;
pub mod witness;

use std::ffi::OsString;
use std::future::Future;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::complaint::Complaint;

/// Share data between agencies with proof: who asked, for what purpose, under which permission,
/// what was answered, when.
#[derive(Debug, Parser)]
#[command(name = "lgsp", version, arg_required_else_help = true, after_help = EXAMPLE)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLE: &str = "Example:\n  lgsp demo --once    see the whole platform at work in a minute";

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Options),
    Serve(serve::Options),
    Init(init::Options),
    Check(check::Options),
    Token(token::Options),
    Keys(keys::Options),
    Import(import::Options),
    Export(export::Options),
    Apply(apply::Options),
    Credential(credential::Options),
    Call(Box<call::Options>),
    Verify(verify::Options),
    Witness(witness::Options),
}

/// Reads the command line and does what it says.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let line = match Line::try_parse_from(arguments) {
        Ok(line) => line,
        Err(error) => {
            // `--help` and `--version` come here too, with exit code 0 and standard output.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let done = match line.command {
        Command::Demo(options) => demo::run(options),
        Command::Serve(options) => serve::run(&options),
        Command::Init(options) => init::run(&options),
        Command::Check(options) => check::run(&options),
        Command::Token(options) => token::run(&options),
        Command::Keys(options) => keys::run(&options),
        Command::Import(options) => import::run(&options),
        Command::Export(options) => export::run(&options),
        Command::Apply(options) => apply::run(&options),
        Command::Credential(options) => credential::run(&options),
        Command::Call(options) => call::run(*options),
        Command::Verify(options) => verify::run(&options),
        Command::Witness(options) => witness::run(&options),
    };
    done.unwrap_or_else(|complaint| complaint.tell())
}

/// Runs a command's work on a runtime of its own, to its end.
fn on_runtime<T>(work: impl Future<Output = Result<T, Complaint>>) -> Result<T, Complaint> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Complaint::new(
            format_args!("the operating system gives no threads or no event queue: {error}"),
            "raise this user's limits on processes and open files (ulimit -u, ulimit -n)",
        )
    })?;
    runtime.block_on(work)
}

/// All environment variables that are text; others can't name a key or give a value.
fn environment() -> Vec<(String, String)> {
    let text = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}
