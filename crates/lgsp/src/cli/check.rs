//! `lgsp check`: would this node start, and is what it keeps in order?
//!
//! Looks, and changes nothing: what a crash left unfinished is told, and left to the next start.
//! While it looks it holds the lock of the data directory, so that no node starts meanwhile. Each
//! finding is one line, with a next step where something is wrong. `look` does the looking, one
//! function per finding.

mod certificates;
mod cluster;
mod keys;
mod look;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{environment, on_runtime};
use crate::complaint::Complaint;
use crate::config::Config;
use crate::terminal::{Emphasis, say, say_json};

/// Examine configuration, permissions, ports, disk, keys, database, log and clock.
///
/// Changes nothing. Exits 0 if all is well but for warnings, 1 if something is not. May be run
/// beside a running node, whose log it then leaves alone.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Options {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "lgsp.toml")]
    config: PathBuf,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

const EXAMPLE: &str = "Examples:
  lgsp check --config /etc/lgsp/lgsp.toml
  lgsp check --json | jq '.findings[] | select(.ok | not)'";

/// One thing looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at: `port`.
    pub subject: &'static str,
    /// What was seen.
    pub seen: String,
    /// What to do, if something is wrong or may be.
    pub next_step: Option<String>,
    /// It works, but not as well as it could: no reason to fail.
    pub is_warning: bool,
}

impl Finding {
    fn ok(subject: &'static str, seen: impl Into<String>) -> Self {
        Self { subject, seen: seen.into(), next_step: None, is_warning: false }
    }

    fn problem(
        subject: &'static str,
        seen: impl Into<String>,
        next_step: impl Into<String>,
    ) -> Self {
        let next_step = Some(next_step.into());
        Self { subject, seen: seen.into(), next_step, is_warning: false }
    }

    fn warning(
        subject: &'static str,
        seen: impl Into<String>,
        next_step: impl Into<String>,
    ) -> Self {
        Self { is_warning: true, ..Self::problem(subject, seen, next_step) }
    }

    fn is_ok(&self) -> bool {
        self.next_step.is_none() || self.is_warning
    }
}

/// Runs the command.
pub fn run(options: &Options) -> Result<ExitCode, Complaint> {
    let findings = match Config::load(Some(&options.config), environment()) {
        Ok(config) => {
            let seen = format!("{} is well-formed", options.config.display());
            let mut findings = vec![Finding::ok("config", seen)];
            findings.extend(on_runtime(async { Ok(look::at(&config).await) })?);
            findings
        }
        Err(problems) => {
            let next = "mend that; until then nothing else can be examined";
            vec![Finding::problem("config", problems.to_string(), next)]
        }
    };
    if options.json {
        report_json(&findings);
    } else {
        report(&findings);
    }
    let well = findings.iter().all(Finding::is_ok);
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn report(findings: &[Finding]) {
    let emphasis = Emphasis::of_stdout();
    for finding in findings {
        let verdict = match finding.is_ok() {
            true if finding.is_warning => emphasis.bad("WARNING"),
            true => emphasis.good("ok     "),
            false => emphasis.bad("PROBLEM"),
        };
        // Several lines stand under one another, in the column of the first.
        let seen = finding.seen.replace('\n', "\n                     ");
        say(format_args!("{verdict}  {:11} {seen}", finding.subject));
        if let Some(next_step) = &finding.next_step {
            say(format_args!("                     next step: {next_step}"));
        }
    }
}

fn report_json(findings: &[Finding]) {
    let shown = findings.iter().map(|finding| {
        serde_json::json!({
            "subject": finding.subject, "ok": finding.is_ok(), "warning": finding.is_warning,
            "seen": finding.seen, "next_step": finding.next_step,
        })
    });
    say_json(&serde_json::json!({
        "ok": findings.iter().all(Finding::is_ok),
        "findings": shown.collect::<Vec<_>>(),
    }));
}
