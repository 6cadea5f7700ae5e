//! A witness of logs (C2SP tlog-witness): it remembers the largest checkpoint of each log that it
//! was told to trust, cosigns one that provably grew from it, and no other.
//!
//! Another organisation than the log's operator runs it. Whoever rewrites a log, or shows two of
//! them, then needs the witness's consent too, and is refused: what was refused is kept, for two
//! checkpoints of one log that do not fit together convict its operator.
//!
//! Read first: [`judgement`], which decides and touches nothing; then `memory.rs`, which forgets
//! nothing.
//!
//! **Invariant**: a cosignature leaves only after its checkpoint is durable; of two checkpoints
//! cosigned for one log, the later one provably begins with the earlier.
//! **Trust**: whoever has the key or can put back an older memory can cosign a fork. A witness
//! whose memory was lost or restored is given up, with its key.

pub mod asking;
pub mod folder;
pub mod http;
pub mod judgement;
mod memory;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use evidence::Disk;
use keys::Ed25519Key;
use parking_lot::Mutex;
use wire::ambient::Clock;
use wire::checkpoint::Origin;
use wire::note::{CosignatureVerifier, NoteVerifier, VerifierError, cosignature_line, cosigned};
use wire::witness::AddCheckpoint;

use self::judgement::{Refusal, Seen};
use self::memory::Memory;

/// What a witness is made of.
pub struct WitnessParts {
    /// What it is called: a name of its organisation's, such as `witness.haiphong.gov.vn/thanh-tra`.
    pub name: String,
    /// Its key, which no other witness may use.
    pub key: Ed25519Key,
    /// Where its memory is.
    pub disk: Arc<dyn Disk>,
    /// For the time in cosignatures.
    pub clock: Arc<dyn Clock>,
}

/// A log that is witnessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownLog {
    /// Its origin.
    pub origin: Origin,
    /// The keys that may sign its checkpoints, named as the origin.
    pub keys: Vec<NoteVerifier>,
}

/// A witness at work.
pub struct Witness {
    name: String,
    key: Ed25519Key,
    clock: Arc<dyn Clock>,
    logs: BTreeMap<Origin, Witnessed>,
}

struct Witnessed {
    log: KnownLog,
    memory: Mutex<Memory>,
}

/// Why a witness does not begin. Its operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// The name cannot be one of a key.
    #[error("the witness's name: {0}")]
    Name(#[from] VerifierError),
    /// There is nothing remembered of a log. It must be told apart from a log that is new, which is
    /// remembered as empty: a witness that forgot would cosign a fork.
    #[error("the memory of {0} is missing")]
    Forgotten(Origin),
    /// The memory of a log holds something else.
    #[error("the memory of {0} is damaged")]
    Damaged(Origin),
    /// The same log twice.
    #[error("the log {0} is named twice")]
    Twice(Origin),
    /// The disk.
    #[error("cannot read or write the memory: {0}")]
    Disk(#[from] io::Error),
}

/// Begins to remember a log, as empty. An error of kind `AlreadyExists` if it is remembered.
pub fn remember(disk: &dyn Disk, folder: &Path, origin: &Origin) -> io::Result<()> {
    Memory::begin(disk, folder, origin)
}

/// Whether anything is remembered of a log.
pub fn remembers(disk: &dyn Disk, folder: &Path, origin: &Origin) -> io::Result<bool> {
    Memory::exists(disk, folder, origin)
}

impl Witness {
    /// Opens the memory of each log in `folder`, which must be there.
    pub fn open(
        parts: WitnessParts,
        folder: &Path,
        logs: Vec<KnownLog>,
    ) -> Result<Self, WitnessError> {
        CosignatureVerifier::new(&parts.name, parts.key.public_key())?;
        let mut known = BTreeMap::new();
        for log in logs {
            let memory = Memory::open(Arc::clone(&parts.disk), folder, &log.origin)?;
            let (origin, memory) = (log.origin.clone(), Mutex::new(memory));
            if known.insert(origin.clone(), Witnessed { log, memory }).is_some() {
                return Err(WitnessError::Twice(origin));
            }
        }
        Ok(Self { name: parts.name, key: parts.key, clock: parts.clock, logs: known })
    }

    /// The key by which its cosignatures are checked.
    pub fn verifier(&self) -> Result<CosignatureVerifier, VerifierError> {
        CosignatureVerifier::new(&self.name, self.key.public_key())
    }

    /// The largest checkpoint that was cosigned of each log.
    pub fn seen(&self) -> Vec<(Origin, Seen)> {
        let seen = |(origin, log): (&Origin, &Witnessed)| {
            (origin.clone(), log.memory.lock().seen().clone())
        };
        self.logs.iter().map(seen).collect()
    }

    /// The cosignature line of the request's checkpoint, once that is durable. Writes to the disk.
    ///
    /// The log stays locked from the first look at what is remembered until that is replaced: two
    /// requests at once could otherwise put the later one's memory back.
    pub fn cosign(&self, request: &AddCheckpoint) -> Result<String, Refusal> {
        let claimed = judgement::claimed(request)?;
        let witnessed = self.logs.get(&claimed.origin).ok_or(Refusal::UnknownLog)?;
        let mut memory = witnessed.memory.lock();
        let grown = match judgement::judge(&witnessed.log, memory.seen(), request) {
            Ok(grown) => grown,
            Err(refusal) => {
                if let Some(suspicion) = refusal.suspicion() {
                    memory.keep_refused(suspicion, request);
                }
                return Err(refusal);
            }
        };
        let text = grown.text();
        memory.replace(grown).map_err(Refusal::NotRemembered)?;
        let seconds = u64::try_from(self.clock.now().as_seconds()).unwrap_or_default();
        let signature = self.key.sign(cosigned(&text, seconds).as_bytes());
        Ok(cosignature_line(&self.name, &self.key.public_key(), seconds, &signature))
    }
}
