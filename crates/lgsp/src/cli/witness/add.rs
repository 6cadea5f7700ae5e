//! `lgsp witness add`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ::witness::folder::{Added, Folder};
use clap::{ArgGroup, Args};
use wire::note::NoteVerifier;
use wire::trust::TrustFile;

use super::complaint;
use crate::complaint::Complaint;
use crate::terminal::say;

/// Witness a log, or take another key of a log that is witnessed already.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("whose").required(true).multiple(true))]
pub(super) struct Options {
    /// The witness's folder.
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// The trust file of a platform, which came by a way you trust: its logs with their keys.
    #[arg(long, value_name = "FILE", group = "whose")]
    trust: Option<PathBuf>,
    /// The verifier key of one log (name+hash+key).
    #[arg(long, value_name = "VKEY", group = "whose")]
    log: Vec<NoteVerifier>,
}

pub(super) fn run(options: &Options) -> Result<ExitCode, Complaint> {
    let mut keys = options.log.clone();
    if let Some(path) = &options.trust {
        keys.extend(keys_in_use(path)?);
    }
    let folder = Folder::open(&options.folder).map_err(|error| complaint(&error))?;
    for key in keys {
        let name = key.name().to_owned();
        let said = match folder.add(key).map_err(|error| complaint(&error))? {
            Added::Log => "is witnessed from now on, beginning with what it shows first",
            Added::Key => "may sign with one more key",
            Added::Nothing => "was witnessed with this key already",
        };
        say(format_args!("{name} {said}"));
    }
    Ok(ExitCode::SUCCESS)
}

/// The keys of the file that have not left service.
fn keys_in_use(path: &Path) -> Result<Vec<NoteVerifier>, Complaint> {
    let unreadable = |error: &dyn std::fmt::Display| {
        let what = format_args!("the trust file {} cannot be used: {error}", path.display());
        Complaint::usage(what, "fetch it from the platform's /.well-known/lgsp-trust.json")
    };
    let bytes = std::fs::read(path).map_err(|error| unreadable(&error))?;
    let trust = TrustFile::parse(&bytes).map_err(|error| unreadable(&error))?;
    let in_use = trust.logs.into_iter().filter(|log| log.until.is_none());
    let keys: Vec<_> = in_use.map(|log| log.vkey).collect();
    if keys.is_empty() { Err(unreadable(&"it names no log that is in use")) } else { Ok(keys) }
}
