//! `lgsp serve`: one node, until it is told to stop.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{environment, on_runtime};
use crate::assembly::{Ending, Platform, run_until_stopped};
use crate::complaint::Complaint;
use crate::config::{Config, ConfigProblems};
use crate::signals::StopSignals;
use crate::telemetry;

/// Run a node of the platform.
///
/// Stops on SIGTERM or Ctrl-C: it takes no new calls, lets running ones end (`gateway.drain_s`),
/// makes the log durable, and signs a last checkpoint. A second signal stops it at once; what was
/// answered is in the log even then.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Options {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "lgsp.toml")]
    config: PathBuf,
}

const EXAMPLE: &str = "Examples:
  lgsp serve --config /etc/lgsp/lgsp.toml
  LGSP__LOG__LEVEL=debug lgsp serve     any key can be set by LGSP__SECTION__KEY";

/// Runs the command.
pub fn run(options: &Options) -> Result<ExitCode, Complaint> {
    let config = load(&options.config)?;
    start_log(&config)?;
    on_runtime(async {
        let signals = listen_for_signals()?;
        let running = Platform::start(config).await?;
        match run_until_stopped(running, signals).await {
            Ending::Graceful => Ok(ExitCode::SUCCESS),
            Ending::Forced => Ok(ExitCode::FAILURE),
        }
    })
}

/// Reads file and environment; a complaint names every problem.
pub(super) fn load(file: &std::path::Path) -> Result<Config, Complaint> {
    Config::load(Some(file), environment()).map_err(|problems| wrong_config(&problems))
}

fn wrong_config(problems: &ConfigProblems) -> Complaint {
    Complaint::usage(
        format_args!("the configuration cannot be used:\n{problems}"),
        "mend the lines above; `lgsp init --help` shows how a configuration file is made",
    )
}

/// Begins to write log lines as the configuration says.
pub(super) fn start_log(config: &Config) -> Result<(), Complaint> {
    telemetry::start_log(&config.log).map_err(|error| {
        Complaint::usage(
            format_args!("log.level is {:?}, which is no filter: {error}", config.log.level),
            "set log.level to error, warn, info, debug or trace",
        )
    })
}

/// SIGTERM and Ctrl-C, heard from here on.
pub(crate) fn listen_for_signals() -> Result<StopSignals, Complaint> {
    StopSignals::listen().map_err(|error| {
        Complaint::new(
            format_args!("signals cannot be listened to: {error}"),
            "start lgsp outside of whatever sandbox forbids it",
        )
    })
}
