//! What the platform signs with: its log, its directory and its answers.
//!
//! `platform.json` in the key folder says which key serves what and since when, and keeps the
//! public part of every retired one, so that old signatures stay verifiable. A private key
//! stands in `<keyid>.pem`, or in the security module's token that the index names.
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

use crate::{Ed25519Key, Hsm, HsmKey, KeyDirectory, KeyError, PlatformSigner};

mod index;
mod loading;

use index::Index;
pub use index::{KeyValidity, PlaceInHsm};
use loading::{Load, load, load_or_lost};

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
    pub log: PlatformSigner,
    /// Signs directory heads.
    pub directory: PlatformSigner,
    /// Signs answers.
    pub response: PlatformSigner,
    folder: KeyDirectory,
    index: Index,
}

/// Where new private keys are made.
#[derive(Debug, Clone)]
pub enum KeyPlace {
    /// In files of the key folder.
    Files,
    /// In a security module. A label names a key that was made there by other means, to be taken
    /// in the place of a new one: for log, directory and response.
    Hsm(Hsm, [Option<String>; 3]),
}

impl KeyPlace {
    /// The security module, if there is one.
    pub fn hsm(&self) -> Option<&Hsm> {
        match self {
            Self::Files => None,
            Self::Hsm(hsm, _) => Some(hsm),
        }
    }
}

impl PlatformKeys {
    /// Loads the keys the index names, or makes all three in files if there is no index.
    pub fn load_or_generate(
        folder: &KeyDirectory,
        now: UtcMicros,
        randomness: &dyn Randomness,
    ) -> Result<Self, KeyError> {
        Self::load_or_generate_in(folder, &KeyPlace::Files, now, randomness)
    }

    /// Loads the keys the index names, from files and from the security module, or makes all three
    /// in `place` if there is no index.
    pub fn load_or_generate_in(
        folder: &KeyDirectory,
        place: &KeyPlace,
        now: UtcMicros,
        randomness: &dyn Randomness,
    ) -> Result<Self, KeyError> {
        Self::open(folder, place, now, randomness, load)
    }

    /// Like [`Self::load_or_generate_in`], but a key that cannot be loaded counts as lost: it is
    /// [`PlatformSigner::Lost`], signs nothing and is there to be rotated.
    pub fn load_even_if_lost(
        folder: &KeyDirectory,
        place: &KeyPlace,
        now: UtcMicros,
        randomness: &dyn Randomness,
    ) -> Result<Self, KeyError> {
        Self::open(folder, place, now, randomness, load_or_lost)
    }

    fn open(
        folder: &KeyDirectory,
        place: &KeyPlace,
        now: UtcMicros,
        randomness: &dyn Randomness,
        load: Load,
    ) -> Result<Self, KeyError> {
        let index = match Index::find(folder)? {
            Some(index) => index,
            None => first_keys(folder, place, now, randomness)?,
        };
        // A crash in a rotation may have left a retired private key; finish its work.
        for retired in index.keys.iter().filter(|key| key.until.is_some()) {
            match (&retired.hsm, place.hsm()) {
                (None, _) => folder.destroy(&file(&retired.keyid))?,
                (Some(place), Some(hsm)) => destroy_left_over(hsm, place, retired),
                (Some(_), None) => {}
            }
        }
        Self::load(folder, place.hsm(), index, load)
    }

    /// Loads the keys the index names and changes nothing; `None` if there is no index.
    pub fn find(folder: &KeyDirectory, hsm: Option<&Hsm>) -> Result<Option<Self>, KeyError> {
        Index::find(folder)?.map(|index| Self::load(folder, hsm, index, load)).transpose()
    }

    fn load(
        folder: &KeyDirectory,
        hsm: Option<&Hsm>,
        index: Index,
        load: Load,
    ) -> Result<Self, KeyError> {
        let load = |which| load(folder, hsm, index.current(folder, which)?);
        Ok(Self {
            log: load(PlatformKey::Log)?,
            directory: load(PlatformKey::Directory)?,
            response: load(PlatformKey::Response)?,
            folder: folder.clone(),
            index,
        })
    }

    /// The key that serves now.
    pub fn key(&self, which: PlatformKey) -> &PlatformSigner {
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

    /// The folder of their index, open as they are.
    pub fn folder(&self) -> &KeyDirectory {
        &self.folder
    }

    /// Every key there has been, the oldest first, with its validity.
    pub fn history(&self) -> &[KeyValidity] {
        &self.index.keys
    }

    /// Retires a key and puts a new one in its place. The retired one's private part is
    /// destroyed, its public part kept. The new key is made in `place`, so this also moves a
    /// platform's signing into a security module, or out of it.
    pub fn rotate(
        &mut self,
        which: PlatformKey,
        place: &KeyPlace,
        now: UtcMicros,
        randomness: &dyn Randomness,
    ) -> Result<(), KeyError> {
        let old = self.validity(which)?.clone();
        let (key, validity) = new_key(&self.folder, place, which, now, randomness)?;
        refuse_known(&self.folder, &self.index.keys, &validity)?;
        let mut index = self.index.clone();
        for retired in index.keys.iter_mut().filter(|key| key.keyid == old.keyid) {
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
        match (&old.hsm, place.hsm()) {
            (None, _) => self.folder.destroy(&file(&old.keyid)),
            (Some(place), Some(hsm)) => HsmKey::destroy(hsm, &place.id()?, &old.public),
            // The token's owner removes it.
            (Some(_), None) => Ok(()),
        }
    }
}

/// A token that lets nothing be removed keeps no node from starting.
fn destroy_left_over(hsm: &Hsm, place: &PlaceInHsm, retired: &KeyValidity) {
    let destroyed = place.id().and_then(|id| HsmKey::destroy(hsm, &id, &retired.public));
    if let Err(error) = destroyed {
        tracing::warn!(%error, keyid = %retired.keyid, "a retired key is still in the token");
    }
}

fn first_keys(
    folder: &KeyDirectory,
    place: &KeyPlace,
    now: UtcMicros,
    randomness: &dyn Randomness,
) -> Result<Index, KeyError> {
    let mut keys = Vec::new();
    for which in PlatformKey::ALL {
        let (_, validity) = new_key(folder, place, which, now, randomness)?;
        refuse_known(folder, &keys, &validity)?;
        keys.push(validity);
    }
    let index = Index::new(keys);
    // A crash before this line leaves key files that no index names; they have signed nothing.
    index.store(folder)?;
    Ok(index)
}

fn new_key(
    folder: &KeyDirectory,
    place: &KeyPlace,
    which: PlatformKey,
    now: UtcMicros,
    randomness: &dyn Randomness,
) -> Result<(PlatformSigner, KeyValidity), KeyError> {
    let (key, hsm) = match place {
        KeyPlace::Files => (PlatformSigner::File(Ed25519Key::generate(randomness)?), None),
        KeyPlace::Hsm(hsm, [log, directory, response]) => {
            let label = match which {
                PlatformKey::Log => log,
                PlatformKey::Directory => directory,
                PlatformKey::Response => response,
            };
            let key = match label {
                Some(label) => HsmKey::labelled(hsm, label)?,
                None => HsmKey::generate(hsm, &format!("lgsp {which}"), randomness)?,
            };
            let place = PlaceInHsm::new(hsm.label()?, key.id());
            (PlatformSigner::Hsm(key), Some(place))
        }
    };
    let public = key.public_key();
    let keyid = keyid(which, &public)?;
    if let PlatformSigner::File(key) = &key {
        folder.create_new(&file(&keyid), key.to_pkcs8_pem()?.as_bytes())?;
    }
    let validity = KeyValidity { name: which, keyid, from: now, until: None, public, hsm };
    Ok((key, validity))
}

/// A key serves one purpose, once. Two labels in a token may name the same: retiring it for the one
/// purpose would destroy it for the other.
fn refuse_known(
    folder: &KeyDirectory,
    keys: &[KeyValidity],
    new: &KeyValidity,
) -> Result<(), KeyError> {
    let Some(known) = keys.iter().find(|known| known.public == new.public) else {
        return Ok(());
    };
    match &new.hsm {
        None => Err(KeyError::Exists { path: folder.path().join(file(&new.keyid)) }),
        Some(place) => Err(KeyError::Hsm {
            token: format!("the token '{}'", place.token),
            reason: format!(
                "its key with id {} is {} already; log, directory and response each need a key of \
                 their own, and a retired one does not come back",
                place.id, known.keyid
            ),
        }),
    }
}

/// What the key is for and the first 8 bytes of its hash: two keys never share an id.
fn keyid(which: PlatformKey, public: &[u8; 32]) -> Result<KeyId, KeyError> {
    let hash = digest::digest(&digest::SHA256, public);
    let short: Vec<u8> = hash.as_ref().iter().take(8).copied().collect();
    KeyId::from_str(&format!("platform-{which}-{}", hex::encode(short)))
        .map_err(|_| KeyError::NotAKey("its id is none"))
}

/// An index that is read, written again.
#[cfg(feature = "fuzzing")]
pub(crate) fn read_again(bytes: &[u8]) -> Option<Vec<u8>> {
    Index::read(bytes).ok()?.write().ok()
}

fn file(keyid: &KeyId) -> String {
    format!("{keyid}.pem")
}

#[cfg(test)]
mod tests;
