//! Opening a log: what the last process left is made whole before anything new is taken.
//!
//! 1. Read the checkpoint, the tree under it, the write-ahead file and the intents; refuse if any
//!    acknowledged byte is missing or altered.
//! 2. Begin a new segment that holds everything that counts: entries not published yet,
//!    `call.unknown` for each intent without outcome, which calls are settled, which nonces spent.
//! 3. Publish its entries.
//! 4. Begin a new segment of intents with the nonces that are still live; remove the old ones.
//! 5. Remove the old segments of the write-ahead file.
//!
//! **Invariant**: no old file is written to, nor trusted to be durable because it can be read:
//! what counts is written anew, and nothing is removed before that is durable. So a crash at any
//! step leaves an opening that can be done again; what was done twice is found done.

mod checkpoint;
mod unknown;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wire::ambient::{Clock, Randomness, UtcMicros};
use wire::entry::Entry;

use super::archive::{Archive, Pieces, Tree};
use super::codec::{SegmentHead, SettledRecord};
use super::draft::SpentNonce;
use super::error::OpenError;
use super::frame::{self, Kind};
use super::intents::Intents;
use super::intents::load::{self, Loaded};
use super::publisher::{Press, Published};
use super::wal::{self, Replay, Segment};
use super::{LogConfig, LogKeys};
use crate::disk::Disk;

/// What the opening found.
#[derive(Debug)]
pub struct Recovered {
    /// Nonces that must stay refused.
    pub spent_nonces: Vec<SpentNonce>,
    /// Calls that had been forwarded and whose outcome nobody knows; each is an entry now.
    pub unknown_calls: usize,
    /// Entries that were whole and not published yet.
    pub replayed: usize,
    /// How many entries the log has now, all of them published.
    pub size: u64,
}

/// What an opening would find, looked at from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looked {
    /// How many entries are whole.
    pub entries: u64,
    /// How many of them stand under the signed checkpoint.
    pub published: u64,
    /// Calls without outcome that the next opening will make entries of.
    pub unknown_calls: usize,
}

/// What a log needs to go on.
pub(super) struct Opened {
    pub(super) recovered: Recovered,
    pub(super) press: Press,
    pub(super) published: Published,
    pub(super) segment: Segment,
    pub(super) last_time: UtcMicros,
    pub(super) intents: Intents,
    pub(super) wal_dir: PathBuf,
    pub(super) lock: Box<dyn Send + Sync>,
}

/// The world around the log.
pub(super) struct World<'a> {
    pub(super) disk: &'a Arc<dyn Disk>,
    pub(super) clock: &'a dyn Clock,
    pub(super) randomness: &'a dyn Randomness,
}

/// What was found on the disk, and is whole.
struct Found {
    published: Option<Published>,
    tree: Tree,
    replay: Replay,
    loaded: Loaded,
}

pub(super) fn open(
    config: &LogConfig,
    keys: &LogKeys,
    world: &World<'_>,
) -> Result<Opened, OpenError> {
    let (dir, disk) = (&config.dir, world.disk);
    let (wal_dir, intents_dir) = (dir.join("wal"), dir.join("intents"));
    let archive = Archive::new(Arc::clone(disk), dir);
    for dir in [dir, &wal_dir, &intents_dir] {
        disk.create_dirs(dir).map_err(OpenError::disk(dir))?;
    }
    let lock = lock(&**disk, dir)?;
    archive.create_dirs().map_err(OpenError::disk(dir))?;
    let Found { published, tree, mut replay, mut loaded } =
        find(config, keys, &**disk, &archive, world.clock.now())?;
    let replayed = replay.batch.entries.len();

    // A crash before the new segment has its name changes nothing; after it, the next opening
    // finds the unknown calls settled by their entries.
    let (unknown_calls, last_time) = unknown::append(&mut replay, &loaded, world);
    let size = replay.batch.end();
    let segment = begin_segment(config, &**disk, &wal_dir, &replay, &loaded)?;

    let signer = keys.signer.clone();
    let (disk, dir, origin) = (Arc::clone(disk), dir.clone(), config.origin.clone());
    let mut press = Press {
        disk: Arc::clone(&disk),
        dir: dir.clone(),
        archive,
        origin,
        signer,
        tree,
        pieces: Pieces::default(),
    };
    let published = match published {
        Some(published) if published.size == size => published,
        // For a crash in here see Press::publish: the entries stay in the new segment.
        _ => press.publish(&[Arc::new(replay.batch)]).map_err(OpenError::disk(&dir))?,
    };

    let old = std::mem::take(&mut loaded.serials);
    let (calls, mut nonces) = loaded.into_parts();
    nonces.extend(replay.nonces);
    nonces.sort_unstable_by(SpentNonce::by_fingerprint);
    nonces.dedup();
    // Every intent has its entry by now. Saying so makes it not matter which of the old segments
    // a loss of power brings back.
    let carried = SettledRecord { size, calls, nonces };
    let full = config.intent_segment_bytes;
    let intents = Intents::begin(Arc::clone(&disk), &intents_dir, next(&old), full, &carried)
        .and_then(|intents| load::remove(&*disk, &intents_dir, &old).map(|()| intents))
        .map_err(OpenError::disk(&intents_dir))?;
    let spent_nonces = carried.nonces;
    // The new segment stands alone, so any of these may come back after a loss of power.
    for serial in &replay.serials {
        let path = wal::path(&wal_dir, *serial);
        disk.remove(&path).map_err(OpenError::disk(&path))?;
    }
    disk.sync_dir(&wal_dir).map_err(OpenError::disk(&wal_dir))?;

    let recovered = Recovered { spent_nonces, unknown_calls, replayed, size };
    Ok(Opened { recovered, press, published, segment, last_time, intents, wal_dir, lock })
}

/// Reads what [`open`] would, and changes nothing; none if no log was begun here.
pub(super) fn look(
    config: &LogConfig,
    keys: &LogKeys,
    disk: &Arc<dyn Disk>,
) -> Result<Option<Looked>, OpenError> {
    // A first opening that was cut short has left folders at most.
    let holds = |name: &str| disk.list(&config.dir.join(name)).is_ok_and(|names| !names.is_empty());
    let is_begun = ["wal", "intents", "index"].into_iter().any(holds)
        || disk.read(&config.dir.join("checkpoint")).is_ok();
    if !is_begun {
        return Ok(None);
    }
    let archive = Archive::new(Arc::clone(disk), &config.dir);
    // Nonces are not looked at, so it does not matter which of them are past.
    let now = UtcMicros::MAX;
    let Found { published, replay, loaded, .. } = find(config, keys, &**disk, &archive, now)?;
    Ok(Some(Looked {
        entries: replay.batch.end(),
        published: published.map_or(0, |published| published.size),
        unknown_calls: unknown::unresolved(&replay, &loaded).len(),
    }))
}

fn lock(disk: &dyn Disk, dir: &Path) -> Result<Box<dyn Send + Sync>, OpenError> {
    let path = dir.join("lock");
    disk.lock(&path).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => OpenError::InUse(dir.to_owned()),
        _ => OpenError::disk(&path)(error),
    })
}

/// Reads everything, and refuses if anything says that there was more than what is there.
fn find(
    config: &LogConfig,
    keys: &LogKeys,
    disk: &dyn Disk,
    archive: &Archive,
    now: UtcMicros,
) -> Result<Found, OpenError> {
    let dir = &config.dir;
    let published = checkpoint::read(config, keys, disk)?;
    let tree = checkpoint::load_tree(archive, dir, published.as_ref())?;
    let size = tree.size();
    let mut replay = wal::replay(disk, &dir.join("wal"), config.origin.as_ref(), size, now)?;
    let loaded = load::load(disk, &dir.join("intents"), now)?;
    if published.is_none() {
        // The first opening publishes a checkpoint of size 0 before it takes any entry.
        let holds_nothing = replay.batch.entries.is_empty() && loaded.size == 0;
        if !holds_nothing || !archive.is_empty().map_err(OpenError::disk(dir))? {
            return Err(OpenError::NoCheckpoint(dir.join("checkpoint")));
        }
        return Ok(Found { published, tree, replay, loaded });
    }
    // Every opening leaves a segment, so without one somebody has removed it.
    let end = replay.end.ok_or_else(|| OpenError::NoWriteAheadFile(dir.join("wal")))?;
    let acknowledged = size.max(loaded.size);
    if end < acknowledged {
        return Err(OpenError::Missing { dir: dir.clone(), from: end, to: acknowledged - 1 });
    }
    replay.last_time = replay.last_time.max(last_time(archive, dir, size)?);
    Ok(Found { published, tree, replay, loaded })
}

/// The time of the last published entry.
fn last_time(archive: &Archive, dir: &Path, size: u64) -> Result<Option<UtcMicros>, OpenError> {
    let Some(last) = size.checked_sub(1) else {
        return Ok(None);
    };
    let bytes = archive.entry(last).map_err(OpenError::disk(dir))?;
    match Entry::parse(&bytes) {
        Ok(entry) => Ok(Some(entry.time)),
        Err(_) => Err(OpenError::WrongRoot { dir: dir.to_owned(), size }),
    }
}

fn begin_segment(
    config: &LogConfig,
    disk: &dyn Disk,
    dir: &Path,
    replay: &Replay,
    loaded: &Loaded,
) -> Result<Segment, OpenError> {
    let head = SegmentHead {
        serial: next(&replay.serials),
        start: replay.batch.first,
        predecessor: None,
        origin: config.origin.to_string(),
    };
    let settled = SettledRecord {
        size: replay.batch.end(),
        calls: replay.settled.iter().filter(|call| loaded.has_intent(call)).copied().collect(),
        nonces: replay.nonces.iter().cloned().collect(),
    };
    let mut frames = Vec::new();
    frame::write(&mut frames, Kind::Settled, 0, |out| settled.put(out));
    frames.extend_from_slice(&replay.batch.bytes);
    Segment::begin(disk, dir, &head, &frames).map_err(OpenError::disk(dir))
}

fn next(serials: &[u64]) -> u64 {
    serials.iter().max().map_or(0, |newest| newest + 1)
}
