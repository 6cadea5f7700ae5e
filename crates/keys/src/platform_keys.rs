//! What the platform signs with: its log, its directory and its answers.
//!
//! `platform.json` in the key folder says which key serves what and since when, and keeps the
//! public part of every retired one, so that old signatures stay verifiable. A private key
//! stands in `<keyid>.pem`.
//!
//! **Invariant**: the index decides. A key counts once the index names it; a key the index names
//! is never silently made anew.
//! **Trust**: the log's key can sign a false tree, but not one that agrees with a checkpoint
//! already witnessed; the directory's key can grant access; the response key can attest answers.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest;
use wire::ambient::{Randomness, UtcMicros};
use wire::id::KeyId;

use crate::{Ed25519Key, KeyDirectory, KeyError};

mod index;

use index::Index;
pub use index::KeyValidity;

/// What a platform key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlatformKey {
    /// Signs checkpoints of the evidence log.
    Log,
    /// Signs heads of the directory.
    Directory,
    /// Signs answers to callers who ask for it, and what upstreams receive.
    Response,
}

impl PlatformKey {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Log, Self::Directory, Self::Response];

    /// The name used in key ids.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Directory => "directory",
            Self::Response => "response",
        }
    }
}

impl fmt::Display for PlatformKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The platform's signing keys and their history.
#[derive(Debug)]
pub struct PlatformKeys {
    /// Signs checkpoints.
    pub log: Ed25519Key,
    /// Signs directory heads.
    pub directory: Ed25519Key,
    /// Signs answers.
    pub response: Ed25519Key,
    folder: KeyDirectory,
    index: Index,
}

impl PlatformKeys {
    /// Loads the keys the index names, or makes all three if there is no index.
    pub fn load_or_generate(
        folder: &KeyDirectory,
        now: UtcMicros,
        randomness: &dyn Randomness,
    ) -> Result<Self, KeyError> {
        let index = match Index::find(folder)? {
            Some(index) => index,
            None => first_keys(folder, now, randomness)?,
        };
        // A crash in a rotation may have left a retired private key; finish its work.
        for retired in index.keys.iter().filter(|key| key.until.is_some()) {
            folder.destroy(&file(&retired.keyid))?;
        }
        Self::load(folder, index)
    }

    /// Loads the keys the index names and changes nothing; `None` if there is no index.
    pub fn find(folder: &KeyDirectory) -> Result<Option<Self>, KeyError> {
        Index::find(folder)?.map(|index| Self::load(folder, index)).transpose()
    }

    fn load(folder: &KeyDirectory, index: Index) -> Result<Self, KeyError> {
        Ok(Self {
            log: load(folder, index.current(folder, PlatformKey::Log)?)?,
            directory: load(folder, index.current(folder, PlatformKey::Directory)?)?,
            response: load(folder, index.current(folder, PlatformKey::Response)?)?,
            folder: folder.clone(),
            index,
        })
    }

    /// The key that serves now.
    pub fn key(&self, which: PlatformKey) -> &Ed25519Key {
        match which {
            PlatformKey::Log => &self.log,
            PlatformKey::Directory => &self.directory,
            PlatformKey::Response => &self.response,
        }
    }

    /// The id and validity of the key that serves now.
    pub fn validity(&self, which: PlatformKey) -> Result<&KeyValidity, KeyError> {
        self.index.current(&self.folder, which)
    }

    /// Every key there has been, the oldest first, with its validity.
    pub fn history(&self) -> &[KeyValidity] {
        &self.index.keys
    }

    /// Retires a key and puts a new one in its place. The retired one's private part is
    /// destroyed, its public part kept.
    pub fn rotate(
        &mut self,
        which: PlatformKey,
        now: UtcMicros,
        randomness: &dyn Randomness,
    ) -> Result<(), KeyError> {
        let old = self.validity(which)?.keyid.clone();
        let (key, validity) = new_key(&self.folder, which, now, randomness)?;
        let mut index = self.index.clone();
        for retired in index.keys.iter_mut().filter(|key| key.keyid == old) {
            retired.until = Some(now);
        }
        index.keys.push(validity);
        // A crash before this line leaves a new key file that no index names: the old key serves.
        index.store(&self.folder)?;
        // A crash after it leaves the old private key, which the next start destroys.
        self.index = index;
        match which {
            PlatformKey::Log => self.log = key,
            PlatformKey::Directory => self.directory = key,
            PlatformKey::Response => self.response = key,
        }
        self.folder.destroy(&file(&old))
    }
}

fn first_keys(
    folder: &KeyDirectory,
    now: UtcMicros,
    randomness: &dyn Randomness,
) -> Result<Index, KeyError> {
    let mut keys = Vec::new();
    for which in PlatformKey::ALL {
        keys.push(new_key(folder, which, now, randomness)?.1);
    }
    let index = Index::new(keys);
    // A crash before this line leaves key files that no index names; they have signed nothing.
    index.store(folder)?;
    Ok(index)
}

fn new_key(
    folder: &KeyDirectory,
    which: PlatformKey,
    now: UtcMicros,
    randomness: &dyn Randomness,
) -> Result<(Ed25519Key, KeyValidity), KeyError> {
    let key = Ed25519Key::generate(randomness)?;
    let validity = KeyValidity {
        name: which,
        keyid: keyid(which, &key.public_key())?,
        from: now,
        until: None,
        public: key.public_key(),
    };
    folder.create_new(&file(&validity.keyid), key.to_pkcs8_pem()?.as_bytes())?;
    Ok((key, validity))
}

fn load(folder: &KeyDirectory, validity: &KeyValidity) -> Result<Ed25519Key, KeyError> {
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

/// What the key is for and the first 8 bytes of its hash: two keys never share an id.
fn keyid(which: PlatformKey, public: &[u8; 32]) -> Result<KeyId, KeyError> {
    let hash = digest::digest(&digest::SHA256, public);
    let short: Vec<u8> = hash.as_ref().iter().take(8).copied().collect();
    KeyId::from_str(&format!("platform-{which}-{}", hex::encode(short)))
        .map_err(|_| KeyError::NotAKey("its id is none"))
}

fn file(keyid: &KeyId) -> String {
    format!("{keyid}.pem")
}

#[cfg(test)]
mod tests;
