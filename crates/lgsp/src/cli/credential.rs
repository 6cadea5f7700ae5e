//! `lgsp credential`: what an organisation does about the keys of its own systems.
//!
//! **Invariant**: a private key is made here, written to a file that only this user may read, and never
//! sent: what goes to the platform is a certificate request, which shows that its sender has the key.
//! A file that is there is never written over.

mod compromised;
mod key_file;
mod new;
mod registered;
mod rotate;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::complaint::Complaint;

/// Make, replace and give up the keys of a system; private keys stay on this machine.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLE: &str = "Examples (codes are illustrative):
  lgsp credential new H24.14/mot-cua --key mot-cua.pem --register --token-file admin.token
  lgsp credential rotate k-0f3a9c5511d2e8b7 --key mot-cua-2.pem --token-file admin.token
  lgsp credential compromised H24.14/mot-cua --reason 'Máy chủ bị xâm nhập' --token-file admin.token";

#[derive(Debug, Subcommand)]
enum Command {
    New(new::Options),
    Rotate(rotate::Options),
    Compromised(compromised::Options),
}

/// Runs the command.
pub fn run(options: &Options) -> Result<ExitCode, Complaint> {
    match &options.command {
        Command::New(options) => new::run(options),
        Command::Rotate(options) => rotate::run(options),
        Command::Compromised(options) => compromised::run(options),
    }
}
