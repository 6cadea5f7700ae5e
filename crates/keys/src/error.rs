//! What can go wrong with a key, who is to blame and whether trying again helps.

use std::io;
use std::path::PathBuf;

use wire::error_code::{Fault, Retry};
use wire::public_key::NotAPublicKey;

use crate::Protection;

/// A key could not be read, written or used. Names files and reasons, never a secret.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Others may read or write what must be the owner's alone.
    #[error(
        "{} has mode {found:04o}, which lets others at secrets; it must be {needed:04o}. \
         Mend it with: chmod {needed:04o} '{}'",
        path.display(), path.display()
    )]
    Permissions {
        /// The file or folder.
        path: PathBuf,
        /// Its permission bits.
        found: u32,
        /// What they must be.
        needed: u32,
    },
    /// A key that must be there is not.
    #[error("{} is missing; restore it from a backup, or run `lgsp init` for a new platform", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A file would be made that is there already; it was left as it is.
    #[error("{} exists already and is left as it is", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file is not what it was written as: cut, altered, or of another kind.
    #[error("{} is damaged: {reason}; restore it from a backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A name that would leave the folder or hide in it.
    #[error("'{0}' is no name for a key file: small letters, digits, '.', '_' and '-' only")]
    BadName(String),
    /// The operating system refused.
    #[error("cannot {doing} {}: {source}", path.display())]
    Disk {
        /// What was being done, as a verb.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder is encrypted, and it was opened without what decrypts it.
    #[error("the keys in {} are encrypted, and no passphrase or key file was asked for", path.display())]
    Locked {
        /// The key folder.
        path: PathBuf,
    },
    /// The folder is not encrypted, though it is asked to be.
    #[error("the keys in {} are not encrypted", path.display())]
    NotProtected {
        /// The key folder.
        path: PathBuf,
    },
    /// The secret is not the one that opens the folder. Nothing is damaged.
    #[error("{given} does not open the keys in {}: they were encrypted with {}", path.display(), needed_words(*given, *needed))]
    WrongSecret {
        /// The key folder.
        path: PathBuf,
        /// What was given.
        given: Protection,
        /// What opens it.
        needed: Protection,
    },
    /// The file of a secret is not there.
    #[error("{} is missing: it is the secret that opens the keys, kept outside of backups of them", path.display())]
    NoSecretFile {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The security module's token does not do what it should. Trying again may help.
    #[error("{token}: {reason}")]
    Hsm {
        /// Which token.
        token: String,
        /// What it did, or did not.
        reason: String,
    },
    /// What was given cannot serve as a secret.
    #[error("{0}")]
    UnfitSecret(&'static str),
    /// A text or bytes handed in are no key of the kind asked for.
    #[error("not a usable key: {0}")]
    NotAKey(&'static str),
    /// A public key that is none, of another type, or weak.
    #[error(transparent)]
    PublicKey(NotAPublicKey),
    /// A private key is said to be for another algorithm than it is.
    #[error("the key is for {key}, not for {said}")]
    OtherAlgorithm {
        /// What was said.
        said: &'static str,
        /// What the key is.
        key: &'static str,
    },
    /// A key that is lost is to sign.
    #[error("the key is lost and does not sign: {0}")]
    Lost(String),
    /// The provider of cryptography refused to sign.
    #[error("the key does not sign: the provider of cryptography refused")]
    DoesNotSign,
    /// A sealed value was altered, or was sealed for something else.
    #[error("the sealed value does not open: it was altered, or sealed for something else")]
    DoesNotOpen,
    /// A sealed value names a key that is not in the ring.
    #[error("the sealed value needs key '{0}', which is not in the key ring")]
    UnknownKey(String),
    /// The key of this class and day was destroyed on purpose; what it sealed is gone for good.
    #[error("the key of class '{class}' for {day} was destroyed; what it sealed is gone for good")]
    Destroyed {
        /// What was sealed.
        class: String,
        /// The day in UTC, `2026-11-23`.
        day: String,
    },
}

impl KeyError {
    /// Who has to act: a caller who sent something that is no key, else the platform.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NotAKey(_) | Self::PublicKey(_) | Self::OtherAlgorithm { .. } => Fault::Caller,
            _ => Fault::Platform,
        }
    }

    /// Whether the same attempt may succeed later: only where the disk or a token was in the way.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Disk { .. } | Self::Hsm { .. } => Retry::SameRequest,
            _ => Retry::No,
        }
    }

    pub(crate) fn disk(doing: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Disk { doing, path: path.into(), source }
    }
}

fn needed_words(given: Protection, needed: Protection) -> &'static str {
    match (given, needed) {
        (Protection::Passphrase, Protection::Passphrase) => "another passphrase",
        (Protection::KeyFile, Protection::KeyFile) => "another key file",
        (_, Protection::Passphrase) => "a passphrase",
        (_, Protection::KeyFile) => "a key file",
    }
}
