//! `lgsp keys rotate`: retires a signing key of the platform and puts a new one in its place.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use keys::{KeyDirectory, PlatformKey, PlatformKeys, SystemRandomness};
use wire::ambient::Clock;

use crate::ambient::SystemClock;
use crate::assembly::{DataDirectory, key_folder, key_place, keys_problem};
use crate::cli::serve::load;
use crate::complaint::Complaint;
use crate::terminal::{say, say_json};

/// Retire a signing key of the platform and put a new one in its place.
///
/// The new key is made where the configuration says: in the token of [pkcs11], else in a file. So
/// this also moves signing into a security module. The retired private key is destroyed; its public
/// part stays in the trust file, and what it signed stays verifiable.
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

/// Runs the command.
pub(super) fn run(options: &Options) -> Result<ExitCode, Complaint> {
    let config = load(&options.config)?;
    // Held to the end: no node signs with a key that is being retired.
    let data = DataDirectory::open(&config.data)?;
    let folder = KeyDirectory::open(data.keys()).map_err(keys_problem)?;
    let folder = key_folder::look(folder, &config)?.ok_or_else(|| {
        Complaint::new(
            format_args!("there are no keys in {}", data.keys().display()),
            "run `lgsp init` to make a node, or set data.directory",
        )
    })?;
    let place = key_place::open(&config)?;
    let (now, random) = (SystemClock.now(), SystemRandomness);
    let mut keys =
        PlatformKeys::load_or_generate_in(&folder, &place, now, &random).map_err(keys_problem)?;
    let which = match options.key {
        Which::Log => PlatformKey::Log,
        Which::Directory => PlatformKey::Directory,
        Which::Response => PlatformKey::Response,
    };
    let retired = keys.validity(which).map_err(keys_problem)?.keyid.clone();
    keys.rotate(which, &place, now, &random).map_err(keys_problem)?;
    let keyid = &keys.validity(which).map_err(keys_problem)?.keyid;
    if options.json {
        say_json(&serde_json::json!({ "keyid": keyid, "retired": retired }));
    } else {
        say(format_args!("{retired} is retired; {keyid} serves from the next start."));
        say("Who checks evidence fetches /.well-known/lgsp-trust.json again.");
    }
    Ok(ExitCode::SUCCESS)
}
