//! What a witness remembers of a log, on the disk.
//!
//! One file per log, named by its origin's digest: the note that was cosigned last, or, before the
//! first, the checkpoint of the empty tree without a signature. It is replaced as a whole.
//!
//! **Invariant**: the file is never older than a cosignature that left. It may be newer by one
//! checkpoint, after a crash: that one was signed by the log and not cosigned.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use evidence::{Disk, replace};
use wire::checkpoint::{Checkpoint, Origin};
use wire::merkle::sha256;
use wire::note::SignedNote;
use wire::witness::AddCheckpoint;

use crate::WitnessError;
use crate::judgement::{Seen, Suspicion};

/// How many refused requests of one kind are kept of a log. The first ones tell most: they are not
/// replaced. Anybody can send a checkpoint that is public with a proof that is none, so those have
/// room of their own and never take that of what convicts.
const MOST_REFUSED: usize = 100;
/// In which folder they stand.
const REFUSED: &str = "refused";

pub(crate) struct Memory {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    name: String,
    seen: Seen,
}

impl Memory {
    /// Remembers a log as empty.
    pub(crate) fn begin(disk: &dyn Disk, folder: &Path, origin: &Origin) -> io::Result<()> {
        if Self::exists(disk, folder, origin)? {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        disk.create_dirs(folder)?;
        replace(disk, folder, &name_of(origin), Seen::nothing(origin.clone()).text().as_bytes())
    }

    pub(crate) fn exists(disk: &dyn Disk, folder: &Path, origin: &Origin) -> io::Result<bool> {
        match disk.read(&folder.join(name_of(origin))) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        folder: &Path,
        origin: &Origin,
    ) -> Result<Self, WitnessError> {
        let name = name_of(origin);
        let bytes = disk.read(&folder.join(&name)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => WitnessError::Forgotten(origin.clone()),
            _ => WitnessError::Disk(error),
        })?;
        let damaged = || WitnessError::Damaged(origin.clone());
        let text = String::from_utf8(bytes).map_err(|_| damaged())?;
        let seen = read(text, origin).ok_or_else(damaged)?;
        Ok(Self { disk, folder: folder.to_owned(), name, seen })
    }

    pub(crate) fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Makes `grown` durable. After an error it is not remembered here, though a later opening may
    /// find it: it was not cosigned either way.
    pub(crate) fn replace(&mut self, grown: Seen) -> io::Result<()> {
        if grown.checkpoint == self.seen.checkpoint && self.seen.note.is_some() {
            return Ok(());
        }
        let text = grown.note.clone().unwrap_or_else(|| grown.text());
        replace(&*self.disk, &self.folder, &self.name, text.as_bytes())?;
        self.seen = grown;
        Ok(())
    }

    /// Keeps a request that may convict the log, beside what it contradicts. What cannot be kept is
    /// told: the refusal stands without it.
    pub(crate) fn keep_refused(&self, suspicion: Suspicion, request: &AddCheckpoint) {
        let kept = self.write_refused(suspicion, request);
        if let Err(error) = kept {
            tracing::error!(log = %self.seen.checkpoint.origin, %error, "a refused checkpoint is not kept");
        }
    }

    /// One file per pair of checkpoints, whatever other signatures stand under them.
    fn write_refused(&self, suspicion: Suspicion, request: &AddCheckpoint) -> io::Result<()> {
        let folder = self.folder.join(REFUSED);
        self.disk.create_dirs(&folder)?;
        let kind = match suspicion {
            Suspicion::Forked => "forked",
            Suspicion::NotGrown => "not-grown",
        };
        let kind = format!("{}.{kind}.", self.name);
        let refused = request.note.parse::<SignedNote>().map(|note| note.text).unwrap_or_default();
        let digest = hex::encode(sha256(&[self.seen.text().as_bytes(), b"\n", refused.as_bytes()]));
        let name = format!("{kind}{digest:.16}");
        let names = self.disk.list(&folder)?;
        let of_this_kind = names.iter().filter(|kept| kept.starts_with(&kind)).count();
        if of_this_kind >= MOST_REFUSED || names.contains(&name) {
            return Ok(());
        }
        let known = self.seen.note.clone().unwrap_or_else(|| self.seen.text());
        let text = format!("cosigned before:\n\n{known}\nrefused:\n\n{request}");
        replace(&*self.disk, &folder, &name, text.as_bytes())?;
        self.disk.sync_dir(&self.folder)
    }
}

/// What the file of a log says. Whether its signature counted was judged when it was cosigned: the
/// key may have left service since.
fn read(text: String, origin: &Origin) -> Option<Seen> {
    let nothing = Seen::nothing(origin.clone());
    if text == nothing.text() {
        return Some(nothing);
    }
    let checkpoint: Checkpoint = text.parse::<SignedNote>().ok()?.text.parse().ok()?;
    (checkpoint.origin == *origin).then_some(Seen { checkpoint, note: Some(text) })
}

fn name_of(origin: &Origin) -> String {
    format!("{:.32}", hex::encode(sha256(&[origin.as_ref().as_bytes()])))
}
