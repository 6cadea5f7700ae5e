//! The folder in which key files live.
//!
//! **Invariant**: a key file is whole or absent. It is written beside its place, made durable and
//! then moved there, so that a crash leaves the old file or the new one, never a part.
//! **Trust**: whoever may read this folder has the platform's keys. It is used only if nobody but
//! its owner can: folder 0700, files 0600; unlocked ([`KeyDirectory::unlock`]), it also seals every
//! file under its name, so that the disk alone gives no key away.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::KeyError;
use crate::protection::seal::{Seal, is_sealed};

pub(crate) mod disk;

use disk::sync_folder;

const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
/// What group and others may do, which must be nothing.
const OTHERS: u32 = 0o077;
const LOCK: &str = ".lock";
/// How the hidden name of a file that is being written ends.
const DRAFT: &str = ".tmp";
/// How the hidden name of the old bytes ends while they are being exchanged.
const ASIDE: &str = ".old";

/// A folder of key files that only its owner may enter.
#[derive(Debug, Clone)]
pub struct KeyDirectory {
    path: PathBuf,
    /// The way here from the folder that is protected, which a file's seal names: empty, or a
    /// folder's name and `/`.
    within: String,
    /// Opens and seals every file; none in a folder that is not protected, or not unlocked.
    seal: Option<Arc<Seal>>,
}

impl KeyDirectory {
    /// Opens a folder that is there; refuses one that others may enter.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, KeyError> {
        let path = path.into();
        let about = fs::metadata(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => KeyError::Missing { path: path.clone() },
            _ => KeyError::disk("open", &path, error),
        })?;
        if !about.is_dir() {
            return Err(KeyError::Damaged { path, reason: "it is no folder" });
        }
        refuse_others(&path, &about, FOLDER_MODE)?;
        Ok(Self { path, within: String::new(), seal: None })
    }

    /// Opens a folder, making it first if it is not there. Its parent must be.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, KeyError> {
        let path = path.into();
        match DirBuilder::new().mode(FOLDER_MODE).create(&path) {
            Ok(()) => sync_folder(path.parent().unwrap_or(&path))?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(KeyError::disk("make folder", path, error)),
        }
        Self::open(path)
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A folder within, made if it is not there.
    pub fn folder(&self, name: &str) -> Result<Self, KeyError> {
        let folder = Self::create(self.place(name)?)?;
        Ok(Self { within: format!("{}{name}/", self.within), seal: self.seal.clone(), ..folder })
    }

    /// The content of a key file, `None` if there is none. Refuses a file that others may touch.
    pub fn find(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeyError> {
        let Some(bytes) = self.read(name)? else {
            return Ok(None);
        };
        let path = self.place(name)?;
        match &self.seal {
            Some(seal) => seal.open(&self.sealed_name(name), &path, bytes).map(Some),
            None if is_sealed(&bytes) => Err(KeyError::Locked { path: self.path.clone() }),
            None => Ok(Some(bytes)),
        }
    }

    /// The bytes of a file as they stand on the disk.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeyError> {
        let path = self.place(name)?;
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(KeyError::disk("open", path, error)),
        };
        // Asked of the open file: the name could mean another one by now.
        let about = file.metadata().map_err(|error| KeyError::disk("read", &path, error))?;
        if !about.is_file() {
            return Err(KeyError::Damaged { path, reason: "it is no file" });
        }
        refuse_others(&path, &about, FILE_MODE)?;
        // All the room at once: a growing buffer would leave copies of a secret behind.
        let room = usize::try_from(about.len()).unwrap_or(0).saturating_add(1);
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        file.read_to_end(&mut bytes).map_err(|error| KeyError::disk("read", path, error))?;
        Ok(Some(bytes))
    }

    /// The content of a key file; an error if there is none.
    pub fn load(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let path = self.place(name)?;
        self.find(name)?.ok_or(KeyError::Missing { path })
    }

    /// Puts a file there, in place of one of that name. Durable when it returns.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), KeyError> {
        let place = self.place(name)?;
        let bytes = self.sealed(name, bytes)?;
        let _lock = self.lock()?;
        self.put(name, &place, &bytes)
    }

    /// Puts a new file there; [`KeyError::Exists`] if there is one. Durable when it returns.
    pub fn create_new(&self, name: &str, bytes: &[u8]) -> Result<(), KeyError> {
        let place = self.place(name)?;
        let bytes = self.sealed(name, bytes)?;
        let _lock = self.lock()?;
        match fs::symlink_metadata(&place) {
            Ok(_) => Err(KeyError::Exists { path: place }),
            Err(error) if error.kind() == ErrorKind::NotFound => self.put(name, &place, &bytes),
            Err(error) => Err(KeyError::disk("look for", place, error)),
        }
    }

    /// Puts these very bytes in place of those of a file and wipes the old ones from the disk, as
    /// far as it lets us ([`Self::destroy`]).
    pub(crate) fn exchange(&self, name: &str, bytes: &[u8]) -> Result<(), KeyError> {
        let place = self.place(name)?;
        let _lock = self.lock()?;
        self.clear_aside(name)?;
        let aside = self.aside(name);
        if place.exists() {
            disk::link(&place, &aside)?;
        }
        self.put(name, &place, bytes)?;
        // A crash before this line leaves the old bytes under the hidden name; whoever finishes
        // the change clears it.
        self.clear_aside(name)
    }

    /// Wipes what a crash left in the middle of a write or an exchange, such as the lock that the
    /// secret before this one opens. For a node that starts and for nobody else at that time.
    pub fn clear_left_overs(&self) -> Result<(), KeyError> {
        let _lock = self.lock()?;
        for entry in self.entries()? {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some(of) = name.strip_prefix('.') else { continue };
            if let Some(of) = of.strip_suffix(ASIDE) {
                self.clear_aside(of)?;
            } else if of.ends_with(DRAFT) {
                disk::wipe(&entry.path())?;
                disk::remove(&entry.path())?;
            }
        }
        sync_folder(&self.path)
    }

    /// The old bytes of an exchange. While they are still those in place they only lose the name.
    fn clear_aside(&self, name: &str) -> Result<(), KeyError> {
        let aside = self.aside(name);
        let Ok(about) = fs::symlink_metadata(&aside) else {
            return Ok(());
        };
        if about.nlink() == 1 {
            disk::wipe(&aside)?;
        }
        disk::remove(&aside)?;
        sync_folder(&self.path)
    }

    /// Removes a file, if it is there; its bytes are overwritten first. A disk or file system
    /// that writes elsewhere may still keep old blocks: keep key folders on encrypted storage.
    pub fn destroy(&self, name: &str) -> Result<(), KeyError> {
        let path = self.place(name)?;
        let _lock = self.lock()?;
        if !path.exists() {
            return Ok(());
        }
        disk::wipe(&path)?;
        // A crash here leaves a file of zeros, which no reader takes for a key.
        disk::remove(&path)?;
        sync_folder(&self.path)
    }

    /// Removes a file that is no secret, in one step.
    pub(crate) fn remove(&self, name: &str) -> Result<(), KeyError> {
        let path = self.place(name)?;
        let _lock = self.lock()?;
        disk::remove(&path)?;
        sync_folder(&self.path)
    }

    /// The names of the key files here, in order.
    pub(crate) fn names(&self) -> Result<Vec<String>, KeyError> {
        self.listed(fs::FileType::is_file)
    }

    /// The names of the folders here, in order.
    pub(crate) fn folders(&self) -> Result<Vec<String>, KeyError> {
        self.listed(fs::FileType::is_dir)
    }

    fn listed(&self, wanted: fn(&fs::FileType) -> bool) -> Result<Vec<String>, KeyError> {
        let fits = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| wanted(&kind));
        let entries = self.entries()?.into_iter().filter(fits);
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| self.place(name).is_ok())
            .collect();
        names.sort_unstable();
        Ok(names)
    }

    fn entries(&self) -> Result<Vec<fs::DirEntry>, KeyError> {
        fs::read_dir(&self.path)
            .and_then(Iterator::collect)
            .map_err(|error| KeyError::disk("list", &self.path, error))
    }

    /// The same folder, reading and writing through this seal.
    pub(crate) fn with_seal(&self, seal: Arc<Seal>) -> Self {
        Self { seal: Some(seal), ..self.clone() }
    }

    pub(crate) fn seal(&self) -> Option<&Seal> {
        self.seal.as_deref()
    }

    /// The bytes that stand on the disk for these.
    fn sealed(&self, name: &str, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        match &self.seal {
            Some(seal) => seal.seal(&self.sealed_name(name), bytes).map(Zeroizing::new),
            None => Ok(Zeroizing::new(bytes.to_vec())),
        }
    }

    /// What a file's seal binds it to: the way to it from the protected folder.
    pub(crate) fn sealed_name(&self, name: &str) -> String {
        format!("{}{name}", self.within)
    }

    /// Called with the lock held: whoever else writes waits, so what lies at `draft` is left
    /// from a crash and nobody's work.
    fn put(&self, name: &str, place: &Path, bytes: &[u8]) -> Result<(), KeyError> {
        let draft = self.path.join(format!(".{name}{DRAFT}"));
        disk::remove(&draft)?;
        disk::write_durably(&draft, bytes)?;
        // A crash here leaves the draft, which nothing reads; the next writer removes it.
        disk::rename(&draft, place)?;
        // A crash here may bring the old file back; nobody was told of the new one yet.
        sync_folder(&self.path)
    }

    fn aside(&self, name: &str) -> PathBuf {
        self.path.join(format!(".{name}{ASIDE}"))
    }

    /// One writer at a time, other processes included; freed when dropped.
    fn lock(&self) -> Result<File, KeyError> {
        let path = self.path.join(LOCK);
        let open = || {
            let file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .mode(FILE_MODE)
                .open(&path)?;
            file.lock()?;
            Ok(file)
        };
        open().map_err(|error| KeyError::disk("lock", &path, error))
    }

    fn place(&self, name: &str) -> Result<PathBuf, KeyError> {
        let plain = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'-')
        };
        if name.is_empty() || name.starts_with('.') || !name.bytes().all(plain) {
            return Err(KeyError::BadName(name.to_owned()));
        }
        Ok(self.path.join(name))
    }
}

pub(crate) fn refuse_others(
    path: &Path,
    about: &fs::Metadata,
    needed: u32,
) -> Result<(), KeyError> {
    let found = about.permissions().mode() & 0o7777;
    if found & OTHERS == 0 {
        return Ok(());
    }
    Err(KeyError::Permissions { path: path.to_owned(), found, needed })
}

#[cfg(test)]
#[path = "key_directory/tests.rs"]
mod tests;
