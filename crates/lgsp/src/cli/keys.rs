//! `lgsp keys`: what is done to the platform's keys on a stopped node.
//!
//! **Trust**: whoever has the machine and the secret; nothing of it goes over a network.

mod protect;
mod rotate;

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

const EXAMPLE: &str = "Examples:
  lgsp keys protect --config /etc/lgsp/lgsp.toml --passphrase
  lgsp keys rotate --config /etc/lgsp/lgsp.toml --key response";

#[derive(Debug, Subcommand)]
enum Command {
    Protect(protect::Options),
    Rotate(rotate::Options),
}

/// Runs the command.
pub fn run(options: &Options) -> Result<ExitCode, Complaint> {
    match &options.command {
        Command::Protect(options) => protect::run(options),
        Command::Rotate(options) => rotate::run(options),
    }
}
