//! The checkpoint and the tree under it, as the last process left them.

use std::io;
use std::path::Path;

use wire::checkpoint::{Checkpoint, Origin};
use wire::note::{self, NoteVerifier};

use crate::disk::Disk;
use crate::log::archive::{Archive, Tree};
use crate::log::error::{OpenError, ReadError};
use crate::log::publisher::Published;
use crate::log::{LogConfig, LogKeys};

/// The checkpoint, if there is one; only what this log's keys have signed counts.
pub(super) fn read(
    config: &LogConfig,
    keys: &LogKeys,
    disk: &dyn Disk,
) -> Result<Option<Published>, OpenError> {
    let path = config.dir.join("checkpoint");
    let foreign = |reason: String| OpenError::ForeignCheckpoint { path: path.clone(), reason };
    let bytes = match disk.read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(OpenError::disk(&path)(error)),
    };
    let note = String::from_utf8(bytes).map_err(|_| foreign("not a text".to_owned()))?;
    let verifiers = verifiers(keys, &config.origin)?;
    let text = note::open(&note, &verifiers).map_err(|error| foreign(error.to_string()))?;
    let checkpoint: Checkpoint = text.parse().map_err(|error| foreign(format!("{error}")))?;
    if checkpoint.origin != config.origin {
        return Err(foreign(format!("its origin is {}", checkpoint.origin)));
    }
    let Checkpoint { size, root, .. } = checkpoint;
    Ok(Some(Published { note, size, root }))
}

fn verifiers(keys: &LogKeys, origin: &Origin) -> Result<Vec<NoteVerifier>, OpenError> {
    let public_keys = keys.retired.iter().copied().chain([keys.signer.public_key()]);
    public_keys
        .map(|key| NoteVerifier::new(origin.as_ref(), key))
        .collect::<Result<_, _>>()
        .map_err(|error| OpenError::Unusable(error.to_string()))
}

/// The tree that the archive holds, if it is the one that was signed.
pub(super) fn load_tree(
    archive: &Archive,
    dir: &Path,
    published: Option<&Published>,
) -> Result<Tree, OpenError> {
    let size = published.map_or(0, |published| published.size);
    let wrong_root = || OpenError::WrongRoot { dir: dir.to_owned(), size };
    let tree = archive.load_tree(size).map_err(|error| match error {
        // Files that are missing or end too early are a tree that is not there.
        ReadError::Disk(error) => match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::NotFound => wrong_root(),
            _ => OpenError::disk(dir)(error),
        },
        _ => wrong_root(),
    })?;
    match published {
        Some(published) if published.root != tree.root() => Err(wrong_root()),
        _ => Ok(tree),
    }
}
