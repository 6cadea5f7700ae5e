//! A private key of the platform, wherever it stands.

use std::sync::Arc;

use crate::{Ed25519Key, HsmKey, KeyError};

/// Signs for the platform (Ed25519, RFC 8032); clones share the key.
#[derive(Debug, Clone)]
pub enum PlatformSigner {
    /// The key stands in a file and, while the node runs, in its memory.
    File(Ed25519Key),
    /// The key stands in a security module and never leaves it.
    Hsm(HsmKey),
    /// The key cannot be used: it is to be rotated.
    Lost {
        /// Its public part, 32 bytes.
        public: [u8; 32],
        /// Why not.
        reason: Arc<str>,
    },
}

impl PlatformSigner {
    /// Signs `message`. Fails if the key stands in a security module, where trying again may help,
    /// or is lost. What is not signed is not published.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64], KeyError> {
        match self {
            Self::File(key) => Ok(key.sign(message)),
            Self::Hsm(key) => key.sign(message),
            Self::Lost { reason, .. } => Err(KeyError::Lost(reason.to_string())),
        }
    }

    /// The public key, 32 bytes.
    pub fn public_key(&self) -> [u8; 32] {
        match self {
            Self::File(key) => key.public_key(),
            Self::Hsm(key) => key.public_key(),
            Self::Lost { public, .. } => *public,
        }
    }

    /// Why it cannot be used, if it is lost.
    pub fn lost(&self) -> Option<&str> {
        match self {
            Self::Lost { reason, .. } => Some(reason),
            Self::File(_) | Self::Hsm(_) => None,
        }
    }
}

impl From<Ed25519Key> for PlatformSigner {
    fn from(key: Ed25519Key) -> Self {
        Self::File(key)
    }
}
