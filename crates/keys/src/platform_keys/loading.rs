//! From what the index says of a key to the key.

use super::{KeyValidity, PlaceInHsm, file};
use crate::{Ed25519Key, Hsm, HsmKey, KeyDirectory, KeyError, PlatformSigner};

/// How the private half of a key is loaded.
pub(super) type Load =
    fn(&KeyDirectory, Option<&Hsm>, &KeyValidity) -> Result<PlatformSigner, KeyError>;

/// The key, or why it cannot be used.
pub(super) fn load(
    folder: &KeyDirectory,
    hsm: Option<&Hsm>,
    validity: &KeyValidity,
) -> Result<PlatformSigner, KeyError> {
    match (&validity.hsm, hsm) {
        (None, _) => load_file(folder, validity).map(PlatformSigner::File),
        (Some(place), Some(hsm)) => load_from_hsm(hsm, place, validity).map(PlatformSigner::Hsm),
        (Some(place), None) => Err(KeyError::Hsm {
            token: format!("the token '{}'", place.token),
            reason: format!(
                "the key {} stands in it, and no security module is set ([pkcs11])",
                validity.keyid
            ),
        }),
    }
}

/// The key, or what the index knows of it.
pub(super) fn load_or_lost(
    folder: &KeyDirectory,
    hsm: Option<&Hsm>,
    validity: &KeyValidity,
) -> Result<PlatformSigner, KeyError> {
    load(folder, hsm, validity).or_else(|error| {
        Ok(PlatformSigner::Lost { public: validity.public, reason: error.to_string().into() })
    })
}

fn load_from_hsm(
    hsm: &Hsm,
    place: &PlaceInHsm,
    validity: &KeyValidity,
) -> Result<HsmKey, KeyError> {
    let key = HsmKey::load(hsm, &place.id()?)?;
    if key.public_key() == validity.public {
        return Ok(key);
    }
    Err(KeyError::Hsm {
        token: format!("the token '{}'", place.token),
        reason: format!(
            "its key with id {} is another than the index names as {}",
            place.id, validity.keyid
        ),
    })
}

fn load_file(folder: &KeyDirectory, validity: &KeyValidity) -> Result<Ed25519Key, KeyError> {
    let name = file(&validity.keyid);
    let damaged = |reason| KeyError::Damaged { path: folder.path().join(&name), reason };
    let bytes = folder.load(&name)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| damaged("it is no text"))?;
    let key = Ed25519Key::from_pkcs8_pem(text).map_err(|error| match error {
        KeyError::NotAKey(reason) => damaged(reason),
        other => other,
    })?;
    if key.public_key() != validity.public {
        return Err(damaged("it is another key than the index names"));
    }
    Ok(key)
}
