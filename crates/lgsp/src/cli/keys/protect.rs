//! `lgsp keys protect`: encrypts the key files, changes what encrypts them, or decrypts them.
//!
//! A crash anywhere in it leaves keys that open with the old secret or the new one; the same
//! command again brings it to its end.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use keys::{Cost, KeyDirectory, KeyError, KeySecret, Protection, SystemRandomness};
use wire::ambient::Randomness;

use crate::assembly::{DataDirectory, key_folder, key_secret, keys_problem};
use crate::cli::serve::load;
use crate::complaint::Complaint;
use crate::config::Config;
use crate::terminal::{say, say_json};

/// Encrypt the key files at rest, change what encrypts them, or decrypt them.
///
/// A ring of secrets that stands apart (`keys.secrets_directory`) goes along. The passphrase comes from `LGSP_KEYS_PASSPHRASE`, `keys.passphrase_file` or the systemd credential
/// `lgsp-keys-passphrase`, else it is asked for; a new one that takes its place from
/// `LGSP_KEYS_NEW_PASSPHRASE`, else it is asked for. It has at least 14 characters: letters without
/// marks, digits, signs, spaces. After a crash, run the same command again.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Options {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "lgsp.toml")]
    config: PathBuf,
    #[command(flatten)]
    how: How,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct How {
    /// Encrypt with a passphrase.
    #[arg(long)]
    passphrase: bool,
    /// Encrypt with a file of random bytes, made if it is not there. Keep it outside of the data.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Decrypt.
    #[arg(long)]
    none: bool,
}

const EXAMPLE: &str = "Examples:
  lgsp keys protect --passphrase
  lgsp keys protect --key-file /media/safe/lgsp.secret";

/// Runs the command.
pub(super) fn run(options: &Options) -> Result<ExitCode, Complaint> {
    let config = load(&options.config)?;
    // Held to the end: no node reads the keys while they change.
    let data = DataDirectory::open(&config.data)?;
    let work = Work::on(&data.keys(), &config)?;
    let ring = config.keys.secrets_directory.as_deref();
    let ring = ring.map(|path| Work::on(path, &config)).transpose()?;
    let key_file = options.how.key_file.as_deref();
    match options.how.target() {
        None => [Some(work), ring].iter().flatten().try_for_each(Work::unprotect)?,
        Some(target) => {
            let secret = work.protect(target, key_file)?;
            // A crash before this leaves the ring as it was; the same command again does the rest.
            ring.map_or(Ok(()), |ring| ring.follow(&secret))?;
        }
    }
    report(options);
    Ok(ExitCode::SUCCESS)
}

impl How {
    fn target(&self) -> Option<Protection> {
        match (&self.key_file, self.passphrase) {
            (Some(_), _) => Some(Protection::KeyFile),
            (None, true) => Some(Protection::Passphrase),
            (None, false) => None,
        }
    }
}

/// One key folder: the node's own, or that of the ring which nodes share.
struct Work<'a> {
    folder: KeyDirectory,
    config: &'a Config,
    randomness: Arc<dyn Randomness>,
}

impl<'a> Work<'a> {
    fn on(folder: &Path, config: &'a Config) -> Result<Self, Complaint> {
        let folder = KeyDirectory::open(folder).map_err(keys_problem)?;
        Ok(Self { folder, config, randomness: Arc::new(SystemRandomness) })
    }

    fn unprotect(&self) -> Result<(), Complaint> {
        let Some(found) = self.folder.protection().map_err(keys_problem)? else {
            return Ok(());
        };
        let secret = key_secret::find(found, self.config)?;
        self.folder
            .unprotect(&secret, Cost::USUAL, &self.randomness)
            .map_err(|error| keys_problem(error).into())
    }

    /// Returns what opens the folder from now on.
    fn protect(&self, target: Protection, key_file: Option<&Path>) -> Result<KeySecret, Complaint> {
        let Some(found) = self.folder.protection().map_err(keys_problem)? else {
            let secret = match key_file {
                Some(path) => self.key_file(path)?,
                None => key_secret::new(target, self.config)?,
            };
            self.encrypt(&secret)?;
            return Ok(secret);
        };
        if self.folder.is_half_protected().map_err(keys_problem)? {
            let secret = match key_file {
                Some(path) if found == target => self.key_file(path)?,
                _ => key_secret::find(found, self.config)?,
            };
            self.encrypt(&secret)?;
            if found == target && !key_secret::has_next_passphrase() {
                return Ok(secret);
            }
        }
        let old = key_secret::find(found, self.config)?;
        let new = match key_file {
            Some(path) => self.key_file(path)?,
            None => key_secret::next_passphrase()?,
        };
        self.change(&old, &new)?;
        Ok(new)
    }

    /// Lets what opens the node's own keys open this folder too.
    fn follow(&self, secret: &KeySecret) -> Result<(), Complaint> {
        let Some(found) = self.folder.protection().map_err(keys_problem)? else {
            return self.encrypt(secret);
        };
        let opens = self.folder.unlock(secret, Arc::clone(&self.randomness)).is_ok();
        let old = if opens { secret.clone() } else { key_secret::find(found, self.config)? };
        if self.folder.is_half_protected().map_err(keys_problem)? {
            self.encrypt(&old)?;
        }
        self.change(&old, secret)
    }

    fn encrypt(&self, secret: &KeySecret) -> Result<(), Complaint> {
        let done = self.folder.protect(secret, Cost::USUAL, &self.randomness);
        done.map_err(|error| keys_problem(error).into())
    }

    /// Another passphrase or key file for keys that are encrypted.
    fn change(&self, old: &KeySecret, new: &KeySecret) -> Result<(), Complaint> {
        self.folder
            .change_secret(old, new, Cost::USUAL, &*self.randomness)
            .map_err(|error| keys_problem(error).into())
    }

    fn key_file(&self, path: &Path) -> Result<KeySecret, Complaint> {
        key_folder::refuse_within(&self.config.data, path)?;
        let secret = match KeySecret::key_file(path) {
            Err(KeyError::NoSecretFile { .. }) => KeySecret::make_key_file(path, &*self.randomness),
            found => found,
        };
        secret.map_err(|error| keys_problem(error).into())
    }
}

fn report(options: &Options) {
    let word = options.how.target().map_or("none", Protection::as_str);
    if options.json {
        say_json(&serde_json::json!({ "protection": word, "key_file": options.how.key_file }));
        return;
    }
    match options.how.target() {
        None => say("The key files are no longer encrypted."),
        Some(protection) => say(format_args!("The key files are encrypted with {protection}.")),
    }
    say(format_args!("\nNext: in {}, section [keys], set", options.config.display()));
    say(format_args!("      protection = \"{word}\""));
    if let Some(path) = &options.how.key_file {
        let shown = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        say(format_args!("      key_file = {:?}", shown.display().to_string()));
    }
    if options.how.target().is_some() {
        say("Copies of the key folder made before, such as backups, are still what they were.");
    }
}
