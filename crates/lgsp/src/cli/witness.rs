//! `lgsp witness`: what another organisation runs so that the log's operator cannot rewrite it
//! unseen.
//!
//! **Trust**: the witness has nothing of the platform but the public keys of its logs.

mod add;
mod init;
mod remove;
mod serve;

use std::process::ExitCode;

use ::witness::folder::FolderError;
use clap::{Args, Subcommand};

use crate::complaint::Complaint;

/// Run a witness: it cosigns the checkpoints of a log as long as the log only grows.
///
/// For an organisation other than the log's operator. A checkpoint that does not continue what was
/// cosigned before is refused and kept: with both, anyone can show that the log was rewritten.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLE: &str = "Examples:
  lgsp witness init --folder /var/lib/witness --name witness.haiphong.gov.vn/thanh-tra
  lgsp witness add --folder /var/lib/witness --trust lgsp-trust.json
  lgsp witness serve --folder /var/lib/witness --listen 127.0.0.1:9180";

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Options),
    Add(add::Options),
    Remove(remove::Options),
    Serve(serve::Options),
}

/// Runs the command.
pub fn run(options: &Options) -> Result<ExitCode, Complaint> {
    match &options.command {
        Command::Init(options) => init::run(options),
        Command::Add(options) => add::run(options),
        Command::Remove(options) => remove::run(options),
        Command::Serve(options) => serve::run(options),
    }
}

fn complaint(error: &FolderError) -> Complaint {
    use ::witness::WitnessError::{Damaged, Disk, Forgotten, Name, Twice};
    let next_step = match error {
        FolderError::Taken(_) => "name another folder, or go on with the witness that is there",
        FolderError::Missing(_) => "run `lgsp witness init` first, or set --folder",
        FolderError::Busy(_) => "stop the other `lgsp witness` first",
        FolderError::Name(_) | FolderError::Witness(Name(_)) => {
            "give a name like witness.haiphong.gov.vn/thanh-tra: no white space and no '+'"
        }
        FolderError::Origin(_) => "ask the log's operator for its verifier key",
        FolderError::Witness(Forgotten(_) | Damaged(_)) => {
            "put the memory back only if nothing was cosigned since it was copied; otherwise give this \
             witness up: make another with `lgsp witness init`, and tell the log's operator its key"
        }
        FolderError::Damaged(_) | FolderError::Witness(Twice(_)) => {
            "restore the file from a copy; the key and the memory must stay as they are"
        }
        FolderError::Key(_) | FolderError::Disk { .. } | FolderError::Witness(Disk(_)) => {
            "look at the folder: it and its files belong to this user alone (0700, 0600)"
        }
    };
    Complaint::new(error, next_step)
}
