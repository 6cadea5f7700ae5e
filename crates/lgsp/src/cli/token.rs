//! `lgsp token`: the way back in when nobody holds a token any more that could make one.
//!
//! **Trust**: whoever has the machine has its data directory, and so could do this anyway; here it
//! is done through the log, where the auditor sees a token that nobody's token made.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use identity::token::command::MAX_DAYS;
use wire::id::Role;
use wire::organisation_code::OrganisationCode;

use super::on_runtime;
use super::serve::load;
use crate::assembly::Core;
use crate::complaint::Complaint;
use crate::terminal::{say, say_json};

/// Make an API token on a stopped node: the way back when the last one has expired.
///
/// For whoever has the machine. The token is shown once and stored only as a hash; its making is
/// recorded in the evidence log, as made by nobody's token. While somebody in the same role still has
/// a valid token, let them make it through the API (POST /api/v1/tokens).
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Options {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "lgsp.toml")]
    config: PathBuf,
    /// In which role its holder acts.
    #[arg(long, value_enum)]
    role: FirstRole,
    /// Organisation code of its holder.
    #[arg(long, value_name = "CODE")]
    organisation: OrganisationCode,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

const EXAMPLE: &str = "Example (the code is illustrative):
  lgsp token --config /etc/lgsp/lgsp.toml --role operator --organisation H24.15.1";

/// The roles that `lgsp init` gives; their holders make all other tokens.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum FirstRole {
    /// Operates the platform.
    Operator,
    /// Approves connections.
    StateManager,
    /// Only reads.
    Auditor,
}

impl From<FirstRole> for Role {
    fn from(role: FirstRole) -> Self {
        match role {
            FirstRole::Operator => Self::Operator,
            FirstRole::StateManager => Self::StateManager,
            FirstRole::Auditor => Self::Auditor,
        }
    }
}

/// Runs the command.
pub fn run(options: &Options) -> Result<ExitCode, Complaint> {
    let config = load(&options.config)?;
    // Opening would make the keys and the log of a new node, for which `lgsp init` is there.
    if !config.data.join("keys").is_dir() {
        return Err(Complaint::new(
            format_args!("there is no node in {}", config.data.display()),
            "run `lgsp init` to make one, which gives the first tokens; or set data.directory",
        ));
    }
    let role = Role::from(options.role);
    let token = on_runtime(async {
        let core = Core::open(&config).await?;
        let made = core.bootstrap_token(role, &options.organisation).await;
        core.close().await;
        made
    })?;
    if options.json {
        say_json(&serde_json::json!({
            "token": token, "role": role, "organisation": options.organisation,
        }));
    } else {
        say(format_args!(
            "API token, shown this once and stored only as a hash; valid for {MAX_DAYS} days:"
        ));
        say(format_args!("  {:14} {:12} {token}", role.as_str(), options.organisation.to_string()));
    }
    Ok(ExitCode::SUCCESS)
}
