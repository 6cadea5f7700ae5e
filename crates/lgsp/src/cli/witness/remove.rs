//! `lgsp witness remove`

use std::path::PathBuf;
use std::process::ExitCode;

use ::witness::folder::Folder;
use clap::Args;
use wire::note::NoteVerifier;

use super::complaint;
use crate::complaint::Complaint;
use crate::terminal::say;

/// Believe a key of a log no longer, as when it was stolen. What is remembered of the log stays.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The witness's folder.
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// The verifier key (name+hash+key).
    #[arg(long, value_name = "VKEY")]
    log: NoteVerifier,
}

pub(super) fn run(options: &Options) -> Result<ExitCode, Complaint> {
    let folder = Folder::open(&options.folder).map_err(|error| complaint(&error))?;
    let was_believed = folder.remove(&options.log).map_err(|error| complaint(&error))?;
    let name = options.log.name();
    if was_believed {
        say(format_args!("{name}: this key is believed no longer"));
        Ok(ExitCode::SUCCESS)
    } else {
        Err(Complaint::new(
            format_args!("{name}: this key was not believed"),
            "look at the file `logs` in the folder for the keys that are",
        ))
    }
}
