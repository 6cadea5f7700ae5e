//! The binary `lgsp`: its commands, its configuration, and how the platform is put together.
//!
//! Read first: [`cli`] (the commands), then [`assembly`] (one [`assembly::Platform`] from one
//! [`config::Config`]), then [`demo`] (a city in one process).
//!
//! **Invariant**: a command ends with 0 (done, or yes), 1 (no) or 2 (used wrongly), says what is
//! wrong and what to do next, and never panics. **Trust**: this crate hands every other one its
//! keys; whoever controls it controls the node.

pub mod access_log;
pub mod ambient;
pub mod assembly;
pub mod cli;
pub mod complaint;
pub mod config;
mod control_api;
pub mod demo;
pub mod evidence_api;
pub mod signals;
pub mod telemetry;
pub mod terminal;

use std::ffi::OsString;
use std::process::ExitCode;

/// Does what the command line says; the first of `arguments` is the program's name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    cli::run(arguments)
}
