//! One change under way: a writing transaction that cannot be committed without its record.

use std::collections::BTreeMap;
use std::sync::Arc;

use store::{Row, StoreError, Value, WriteTransaction};
use wire::ambient::UtcMicros;
use wire::entry::{ActorRef, Kind};
use wire::merkle::Hash;

use crate::outbox::{self, OutboxRow};
use crate::recorder::{EntryRef, RecordError, Recorder};
use crate::repeat::Repeatable;

/// A writing transaction with its action and actor. Dropped, it is rolled back and leaves
/// nothing; [`Change::record`] is the only way to commit it.
#[must_use = "a change that is dropped is rolled back"]
pub struct Change {
    recorder: Recorder,
    transaction: WriteTransaction,
    actor: Option<ActorRef>,
    action: String,
    directory: Option<Hash>,
    /// The number it will be recorded under, once it is taken.
    sequence: Option<u64>,
    /// Entries the log held when the change began: its own entry lies at or after.
    log_size_before: u64,
    time: UtcMicros,
    /// On whose behalf it is made, if that may be repeated.
    request: Option<Arc<Repeatable>>,
}

impl Change {
    #[allow(clippy::disallowed_methods, reason = "the one place where a change begins")]
    pub(crate) async fn begin(
        recorder: Recorder,
        actor: Option<ActorRef>,
        action: &str,
    ) -> Result<Self, RecordError> {
        let log = &recorder.inner.log;
        log.health()?;
        let mut transaction = recorder.inner.database.begin_write().await?;
        // Again, because the wait for the transaction before this one may have been long.
        log.health()?;
        let log_size_before = log.size();
        let (time, request) = (recorder.now(), Repeatable::current());
        // First of all: a request that is sent again while it is being carried out has waited for
        // this transaction, and is told so rather than that what it asks for is there already.
        if let Some(request) = &request {
            request.mark(&mut transaction, time).await?;
        }
        Ok(Self {
            time,
            request,
            actor,
            action: action.to_owned(),
            directory: None,
            sequence: None,
            recorder,
            transaction,
            log_size_before,
        })
    }

    /// When the change began; what it writes into the database bears this time.
    pub fn time(&self) -> UtcMicros {
        self.time
    }

    /// States in the entry which directory version the change concerns.
    pub fn concerns_directory(&mut self, root: Hash) {
        self.directory = Some(root);
    }

    /// The number that the change will be recorded under, for rows that refer to its entry
    /// ([`Recorder::entry_of`]). Taken here and now, so that it is exact whoever else writes: on a
    /// database with several writers they wait for each other from here on.
    pub async fn sequence(&mut self) -> Result<u64, StoreError> {
        if let Some(taken) = self.sequence {
            return Ok(taken);
        }
        let sequence = outbox::next_sequence(&mut self.transaction).await?;
        self.sequence = Some(sequence);
        Ok(sequence)
    }

    /// Executes one statement; returns the number of rows it touched.
    pub async fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        self.transaction.execute(sql, values).await
    }

    /// Reads within the transaction.
    pub async fn fetch_all(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.transaction.fetch_all(sql, values).await
    }

    /// Reads at most one row within the transaction.
    pub async fn fetch_optional(
        &mut self,
        sql: &str,
        values: &[Value],
    ) -> Result<Option<Row>, StoreError> {
        self.transaction.fetch_optional(sql, values).await
    }

    /// Tells the other processes that share the database, when the change is committed.
    pub async fn notify(&mut self, channel: &str) -> Result<(), StoreError> {
        self.transaction.notify(channel).await
    }

    /// Commits the change together with its record, and returns when the record is durable in
    /// the log. `subject` names what was changed (ids and codes, never personal data).
    ///
    /// Once the commit has begun, a caller that goes away does not stop it.
    pub async fn record(self, subject: BTreeMap<String, String>) -> Result<EntryRef, RecordError> {
        let recorder = self.recorder.clone();
        // A task of its own: a client hanging up drops the handler's future, and a commit whose
        // bell never rings would wait in the outbox for the next change.
        let finished = tokio::spawn(async move {
            match self.commit(subject).await {
                Ok(sequence) => Ok(recorder.inner.sequencer.sequenced(sequence).await),
                Err(error) => {
                    // A line that was cut during the commit may have hidden its success.
                    recorder.inner.sequencer.look_again();
                    Err(error)
                }
            }
        });
        finished.await.unwrap_or(Err(RecordError::Stopping))
    }

    /// Writes the outbox row and commits. A crash before the commit leaves neither change nor
    /// record; after it both, and the sequencer finds the row at the next start.
    #[allow(clippy::disallowed_methods, reason = "change and record, together")]
    pub(crate) async fn commit(
        mut self,
        subject: BTreeMap<String, String>,
    ) -> Result<u64, RecordError> {
        let row = OutboxRow {
            sequence: self.sequence().await?,
            time: self.time,
            kind: kind_of(&self.action),
            action: self.action,
            actor: self.actor,
            subject,
            directory: self.directory,
            origin: self.recorder.inner.log.origin().clone(),
            log_size_before: self.log_size_before,
        };
        // Checked now, because a row that no entry can hold would block all rows after it.
        row.check_recordable()?;
        outbox::insert(&mut self.transaction, &row).await?;
        self.recorder.inner.log.health()?;
        self.transaction.commit().await?;
        if let Some(request) = &self.request {
            request.is_committed();
        }
        Ok(row.sequence)
    }
}

fn kind_of(action: &str) -> Kind {
    if action.starts_with("directory.") { Kind::Directory } else { Kind::Change }
}
