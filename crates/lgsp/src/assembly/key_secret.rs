//! Where the secret comes from that opens the keys.
//!
//! A passphrase, in this order: the variable `LGSP_KEYS_PASSPHRASE`; the file
//! `keys.passphrase_file`; the credential `lgsp-keys-passphrase` that systemd hands over; asked on
//! the terminal, if there is one. A key file: `keys.key_file`. The PIN of a token, like a
//! passphrase: `LGSP_KEYS_PIN`, `pkcs11.pin_file`, the credential `lgsp-keys-pin`, the terminal.
//!
//! **Trust**: a variable is seen by whoever may read this process's environment, and inherited by
//! what starts it; a credential is not, so prefer that.

use std::ffi::OsStr;
use std::io::{IsTerminal, stdin};
use std::path::Path;

use keys::{KeySecret, Protection, Zeroizing, read_secret_file};

use super::key_folder::refuse_within;
use super::problem::{StartProblem, keys_problem};
use crate::config::Config;
use crate::terminal::ask_secretly;

/// The variable with the passphrase.
const VARIABLE: &str = "LGSP_KEYS_PASSPHRASE";
/// The variable with the passphrase that is to replace it.
const NEW_VARIABLE: &str = "LGSP_KEYS_NEW_PASSPHRASE";
/// The credential (systemd.exec(5), `LoadCredential=`, `LoadCredentialEncrypted=`).
const CREDENTIAL: &str = "lgsp-keys-passphrase";
const PIN_VARIABLE: &str = "LGSP_KEYS_PIN";
const PIN_CREDENTIAL: &str = "lgsp-keys-pin";

type Text = Zeroizing<Vec<u8>>;

/// The secret that opens keys that are protected so.
pub fn find(protection: Protection, config: &Config) -> Result<KeySecret, StartProblem> {
    match protection {
        Protection::KeyFile => key_file(config),
        Protection::Passphrase => match stored_passphrase(config)? {
            Some(text) => Ok(KeySecret::passphrase(text)),
            None => ask("Passphrase of the keys: ").map(KeySecret::passphrase),
        },
    }
}

/// The secret that keys are to be protected with from now on, where nothing protected them.
pub fn new(protection: Protection, config: &Config) -> Result<KeySecret, StartProblem> {
    match protection {
        Protection::KeyFile => key_file(config),
        Protection::Passphrase => new_passphrase(stored_passphrase(config)?),
    }
}

/// The PIN of the security module's token.
pub fn pin(file: Option<&Path>) -> Result<Text, StartProblem> {
    if let Some(pin) = stored(PIN_VARIABLE, file, PIN_CREDENTIAL)? {
        return Ok(pin);
    }
    typed("PIN of the token: ").ok_or_else(|| StartProblem::KeysClosed {
        reason: "the platform's keys stand in a token, and its PIN was not given".into(),
        next_step: format!(
            "set {PIN_VARIABLE} or pkcs11.pin_file, or hand systemd the credential \
             {PIN_CREDENTIAL}; on a terminal it is asked for"
        ),
    })
}

/// The passphrase that is to take the place of another secret.
pub fn next_passphrase() -> Result<KeySecret, StartProblem> {
    new_passphrase(variable(NEW_VARIABLE))
}

/// Whether a passphrase was given to take the place of another.
pub fn has_next_passphrase() -> bool {
    variable(NEW_VARIABLE).is_some()
}

fn new_passphrase(stored: Option<Text>) -> Result<KeySecret, StartProblem> {
    let text = match stored {
        Some(text) => text,
        None => ask_twice()?,
    };
    KeySecret::new_passphrase(text).map_err(keys_problem)
}

fn key_file(config: &Config) -> Result<KeySecret, StartProblem> {
    let Some(path) = &config.keys.key_file else {
        return Err(StartProblem::KeysClosed {
            reason: "the keys are encrypted with a key file, and keys.key_file is not set".into(),
            next_step: "set keys.key_file to its place".into(),
        });
    };
    refuse_within(&config.data, path)?;
    KeySecret::key_file(path).map_err(keys_problem)
}

fn stored_passphrase(config: &Config) -> Result<Option<Text>, StartProblem> {
    stored(VARIABLE, config.keys.passphrase_file.as_deref(), CREDENTIAL)
}

fn stored(name: &str, file: Option<&Path>, credential: &str) -> Result<Option<Text>, StartProblem> {
    if let Some(text) = variable(name) {
        return Ok(Some(text));
    }
    if let Some(path) = file {
        return from_file(path).map(Some);
    }
    let credential = std::env::var_os("CREDENTIALS_DIRECTORY")
        .map(|folder| Path::new(&folder).join(credential))
        .filter(|path| path.exists());
    credential.map(|path| from_file(&path)).transpose()
}

fn variable(name: &str) -> Option<Text> {
    let value = std::env::var_os(name).filter(|value| !value.is_empty())?;
    Some(Zeroizing::new(OsStr::as_encoded_bytes(&value).to_vec()))
}

/// The content without the line break at its end, which editors and `echo` leave.
fn from_file(path: &Path) -> Result<Text, StartProblem> {
    let mut text = read_secret_file(path).map_err(keys_problem)?;
    while matches!(text.last(), Some(b'\n' | b'\r')) {
        text.pop();
    }
    Ok(text)
}

fn ask_twice() -> Result<Text, StartProblem> {
    let first = ask("New passphrase of the keys: ")?;
    if ask("The same again: ")? == first {
        return Ok(first);
    }
    Err(StartProblem::KeysClosed {
        reason: "the two passphrases differ".into(),
        next_step: "type it again; nothing was changed".into(),
    })
}

fn typed(prompt: &str) -> Option<Text> {
    if stdin().is_terminal() { ask_secretly(prompt).ok().flatten() } else { None }
}

fn ask(prompt: &str) -> Result<Text, StartProblem> {
    typed(prompt).ok_or_else(|| StartProblem::KeysClosed {
        reason: "the keys are encrypted with a passphrase, and none was given".into(),
        next_step: format!(
            "set {VARIABLE} (for a change, the new one as {NEW_VARIABLE}), or keys.passphrase_file, \
             or hand systemd the credential {CREDENTIAL}; on a terminal it is asked for"
        ),
    })
}
