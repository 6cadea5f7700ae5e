//! `protection.json`: the data key, wrapped, and how the wrapping key is derived.
//!
//! A hash over it tells a damaged file from a wrong secret. Whether the folder is settled is bound
//! into the wrapping, so that nobody without the secret can make it take plain files.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use wire::ambient::Randomness;
use zeroize::Zeroizing;

use super::{Cost, KeySecret, Protection};
use crate::symmetric::SymmetricKey;
use crate::{KeyDirectory, KeyError};

pub(super) const FILE: &str = "protection.json";
const SALT_BYTES: usize = 16;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LockFile {
    v: u8,
    lock: Lock,
    /// SHA-256 of `lock` as compact JSON, in hex.
    sha256: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lock {
    /// Whether every file is sealed; false while a change of protection is under way.
    settled: bool,
    by: By,
    /// In base64.
    salt: String,
    /// Nonce, ciphertext and tag of the data key, in base64.
    data_key: String,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum By {
    Passphrase(Cost),
    KeyFile,
}

impl LockFile {
    pub(super) fn new(
        secret: &KeySecret,
        cost: Cost,
        data_key: &SymmetricKey,
        settled: bool,
        randomness: &dyn Randomness,
    ) -> Result<Self, KeyError> {
        let by = match secret.protection() {
            Protection::Passphrase => By::Passphrase(cost),
            Protection::KeyFile => By::KeyFile,
        };
        let mut salt = [0; SALT_BYTES];
        randomness.fill(&mut salt);
        let wrapping = by.wrapping_key(secret, &salt)?;
        let wrapped = wrapping.seal(randomness, &bound(settled), data_key.bytes())?;
        let lock =
            Lock { settled, by, salt: STANDARD.encode(salt), data_key: STANDARD.encode(wrapped) };
        let sha256 = hash(&lock)?;
        Ok(Self { v: 1, lock, sha256 })
    }

    pub(super) fn find(folder: &KeyDirectory) -> Result<Option<Self>, KeyError> {
        let Some(bytes) = folder.read(FILE)? else {
            return Ok(None);
        };
        let damaged = |reason| KeyError::Damaged { path: folder.path().join(FILE), reason };
        let file: Self =
            serde_json::from_slice(&bytes).map_err(|_| damaged("it is no lock of a key folder"))?;
        if file.v != 1 {
            return Err(damaged("a newer lgsp wrote it"));
        }
        if hash(&file.lock)? != file.sha256 {
            return Err(damaged("its hash is another"));
        }
        match file.lock.by {
            By::Passphrase(cost) if !cost.is_fit() => {
                Err(damaged("it would let a passphrase be guessed too cheaply, or asks too much"))
            }
            _ => Ok(Some(file)),
        }
    }

    /// Puts it in place and wipes the one before, which another secret may open.
    pub(super) fn store(&self, folder: &KeyDirectory) -> Result<(), KeyError> {
        let mut bytes = serde_json::to_vec_pretty(self)
            .map_err(|_| KeyError::NotAKey("the lock of the key folder cannot be written"))?;
        bytes.push(b'\n');
        folder.exchange(FILE, &bytes)
    }

    pub(super) fn protection(&self) -> Protection {
        match self.lock.by {
            By::Passphrase(_) => Protection::Passphrase,
            By::KeyFile => Protection::KeyFile,
        }
    }

    pub(super) fn is_settled(&self) -> bool {
        self.lock.settled
    }

    /// Unwraps the data key; [`KeyError::WrongSecret`] if this is not what it was wrapped with.
    pub(super) fn open(
        &self,
        folder: &KeyDirectory,
        secret: &KeySecret,
    ) -> Result<SymmetricKey, KeyError> {
        let damaged = |reason| KeyError::Damaged { path: folder.path().join(FILE), reason };
        let wrong = || KeyError::WrongSecret {
            path: folder.path().to_owned(),
            given: secret.protection(),
            needed: self.protection(),
        };
        if secret.protection() != self.protection() {
            return Err(wrong());
        }
        let bytes = |text| STANDARD.decode(text).map_err(|_| damaged("it is no base64"));
        let (salt, wrapped) = (bytes(&self.lock.salt)?, bytes(&self.lock.data_key)?);
        let wrapping = self.lock.by.wrapping_key(secret, &salt)?;
        let unwrapped = wrapping.open(&bound(self.lock.settled), &wrapped).map_err(|_| wrong())?;
        let mut data_key = Zeroizing::new([0; 32]);
        if unwrapped.len() != data_key.len() {
            return Err(damaged("its data key has not 32 bytes"));
        }
        data_key.copy_from_slice(&unwrapped);
        SymmetricKey::from_bytes(data_key)
    }
}

impl By {
    fn wrapping_key(self, secret: &KeySecret, salt: &[u8]) -> Result<SymmetricKey, KeyError> {
        let key = match self {
            Self::Passphrase(cost) => cost
                .derive(secret.bytes(), salt)
                .map_err(|_| KeyError::UnfitSecret("no key can be derived from it"))?,
            Self::KeyFile => secret.expand(salt)?,
        };
        SymmetricKey::from_bytes(key)
    }
}

/// What the wrapping is bound to.
fn bound(settled: bool) -> Vec<u8> {
    let state = if settled { "settled" } else { "changing" };
    format!("lgsp data key 1 {state}").into_bytes()
}

fn hash(lock: &Lock) -> Result<String, KeyError> {
    let bytes = serde_json::to_vec(lock)
        .map_err(|_| KeyError::NotAKey("the lock of the key folder cannot be written"))?;
    Ok(hex::encode(digest::digest(&digest::SHA256, &bytes)))
}

#[cfg(test)]
impl LockFile {
    /// What somebody who alters the file does to hide it.
    pub(super) fn make_hash_fit(&mut self) {
        self.sha256 = hash(&self.lock).unwrap();
    }
}
