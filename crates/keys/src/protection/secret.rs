//! What opens a protected key folder: a passphrase somebody knows, or a file kept elsewhere.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::hkdf;
use wire::ambient::Randomness;
use zeroize::Zeroizing;

use crate::KeyError;
use crate::key_directory::refuse_others;

/// How a key folder is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// By a passphrase.
    Passphrase,
    /// By a file of random bytes.
    KeyFile,
}

impl Protection {
    /// As `keys.protection` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passphrase => "passphrase",
            Self::KeyFile => "key_file",
        }
    }
}

impl fmt::Display for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passphrase => "the passphrase",
            Self::KeyFile => "the key file",
        })
    }
}

/// A passphrase, or the content of a key file; wiped when dropped.
#[derive(Clone)]
pub struct KeySecret {
    protection: Protection,
    bytes: Zeroizing<Vec<u8>>,
}

/// Shorter ones are guessed from a stolen disk, however dear a guess is.
const SHORTEST_PASSPHRASE: usize = 14;
/// A key file is used as it is, without a slow derivation.
const SHORTEST_KEY_FILE: usize = 32;
const LONGEST: u64 = 4_096;

impl KeySecret {
    /// A passphrase that was set before.
    pub fn passphrase(text: Zeroizing<Vec<u8>>) -> Self {
        Self { protection: Protection::Passphrase, bytes: text }
    }

    /// A passphrase to be set now: at least 14 characters, which every keyboard writes alike.
    pub fn new_passphrase(text: Zeroizing<Vec<u8>>) -> Result<Self, KeyError> {
        if !text.iter().all(|byte| matches!(byte, b' '..=b'~')) {
            return Err(KeyError::UnfitSecret(
                "a passphrase consists of letters without marks, digits, signs and spaces: others \
                 are encoded differently from one keyboard to the next",
            ));
        }
        if text.len() < SHORTEST_PASSPHRASE {
            return Err(KeyError::UnfitSecret("a passphrase has at least 14 characters"));
        }
        Ok(Self::passphrase(text))
    }

    /// The content of a key file. Refuses one that others may read.
    pub fn key_file(path: &Path) -> Result<Self, KeyError> {
        let bytes = read_secret_file(path)?;
        if bytes.len() < SHORTEST_KEY_FILE {
            return Err(KeyError::UnfitSecret("a key file has at least 32 random bytes"));
        }
        Ok(Self { protection: Protection::KeyFile, bytes })
    }

    /// A new key file of 32 random bytes, durable when it returns; refuses to overwrite one.
    pub fn make_key_file(path: &Path, randomness: &dyn Randomness) -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new(vec![0; SHORTEST_KEY_FILE]);
        randomness.fill(&mut bytes);
        let mut options = OpenOptions::new();
        let made = options.write(true).create_new(true).mode(0o600).open(path);
        let written = made.and_then(|mut file| {
            file.write_all(&bytes)?;
            file.sync_all()?;
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
        });
        written.map_err(|error| KeyError::disk("make", path, error))?;
        Ok(Self { protection: Protection::KeyFile, bytes })
    }

    /// What it is.
    pub fn protection(&self) -> Protection {
        self.protection
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The key that a key file gives (HKDF-SHA-256, RFC 5869).
    pub(super) fn expand(&self, salt: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        let mut key = Zeroizing::new([0; 32]);
        let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(&self.bytes);
        extracted
            .expand(&[b"lgsp key file 1"], hkdf::HKDF_SHA256)
            .and_then(|expanded| expanded.fill(key.as_mut()))
            .map_err(|_| KeyError::UnfitSecret("the key file gives no key"))?;
        Ok(key)
    }
}

/// The content of a small file that holds a secret and is its owner's alone.
pub fn read_secret_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let mut file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => KeyError::NoSecretFile { path: path.to_owned() },
        _ => KeyError::disk("open", path, error),
    })?;
    let about = file.metadata().map_err(|error| KeyError::disk("read", path, error))?;
    if !about.is_file() || about.len() > LONGEST {
        return Err(KeyError::UnfitSecret("a secret's file is a plain file of at most 4096 bytes"));
    }
    refuse_others(path, &about, 0o600)?;
    // All the room at once: a growing buffer would leave copies of a secret behind.
    let room = usize::try_from(about.len()).unwrap_or(0).saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.read_to_end(&mut bytes).map_err(|error| KeyError::disk("read", path, error))?;
    Ok(bytes)
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySecret({}, …)", self.protection.as_str())
    }
}
