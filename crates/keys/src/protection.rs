//! Key files encrypted at rest, with a passphrase or a key file.
//!
//! One random data key seals every file of the key folder and its folders, bound to the file's
//! name. `protection.json` holds that key, wrapped by one that is derived from the passphrase
//! (Argon2id, RFC 9106) or from the key file (HKDF, RFC 5869): so a start derives once, and a
//! change of passphrase rewrites one small file. Read first: [`KeyDirectory::unlock`], then
//! [`KeyDirectory::protect`], which turns a folder that may be full of plain files.
//!
//! **Invariant**: at every step of a change each file opens with the old protection or with the
//! new one, and doing the change again ends it; once it is settled no plain file is read.
//! **Trust**: whoever has the folder and the secret has the keys. Whoever can write to the folder
//! but lacks the secret can destroy keys, and put back an older state of the whole folder, but
//! neither read, swap nor plant one.

use std::sync::Arc;

use wire::ambient::Randomness;

use crate::symmetric::SymmetricKey;
use crate::{KeyDirectory, KeyError};

mod cost;
mod lock_file;
pub(crate) mod seal;
mod secret;

#[cfg(test)]
mod tests;

pub use cost::Cost;
use lock_file::{FILE, LockFile};
use seal::{Seal, is_sealed};
pub use secret::{KeySecret, Protection, read_secret_file};

impl KeyDirectory {
    /// What protects this folder; `None`: nothing does.
    pub fn protection(&self) -> Result<Option<Protection>, KeyError> {
        Ok(LockFile::find(self)?.map(|lock| lock.protection()))
    }

    /// Whether a change of protection was cut short here and has to be made again.
    pub fn is_half_protected(&self) -> Result<bool, KeyError> {
        Ok(LockFile::find(self)?.is_some_and(|lock| !lock.is_settled()))
    }

    /// Whether there is no key file here yet.
    pub fn is_empty(&self) -> Result<bool, KeyError> {
        Ok(self.every_file()?.is_empty())
    }

    /// The same folder with every file opened and sealed by the data key that `secret` gives.
    /// Derives once: some hundred milliseconds for a passphrase.
    pub fn unlock(
        &self,
        secret: &KeySecret,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, KeyError> {
        let lock = LockFile::find(self)?
            .ok_or_else(|| KeyError::NotProtected { path: self.path().to_owned() })?;
        let data_key = lock.open(self, secret)?;
        Ok(self.with_seal(Arc::new(Seal::new(data_key, lock.is_settled(), randomness))))
    }

    /// Encrypts a folder of plain files, or ends what a crash left of doing so.
    ///
    /// Whatever the moment of a crash, the files are plain or open with `secret`: the data key is
    /// durable, wrapped, before the first of them is sealed.
    pub fn protect(
        &self,
        secret: &KeySecret,
        cost: Cost,
        randomness: &Arc<dyn Randomness>,
    ) -> Result<(), KeyError> {
        let data_key = self.begin(secret, cost, &**randomness)?;
        let seal = Seal::new(data_key, false, Arc::clone(randomness));
        for (folder, name) in self.every_file()? {
            let bytes = folder.read(&name)?.unwrap_or_default();
            if !is_sealed(&bytes) {
                folder.exchange(&name, &seal.seal(&folder.sealed_name(&name), &bytes)?)?;
            }
        }
        for folder in self.every_folder()? {
            folder.clear_left_overs()?;
        }
        // From here on a plain file is taken for a planted one.
        LockFile::new(secret, cost, seal.data_key(), true, &**randomness)?.store(self)
    }

    /// Lets another secret open a protected folder, and `secret` no longer, or ends what a crash left
    /// of doing so. One file is exchanged.
    pub fn change_secret(
        &self,
        secret: &KeySecret,
        new: &KeySecret,
        cost: Cost,
        randomness: &dyn Randomness,
    ) -> Result<(), KeyError> {
        let lock = LockFile::find(self)?
            .ok_or_else(|| KeyError::NotProtected { path: self.path().to_owned() })?;
        let data_key = match lock.open(self, secret) {
            // Changed already, but the lock that `secret` opens may still lie aside.
            Err(KeyError::WrongSecret { .. }) if lock.open(self, new).is_ok() => {
                return self.clear_left_overs();
            }
            opened => opened?,
        };
        LockFile::new(new, cost, &data_key, lock.is_settled(), randomness)?.store(self)
    }

    /// Writes every file in plain again, or ends what a crash left of doing so.
    pub fn unprotect(
        &self,
        secret: &KeySecret,
        cost: Cost,
        randomness: &Arc<dyn Randomness>,
    ) -> Result<(), KeyError> {
        let open = self.unlock(secret, Arc::clone(randomness))?;
        if let Some(seal) = open.seal() {
            // First of all: a plain file is no planted one from here on.
            LockFile::new(secret, cost, seal.data_key(), false, &**randomness)?.store(self)?;
        }
        for (folder, name) in open.every_file()? {
            let plain = folder.load(&name)?;
            folder.exchange(&name, &plain)?;
        }
        // In one step: a crash before it leaves a folder that opens with the secret still.
        self.remove(FILE)
    }

    /// The data key in its wrapping: a new one, unless files are sealed by the one that is there.
    fn begin(
        &self,
        secret: &KeySecret,
        cost: Cost,
        randomness: &dyn Randomness,
    ) -> Result<SymmetricKey, KeyError> {
        let mut any_sealed = false;
        for (folder, name) in self.every_file()? {
            any_sealed |= folder.read(&name)?.is_some_and(|bytes| is_sealed(&bytes));
        }
        match LockFile::find(self)? {
            Some(lock) if any_sealed => lock.open(self, secret),
            None if any_sealed => Err(KeyError::Missing { path: self.path().join(FILE) }),
            _ => {
                let data_key = SymmetricKey::generate(randomness)?;
                LockFile::new(secret, cost, &data_key, false, randomness)?.store(self)?;
                Ok(data_key)
            }
        }
    }

    /// This folder and those in it.
    fn every_folder(&self) -> Result<Vec<Self>, KeyError> {
        let within = self.folders()?.into_iter().map(|name| self.folder(&name));
        std::iter::once(Ok(self.clone())).chain(within).collect()
    }

    /// Every key file, with the folder it stands in.
    fn every_file(&self) -> Result<Vec<(Self, String)>, KeyError> {
        let mut files = Vec::new();
        for folder in self.every_folder()? {
            let names = folder.names()?.into_iter().filter(|name| name != FILE);
            files.extend(names.map(|name| (folder.clone(), name)));
        }
        Ok(files)
    }
}
