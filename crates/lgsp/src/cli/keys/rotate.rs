//! `lgsp keys rotate`: retires a signing key of the platform and puts a new one in its place.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use keys::PlatformKey;
use wire::id::KeyId;

use crate::assembly::Core;
use crate::cli::on_runtime;
use crate::cli::serve::load;
use crate::complaint::Complaint;
use crate::config::Config;
use crate::terminal::{say, say_json};

/// Retire a signing key of the platform and put a new one in its place.
///
/// The new key is made where the configuration says: in the token of [pkcs11], else in a file. So
/// this also moves signing into a security module. The retired private key is destroyed; its public
/// part stays in the trust file, and what it signed stays verifiable. A key that is lost is retired
/// so too; the log's first, if it is among them.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Options {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "lgsp.toml")]
    config: PathBuf,
    /// Which key.
    #[arg(long, value_enum)]
    key: Which,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

const EXAMPLE: &str = "Example:
  lgsp keys rotate --config /etc/lgsp/lgsp.toml --key log";

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Which {
    /// Signs checkpoints of the evidence log.
    Log,
    /// Signs heads of the directory.
    Directory,
    /// Signs answers.
    Response,
}

impl From<Which> for PlatformKey {
    fn from(which: Which) -> Self {
        match which {
            Which::Log => Self::Log,
            Which::Directory => Self::Directory,
            Which::Response => Self::Response,
        }
    }
}

/// Runs the command.
pub(super) fn run(options: &Options) -> Result<ExitCode, Complaint> {
    let config = load(&options.config)?;
    // Opening would make the keys of a new node, for which `lgsp init` is there.
    let folder = config.data.join("keys");
    if !folder.is_dir() {
        return Err(Complaint::new(
            format_args!("there are no keys in {}", folder.display()),
            "run `lgsp init` to make a node, or set data.directory",
        ));
    }
    let (keyid, retired) = on_runtime(rotate(&config, options.key.into()))?;
    if options.json {
        say_json(&serde_json::json!({ "keyid": keyid, "retired": retired }));
    } else {
        say(format_args!("{retired} is retired; {keyid} serves from the next start."));
        say("Who checks evidence fetches /.well-known/lgsp-trust.json again.");
    }
    Ok(ExitCode::SUCCESS)
}

/// The ids of the new key and of the retired one.
async fn rotate(config: &Config, key: PlatformKey) -> Result<(KeyId, KeyId), Complaint> {
    let core = Core::open_rotating(config, key).await?;
    let mut served = core.keys().history().iter().rev().filter(|known| known.name == key);
    let ids = served.next().zip(served.next());
    let ids = ids.map(|(new, old)| (new.keyid.clone(), old.keyid.clone()));
    core.close().await;
    ids.ok_or_else(|| Complaint::new("the rotated key is not in the index", "see `lgsp check`"))
}
