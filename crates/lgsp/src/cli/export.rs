//! `lgsp export`: the whole registry as a document.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::control::ControlOptions;
use super::on_runtime;
use crate::complaint::Complaint;
use crate::terminal::say;

/// Write the whole registry as a document.
///
/// Organisations, systems, public keys, services, connections with their history: everything but
/// secrets. Importing it changes nothing; another platform can take it over with `lgsp import`. For
/// the operator, the state manager and auditors. It holds contacts of persons: keep it as such.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Options {
    /// Where to write it [default: standard output].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    control: ControlOptions,
}

const EXAMPLE: &str = "Example:
  lgsp export --token-file operator.token --out registry.json";

/// Runs the command.
pub fn run(options: &Options) -> Result<ExitCode, Complaint> {
    let control = options.control.control()?;
    let document = on_runtime(async { control.get("/api/v1/export").await?.success() })?;
    match &options.out {
        None => say(format_args!("{document:#}")),
        Some(file) => fs::write(file, format!("{document:#}\n")).map_err(|error| {
            Complaint::new(
                format_args!("{}: {error}", file.display()),
                "name a file that can be made",
            )
        })?,
    }
    Ok(ExitCode::SUCCESS)
}
