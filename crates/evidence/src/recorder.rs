//! No change without a record: the only door to a writing transaction.
//!
//! A [`Change`] is begun here, carries its SQL, and is committed only by [`Change::record`],
//! which writes the change and its outbox row in one transaction; the sequencer then puts the
//! row into the log exactly once. A reading that must be known of (evidence, audit) is recorded
//! by [`Recorder::access`] before its answer leaves.
//!
//! Read first: [`Change`], then `outbox.rs` (the rows) and `sequencer.rs` (exactly once).
//!
//! **Invariant**: every committed change has one row in the outbox, and every such row becomes
//! one entry of the log, in the order of their sequence numbers. Nothing is written while the
//! log cannot be. **Trust**: who controls this module can change the registry without a trace.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use store::{Database, StoreError};
use wire::ambient::{Clock, UtcMicros};
use wire::checkpoint::Origin;
use wire::entry::{ActorRef, Kind};
use wire::error_code::{ErrorCode, Fault, Retry};
use wire::id::Role;
use wire::organisation_code::OrganisationCode;

use crate::change::Change;
use crate::log::{Draft, Log, LogUnavailable, ReadError};
use crate::outbox;
use crate::sequencer::{self, Sequencer};

/// Who acts on the platform: an organisation's credential in one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The organisation on whose behalf the actor acts.
    pub organisation: OrganisationCode,
    /// What the actor may do.
    pub role: Role,
    /// The public id of the credential shown (a token's id), never its secret.
    pub credential: String,
}

impl Actor {
    /// The actor as it stands in an entry.
    pub fn to_ref(&self) -> ActorRef {
        ActorRef {
            organisation: Some(self.organisation.clone()),
            system: None,
            credential: Some(self.credential.clone()),
            role: Some(self.role),
        }
    }
}

/// Where the record of a change stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRef {
    /// The change's number, without gaps over the whole database; 0 for an access, which changes
    /// nothing and so has none.
    pub sequence: u64,
    /// The log and the index of the entry in it. `None`: the change is committed, but the log
    /// broke just then; the entry follows as soon as the log is whole again.
    pub location: Option<(Origin, u64)>,
}

/// Why a change was not made, or a reading not recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The log cannot be written; nothing was changed. Platform's fault, the same request may
    /// be sent again.
    #[error("the evidence log cannot be written now: {0}")]
    LogUnavailable(#[from] LogUnavailable),
    /// The log could not be searched for an entry of an earlier run. Platform's fault.
    #[error(transparent)]
    LogUnreadable(#[from] ReadError),
    /// The database refused; the transaction was rolled back. Platform's fault.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The subject cannot stand in an entry (too long, or not canonical); rolled back. Asking
    /// again with the same content will not help.
    #[error("the record of this change cannot be written: {0}")]
    Unrecordable(String),
    /// A request with the same idempotency key was carried out before; nothing was changed now.
    /// Caller's fault: the same request was sent twice.
    #[error("a request with this idempotency key was carried out before")]
    DoneAlready,
    /// The process is stopping and did not see the commit through.
    #[error("the platform is stopping")]
    Stopping,
}

impl RecordError {
    /// The code by which callers know this failure.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::LogUnavailable(LogUnavailable::Unrecordable) | Self::Unrecordable(_) => {
                ErrorCode::FieldInvalid
            }
            Self::LogUnavailable(_) | Self::LogUnreadable(_) | Self::Stopping => {
                ErrorCode::LogUnavailable
            }
            Self::DoneAlready => ErrorCode::IdempotencyDoneAlready,
            Self::Store(_) => ErrorCode::DatabaseUnavailable,
        }
    }

    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        self.code().fault()
    }

    /// Whether asking again helps.
    pub fn retry(&self) -> Retry {
        self.code().retry()
    }
}

/// The only beginner of writing transactions. Cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) database: Database,
    pub(crate) log: Log,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sequencer: sequencer::Handle,
}

impl Recorder {
    /// Finishes what an earlier run left between database and log, then starts the sequencer as
    /// a task of the current tokio runtime. The database must be migrated
    /// ([`crate::MIGRATIONS`]).
    ///
    /// If the log breaks meanwhile, the recorder opens none the less and the rest follows when
    /// the log is whole.
    pub async fn open(
        database: Database,
        log: Log,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, RecordError> {
        let sequencer = Sequencer::new(database.clone(), log.clone());
        let sequencer = sequencer::start(sequencer).await?;
        Ok(Self { inner: Arc::new(Inner { database, log, clock, sequencer }) })
    }

    /// Begins a change that will be recorded as `action` (for example
    /// `organisation.registered`) by `actor`.
    ///
    /// Refuses with `log.unavailable`, before anything is written, while the log is not healthy.
    pub async fn change(&self, actor: &Actor, action: &str) -> Result<Change, RecordError> {
        Change::begin(self.clone(), Some(actor.to_ref()), action).await
    }

    /// Begins a change that the platform makes of itself, without an actor (for example
    /// `directory.published` at start).
    pub async fn change_by_platform(&self, action: &str) -> Result<Change, RecordError> {
        Change::begin(self.clone(), None, action).await
    }

    /// Records that `actor` read something; returns when the entry is durable, so that no answer
    /// leaves before it. `subject` says what was read, never its content.
    pub async fn access(
        &self,
        actor: &Actor,
        action: &str,
        subject: BTreeMap<String, String>,
        outcome: &str,
    ) -> Result<EntryRef, RecordError> {
        let appended = self
            .inner
            .log
            .append(Draft {
                actor: Some(Arc::new((&actor.to_ref()).into())),
                subject: (&subject).into(),
                outcome: outcome.to_owned(),
                ..Draft::new(Kind::Access, action.to_owned())
            })
            .await?;
        let location = Some((self.inner.log.origin().clone(), appended.index));
        Ok(EntryRef { sequence: 0, location })
    }

    /// Where the entry of the change with this number stands: the log and the index in it. `None`
    /// while the log has not taken it yet, or if there is no such change.
    pub async fn entry_of(&self, sequence: u64) -> Result<Option<(Origin, u64)>, StoreError> {
        outbox::find_entry(&self.inner.database, sequence).await
    }

    /// How many changes of each node are not in its log yet; nodes without any are left out.
    pub async fn changes_waiting(&self) -> Result<BTreeMap<Origin, u64>, StoreError> {
        outbox::count_waiting(&self.inner.database).await
    }

    /// The database, for reading.
    pub fn database(&self) -> &Database {
        &self.inner.database
    }

    /// The log, for reading and for bulk traffic.
    pub fn log(&self) -> &Log {
        &self.inner.log
    }

    /// The time by the recorder's clock.
    pub fn now(&self) -> UtcMicros {
        self.inner.clock.now()
    }
}
