//! The file that holds a system's private key, or its secret.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use keys::{SigningKey, Zeroizing};
use wire::signature::Algorithm;

use crate::complaint::Complaint;

/// Makes a pair and writes its private key to `path`; with `reuse`, takes the one that is there.
pub(super) fn pair(
    path: &Path,
    algorithm: Algorithm,
    reuse: bool,
) -> Result<SigningKey, Complaint> {
    if reuse && path.exists() {
        return kept(path, algorithm);
    }
    // The place first: a key that cannot be kept need not be made.
    let file = Reserved::new(path)?;
    let key = SigningKey::generate_lasting(algorithm).map_err(not_made)?;
    let pem = key.to_pkcs8_pem().map_err(not_made)?;
    file.fill(pem.as_bytes())?;
    Ok(key)
}

fn kept(path: &Path, algorithm: Algorithm) -> Result<SigningKey, Complaint> {
    let text = fs::read_to_string(path).map(Zeroizing::new).map_err(|error| {
        let next = "name the file that an earlier run wrote";
        Complaint::usage(format_args!("{} cannot be read: {error}", path.display()), next)
    })?;
    SigningKey::from_pem(&text, Some(algorithm)).map_err(|error| {
        let next = "leave --reuse out and name another file, to make a new pair";
        Complaint::usage(format_args!("{} holds no such key: {error}", path.display()), next)
    })
}

fn not_made(error: keys::KeyError) -> Complaint {
    Complaint::usage(error, "choose another algorithm with --alg")
}

/// A file that is made for a secret and empty yet; gone again if it stays empty.
pub(super) struct Reserved<'a> {
    path: &'a Path,
    file: Option<File>,
}

impl<'a> Reserved<'a> {
    /// With mode 0600; never one that is there.
    pub(super) fn new(path: &'a Path) -> Result<Self, Complaint> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let file = file.map_err(|error| {
            let shown = path.display();
            if error.kind() == ErrorKind::AlreadyExists {
                Complaint::usage(
                    format_args!("{shown} is there already, and no key is ever written over"),
                    "name another file; or give --reuse to go on with the key in it",
                )
            } else {
                Complaint::usage(
                    format_args!("{shown} cannot be written: {error}"),
                    "name a file that this user may write",
                )
            }
        })?;
        Ok(Self { path, file: Some(file) })
    }

    /// Writes the secret, durably.
    pub(super) fn fill(mut self, secret: &[u8]) -> Result<(), Complaint> {
        let written = self.file.as_mut().map_or(Ok(()), |file| {
            file.write_all(secret)?;
            file.sync_all()
        });
        written.map_err(|error| {
            let what = format!("{} cannot be written: {error}", self.path.display());
            Complaint::new(what, "make room, and run the command again")
        })?;
        // It stays.
        self.file = None;
        Ok(())
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        if self.file.is_some() {
            let _ = fs::remove_file(self.path);
        }
    }
}

/// Writes what anyone may see; never over a file that is there, which could be a key.
pub(super) fn write_public(path: &Path, text: &str) -> Result<(), Complaint> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        let what = format!("{} cannot be written: {error}", path.display());
        Complaint::usage(what, "name a file that is not there yet, with --public")
    })
}
