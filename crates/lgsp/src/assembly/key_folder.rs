//! The key folder, opened as the configuration says it is protected.
//!
//! **Invariant**: what `keys.protection` asks for is what is found, or the node does not start: a
//! folder somebody emptied of its encryption is not taken for a plain one, nor the reverse.

use std::path::Path;
use std::sync::Arc;

use keys::{Cost, KeyDirectory, KeySecret, Protection, SystemRandomness};
use wire::ambient::Randomness;

use super::key_secret;
use super::problem::{StartProblem, keys_problem};
use crate::config::Config;

/// Opens the folder for a node that starts: a new one is protected first, and a change that a
/// crash cut short is brought to its end.
pub(super) fn open(
    folder: KeyDirectory,
    config: &Config,
    randomness: &Arc<dyn Randomness>,
) -> Result<KeyDirectory, StartProblem> {
    let Some(wanted) = config.keys.protection else {
        return plain(folder);
    };
    let secret = if folder.is_empty().map_err(keys_problem)? {
        let secret = key_secret::new(wanted, config)?;
        protect(&folder, &secret, randomness)?;
        secret
    } else {
        refuse_another(&folder, wanted)?;
        key_secret::find(wanted, config)?
    };
    if folder.is_half_protected().map_err(keys_problem)? {
        tracing::warn!("a change of the keys' protection was cut short; encrypting the rest");
        protect(&folder, &secret, randomness)?;
    }
    let open = folder.unlock(&secret, Arc::clone(randomness)).map_err(keys_problem)?;
    // A change of secret that was cut short may have left the lock that the old one opens.
    folder.clear_left_overs().map_err(keys_problem)?;
    Ok(open)
}

/// Opens the folder and changes nothing; `None` if it is still empty.
pub fn look(folder: KeyDirectory, config: &Config) -> Result<Option<KeyDirectory>, StartProblem> {
    if folder.is_empty().map_err(keys_problem)? {
        return Ok(None);
    }
    let Some(wanted) = config.keys.protection else {
        return plain(folder).map(Some);
    };
    refuse_another(&folder, wanted)?;
    let secret = key_secret::find(wanted, config)?;
    folder.unlock(&secret, Arc::new(SystemRandomness)).map(Some).map_err(keys_problem)
}

fn protect(
    folder: &KeyDirectory,
    secret: &KeySecret,
    randomness: &Arc<dyn Randomness>,
) -> Result<(), StartProblem> {
    folder.protect(secret, Cost::USUAL, randomness).map_err(keys_problem)
}

fn plain(folder: KeyDirectory) -> Result<KeyDirectory, StartProblem> {
    match folder.protection().map_err(keys_problem)? {
        None => Ok(folder),
        Some(found) => Err(StartProblem::KeysClosed {
            reason: format!(
                "the keys in {} are encrypted with {found}, and keys.protection is \"none\"",
                folder.path().display()
            ),
            next_step: format!(
                "set keys.protection to {:?}; if `lgsp keys protect --none` was cut short, run it \
                 again",
                found.as_str()
            ),
        }),
    }
}

fn refuse_another(folder: &KeyDirectory, wanted: Protection) -> Result<(), StartProblem> {
    let found = folder.protection().map_err(keys_problem)?;
    if found == Some(wanted) {
        return Ok(());
    }
    let option = match wanted {
        Protection::Passphrase => "--passphrase",
        Protection::KeyFile => "--key-file FILE",
    };
    let found =
        found.map_or_else(|| "not encrypted".into(), |found| format!("encrypted with {found}"));
    Err(StartProblem::KeysClosed {
        reason: format!(
            "the keys in {} are {found}, and keys.protection is {:?}",
            folder.path().display(),
            wanted.as_str()
        ),
        next_step: format!("run `lgsp keys protect {option}`, or correct keys.protection"),
    })
}

/// A key file beside the keys protects nothing: whoever takes the one takes the other.
pub fn refuse_within(data: &Path, key_file: &Path) -> Result<(), StartProblem> {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    // The file itself may not be there yet; its folder is.
    let home = real(key_file).parent().map_or_else(|| key_file.to_owned(), real);
    if !home.starts_with(real(data)) {
        return Ok(());
    }
    Err(StartProblem::KeysClosed {
        reason: format!(
            "the key file {} stands in the data directory, beside what it is to protect",
            key_file.display()
        ),
        next_step: "keep it on another medium, or at least in another folder that is not backed \
                    up with the data"
            .to_owned(),
    })
}
