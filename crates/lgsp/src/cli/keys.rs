//! `lgsp keys`: what is done to the platform's keys on a stopped node.
//!
//! **Trust**: whoever has the machine and the secret; nothing of it goes over a network.

mod protect;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::complaint::Complaint;

/// Look after the platform's keys on a stopped node.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLE: &str = "Example:
  lgsp keys protect --config /etc/lgsp/lgsp.toml --passphrase";

#[derive(Debug, Subcommand)]
enum Command {
    Protect(protect::Options),
}

/// Runs the command.
pub fn run(options: &Options) -> Result<ExitCode, Complaint> {
    match &options.command {
        Command::Protect(options) => protect::run(options),
    }
}
