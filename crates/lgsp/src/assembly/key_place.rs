//! Where the platform's signing keys are made: in files, or in the configured security module.

use keys::{Hsm, KeyPlace};

use super::key_secret;
use super::problem::{StartProblem, keys_problem};
use crate::config::Config;

/// Logs in to the security module, if there is one.
pub(super) fn open(config: &Config) -> Result<KeyPlace, StartProblem> {
    let Some(pkcs11) = &config.pkcs11 else {
        return Ok(KeyPlace::Files);
    };
    let pin = key_secret::pin(pkcs11.pin_file.as_deref())?;
    let hsm = Hsm::open(&pkcs11.module, pkcs11.token.clone(), &pin).map_err(keys_problem)?;
    Ok(KeyPlace::Hsm(hsm, pkcs11.labels.clone()))
}
