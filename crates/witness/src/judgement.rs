//! What a witness decides about a checkpoint, from what it remembers alone. Touches nothing.
//!
//! The order of the checks is that of the specification: who asks first, so that a stranger learns
//! nothing of a log.

use std::io;

use wire::checkpoint::{Checkpoint, CheckpointError};
use wire::merkle::{EMPTY_ROOT, ProofError, verify_consistency};
use wire::note::{NoteError, SignedNote, open};
use wire::witness::AddCheckpoint;

use crate::KnownLog;

/// What is remembered of a log: the largest checkpoint that was cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The checkpoint; one of size 0 as long as none was cosigned.
    pub checkpoint: Checkpoint,
    /// The note that the log signed; absent as long as none was cosigned.
    pub note: Option<String>,
}

/// Why a checkpoint is not cosigned.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// What was sent is no signed checkpoint.
    #[error("not a signed checkpoint: {0}")]
    NotANote(#[from] NoteError),
    /// The signed text is no checkpoint.
    #[error("not a checkpoint: {0}")]
    NotACheckpoint(#[from] CheckpointError),
    /// A log that is not witnessed here.
    #[error("this log is not witnessed here")]
    UnknownLog,
    /// No key that is trusted for the log signed it, or one has a wrong signature under it.
    #[error("no key that is trusted for this log signed the checkpoint")]
    NotSigned,
    /// The old size is above the new one.
    #[error("the old size is above the checkpoint's")]
    OldAboveNew,
    /// The old size is not the one that is remembered.
    #[error("the last checkpoint cosigned here has the size {0}")]
    OtherSize(u64),
    /// The checkpoint has the size that is remembered and another root: the log was rewritten.
    #[error("a checkpoint of size {0} with another root was cosigned here")]
    OtherRoot(u64),
    /// The proof does not lead from what is remembered to the checkpoint: a wrong proof, or a log
    /// that was rewritten.
    #[error("the log did not provably grow from the size {size}: {reason}")]
    NotGrown {
        /// The size that is remembered.
        size: u64,
        /// What is wrong with the proof.
        reason: ProofError,
    },
    /// It would be cosigned, but could not be remembered. Nothing was cosigned; try again.
    #[error("the checkpoint cannot be remembered now: {0}")]
    NotRemembered(#[source] io::Error),
}

/// What a refused checkpoint may show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suspicion {
    /// The log signed two of one size.
    Forked,
    /// No proof was given that it only grew.
    NotGrown,
}

impl Seen {
    /// Nothing yet.
    pub fn nothing(origin: wire::checkpoint::Origin) -> Self {
        Self { checkpoint: Checkpoint { origin, size: 0, root: EMPTY_ROOT }, note: None }
    }

    /// The text that the log signed, without signatures.
    pub fn text(&self) -> String {
        let signed = self.note.as_ref().and_then(|note| note.parse::<SignedNote>().ok());
        signed.map_or_else(|| self.checkpoint.to_string(), |note| note.text)
    }
}

impl Refusal {
    /// Whether it may show that the log was rewritten, and how: two checkpoints of one size that
    /// the log signed convict it; a proof that does not lead there may be anybody's mistake.
    pub(crate) fn suspicion(&self) -> Option<Suspicion> {
        match self {
            Self::OtherRoot(_) => Some(Suspicion::Forked),
            Self::NotGrown { .. } => Some(Suspicion::NotGrown),
            _ => None,
        }
    }
}

/// The checkpoint that the request holds, by its own word.
pub(crate) fn claimed(request: &AddCheckpoint) -> Result<Checkpoint, Refusal> {
    let note: SignedNote = request.note.parse()?;
    Ok(note.text.parse()?)
}

/// What to remember and cosign next, if `log` provably grew to it from what was `seen`.
pub(crate) fn judge(log: &KnownLog, seen: &Seen, request: &AddCheckpoint) -> Result<Seen, Refusal> {
    let text = open(&request.note, &log.keys).map_err(|_| Refusal::NotSigned)?;
    let checkpoint: Checkpoint = text.parse()?;
    let known = &seen.checkpoint;
    if request.old_size > checkpoint.size {
        return Err(Refusal::OldAboveNew);
    }
    if request.old_size != known.size {
        return Err(Refusal::OtherSize(known.size));
    }
    if checkpoint.size == known.size && checkpoint.root != known.root {
        return Err(Refusal::OtherRoot(known.size));
    }
    let (old, new) = (known.size, checkpoint.size);
    verify_consistency(old, new, &request.proof, &known.root, &checkpoint.root)
        .map_err(|reason| Refusal::NotGrown { size: old, reason })?;
    Ok(Seen { checkpoint, note: Some(request.note.clone()) })
}
