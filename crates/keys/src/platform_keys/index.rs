//! `platform.json`: which key serves what, since when, and the public part of every retired one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use wire::ambient::UtcMicros;
use wire::id::KeyId;

use super::PlatformKey;
use crate::{KeyDirectory, KeyError, ed25519_public_key_pem};

const FILE: &str = "platform.json";

/// A platform key's public part, and from when until when it serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyValidity {
    /// What it is for.
    pub name: PlatformKey,
    /// Its id, e.g. `platform-response-0f1e2d3c4b5a6978`.
    pub keyid: KeyId,
    /// Since when.
    pub from: UtcMicros,
    /// Until when, exclusive; absent while it serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UtcMicros>,
    /// The public key; base64 in the file.
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    pub public: [u8; 32],
    /// Where the private key stands in a security module; absent: in a file of the folder.
    #[serde(default, rename = "token", skip_serializing_if = "Option::is_none")]
    pub hsm: Option<PlaceInHsm>,
}

/// Where a private key stands in a security module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceInHsm {
    /// The label of the token when the key was made or taken; for people.
    #[serde(rename = "label")]
    pub token: String,
    /// The id of the key (`CKA_ID`), in hex.
    pub id: String,
}

impl PlaceInHsm {
    pub(super) fn new(token: String, id: &[u8]) -> Self {
        Self { token, id: hex::encode(id) }
    }

    pub(super) fn id(&self) -> Result<Vec<u8>, KeyError> {
        hex::decode(&self.id).map_err(|_| KeyError::NotAKey("its id in the token is no hex"))
    }
}

impl KeyValidity {
    /// The public key as a PEM block `PUBLIC KEY`.
    pub fn public_key_pem(&self) -> String {
        ed25519_public_key_pem(&self.public)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Index {
    v: u8,
    pub(super) keys: Vec<KeyValidity>,
}

impl Index {
    pub(super) fn new(keys: Vec<KeyValidity>) -> Self {
        Self { v: 1, keys }
    }

    pub(super) fn find(folder: &KeyDirectory) -> Result<Option<Self>, KeyError> {
        let Some(bytes) = folder.find(FILE)? else {
            return Ok(None);
        };
        let damaged = |reason| KeyError::Damaged { path: folder.path().join(FILE), reason };
        Self::read(&bytes).map(Some).map_err(damaged)
    }

    /// Reads the bytes of the file; else says what is wrong with it.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        let index: Self = serde_json::from_slice(bytes).map_err(|_| "it is no index of keys")?;
        if index.v != 1 {
            return Err("a newer lgsp wrote it");
        }
        for which in PlatformKey::ALL {
            let serving = index.keys.iter().filter(|key| key.name == which && key.until.is_none());
            if serving.count() != 1 {
                return Err("not exactly one key of each kind serves");
            }
        }
        Ok(index)
    }

    pub(super) fn write(&self) -> Result<Vec<u8>, KeyError> {
        let mut bytes = serde_json::to_vec_pretty(self)
            .map_err(|_| KeyError::NotAKey("the index of keys cannot be written"))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    pub(super) fn store(&self, folder: &KeyDirectory) -> Result<(), KeyError> {
        folder.replace(FILE, &self.write()?)
    }

    pub(super) fn current(
        &self,
        folder: &KeyDirectory,
        which: PlatformKey,
    ) -> Result<&KeyValidity, KeyError> {
        self.keys
            .iter()
            .find(|key| key.name == which && key.until.is_none())
            .ok_or_else(|| KeyError::Missing { path: folder.path().join(FILE) })
    }
}

fn to_base64<S: Serializer>(key: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(key))
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = STANDARD.decode(text).map_err(serde::de::Error::custom)?;
    bytes.try_into().map_err(|_| serde::de::Error::custom("a public key has 32 bytes"))
}
