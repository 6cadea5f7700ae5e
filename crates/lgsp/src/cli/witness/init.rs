//! `lgsp witness init`

use std::path::PathBuf;
use std::process::ExitCode;

use ::keys::SystemRandomness;
use ::witness::folder::Folder;
use clap::Args;

use super::complaint;
use crate::complaint::Complaint;
use crate::terminal::{say, say_json};

/// Make a witness: its folder and its key. Nothing that exists is overwritten.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The folder to make.
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// What the witness is called, never to be changed: a name of the organisation that runs it.
    #[arg(long)]
    name: String,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(options: &Options) -> Result<ExitCode, Complaint> {
    let made = Folder::create(&options.folder, &options.name, &SystemRandomness);
    let verifier = made.and_then(|folder| folder.verifier()).map_err(|e| complaint(&e))?;
    if options.json {
        say_json(&serde_json::json!({"name": options.name, "vkey": verifier.to_string()}));
    } else {
        say(format_args!(
            "Witness made in {}. Its verifier key, for the log's operator and for all who verify:\n\
             {verifier}\n\n\
             Keep the folder where nobody puts back an older copy of it: a witness that forgets may \
             cosign a rewritten log.\nNext: lgsp witness add --folder {} --trust lgsp-trust.json",
            options.folder.display(),
            options.folder.display(),
        ));
    }
    Ok(ExitCode::SUCCESS)
}
