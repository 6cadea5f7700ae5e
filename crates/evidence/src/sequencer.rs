//! Takes committed rows into the log: in order, each exactly once.
//!
//! One task owns this. A row is appended (durable in the log), whoever waits for it is answered,
//! and then the row is marked. What a crash does, step by step:
//! - before the append: the row is unmarked and not in the log; the next start appends it;
//! - between append and mark: the row is unmarked but its entry is in the log; the next start
//!   finds the entry by the sequence that stands in it, and only marks;
//! - after the mark: nothing is left to do.
//!
//! **Invariant**: an append is attempted only for a row that is certainly not in the log: after a
//! start, and after any append that failed, the log is searched first.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use store::Database;
use tokio::sync::{mpsc, oneshot};
use wire::checkpoint::Origin;
use wire::entry::Entry;

use crate::log::Log;
use crate::outbox::{self, OutboxRow};
use crate::recorder::{EntryRef, RecordError};

/// Rows read from the outbox at a time.
const PAGE: i64 = 256;

/// How long a broken log or database is left alone before the next try.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// Locations kept for callers that have committed but not yet asked.
const LOCATIONS_KEPT: usize = 4096;

/// Where an entry stands: the log's origin and the index.
type Location = (Origin, u64);

/// The state between database and log.
pub(crate) struct Sequencer {
    database: Database,
    log: Log,
    /// Every row up to here is in the log.
    done: u64,
    /// Entries found in the log whose rows are unmarked: sequence → index.
    found: BTreeMap<u64, u64>,
    /// Whether the log must be searched before the next append.
    search_first: bool,
    /// Whether a commit of this node may be under way whose end nobody sees: the line was cut, or
    /// the process before this one has ended meanwhile.
    undecided: bool,
    /// Appended, but not yet marked: (sequence, index).
    unmarked: Vec<(u64, u64)>,
    located: BTreeMap<u64, u64>,
    asked: BTreeMap<u64, oneshot::Sender<Option<Location>>>,
}

impl Sequencer {
    pub(crate) fn new(database: Database, log: Log) -> Self {
        Self {
            undecided: database.is_shared(),
            database,
            log,
            done: 0,
            found: BTreeMap::new(),
            search_first: true,
            unmarked: Vec::new(),
            located: BTreeMap::new(),
            asked: BTreeMap::new(),
        }
    }

    /// Puts every waiting row into the log and marks it.
    pub(crate) async fn catch_up(&mut self) -> Result<(), RecordError> {
        self.await_decision().await?;
        loop {
            // Each node puts its own changes into its own log. A node that is alone with the
            // database also finishes what a log before its own left: there is nobody else to.
            let own = self.database.is_shared().then(|| self.log.origin());
            let rows = outbox::list_waiting(&self.database, own, self.done, PAGE).await?;
            let waiting = u32::try_from(rows.len()).unwrap_or(u32::MAX);
            metrics::gauge!("lgsp_outbox_waiting").set(waiting);
            if rows.is_empty() {
                return self.mark().await;
            }
            for row in &rows {
                self.sequence(row).await?;
            }
            self.mark().await?;
        }
    }

    /// Writers take turns over all processes: in a turn of our own, every commit before it has come
    /// to its end, and its row is there to be seen or never will be.
    #[allow(clippy::disallowed_methods, reason = "waits for its turn and writes nothing")]
    async fn await_decision(&mut self) -> Result<(), RecordError> {
        if self.undecided {
            drop(self.database.begin_write().await?);
            self.undecided = false;
        }
        Ok(())
    }

    /// Puts one row into the log, unless it is there already.
    pub(crate) async fn sequence(&mut self, row: &OutboxRow) -> Result<(), RecordError> {
        if self.search_first {
            self.search(row).await?;
        }
        let index = match self.found.remove(&row.sequence) {
            Some(index) => index,
            None => self.append(row).await?,
        };
        self.done = row.sequence;
        self.unmarked.push((row.sequence, index));
        match self.asked.remove(&row.sequence) {
            Some(asked) => drop(asked.send(Some((self.log.origin().clone(), index)))),
            None => self.keep_location(row.sequence, index),
        }
        Ok(())
    }

    async fn append(&mut self, row: &OutboxRow) -> Result<u64, RecordError> {
        match self.log.append(row.draft()).await {
            Ok(appended) => Ok(appended.index),
            Err(error) => {
                // Whether the bytes reached the disk before the error is unknown.
                self.search_first = true;
                Err(error.into())
            }
        }
    }

    /// Reads the log forward from where the entry of `row` can be at the earliest, and notes
    /// every change found there. Rows after `row` lie behind it, so one search serves them all.
    async fn search(&mut self, row: &OutboxRow) -> Result<(), RecordError> {
        let same_log = row.origin == *self.log.origin();
        let first = if same_log { row.log_size_before } else { 0 };
        for index in first..self.log.size() {
            let Some(bytes) = self.log.entry(index).await? else {
                break;
            };
            let sequence = Entry::parse(&bytes).ok().and_then(|entry| entry.sequence);
            if let Some(sequence) = sequence.filter(|sequence| *sequence >= row.sequence) {
                self.found.insert(sequence, index);
            }
        }
        self.search_first = false;
        Ok(())
    }

    /// Marks what was appended. Marks that fail are kept and tried again; `done` alone keeps
    /// their rows from being appended twice.
    #[allow(clippy::disallowed_methods, reason = "bookkeeping of records, no change of its own")]
    pub(crate) async fn mark(&mut self) -> Result<(), RecordError> {
        if self.unmarked.is_empty() {
            return Ok(());
        }
        let mut transaction = self.database.begin_write().await?;
        outbox::mark(&mut transaction, self.log.origin(), &self.unmarked).await?;
        transaction.commit().await?;
        self.unmarked.clear();
        Ok(())
    }

    fn keep_location(&mut self, sequence: u64, index: u64) {
        self.located.insert(sequence, index);
        if self.located.len() > LOCATIONS_KEPT {
            self.located.pop_first();
        }
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Committed(question) => self.ask(question),
            News::Undecided => self.undecided = true,
        }
    }

    fn ask(&mut self, question: Committed) {
        match self.located.remove(&question.sequence) {
            Some(index) => drop(question.answer.send(Some((self.log.origin().clone(), index)))),
            None => drop(self.asked.insert(question.sequence, question.answer)),
        }
    }

    /// Tells everyone still waiting that their entry follows later.
    fn answer_later(&mut self) {
        for (_, asked) in std::mem::take(&mut self.asked) {
            drop(asked.send(None));
        }
    }
}

enum News {
    Committed(Committed),
    /// A commit failed in a way that may have succeeded, or succeeds yet.
    Undecided,
}

/// "I have committed this row; where is its entry?"
struct Committed {
    sequence: u64,
    answer: oneshot::Sender<Option<Location>>,
}

/// The recorder's end of the sequencer's task. The task ends when the last handle is dropped.
pub(crate) struct Handle(mpsc::UnboundedSender<News>);

impl Handle {
    /// Asks for a look at the outbox: a commit failed in a way that may have succeeded.
    pub(crate) fn look_again(&self) {
        // If the task has ended, the next start looks.
        drop(self.0.send(News::Undecided));
    }

    /// Waits until the row is in the log, or until the log has failed to take it.
    pub(crate) async fn sequenced(&self, sequence: u64) -> EntryRef {
        let (answer, answered) = oneshot::channel();
        let location = match self.0.send(News::Committed(Committed { sequence, answer })) {
            Ok(()) => answered.await.ok().flatten(),
            Err(_) => None,
        };
        EntryRef { sequence, location }
    }
}

/// Catches up, then goes on doing so in a task, whenever something is committed.
pub(crate) async fn start(mut sequencer: Sequencer) -> Result<Handle, RecordError> {
    let caught_up = sequencer.catch_up().await;
    if let Err(error @ (RecordError::Store(_) | RecordError::LogUnreadable(_))) = caught_up {
        return Err(error);
    }
    let (handle, told) = mpsc::unbounded_channel();
    tokio::spawn(run(sequencer, told, caught_up));
    Ok(Handle(handle))
}

async fn run(
    mut sequencer: Sequencer,
    mut told: mpsc::UnboundedReceiver<News>,
    mut caught_up: Result<(), RecordError>,
) {
    let mut news = Vec::new();
    loop {
        let open = match caught_up {
            Ok(()) => told.recv_many(&mut news, 64).await > 0,
            Err(error) => {
                tracing::warn!(%error, "changes are committed but wait for the log");
                let heard = told.recv_many(&mut news, 64);
                tokio::time::timeout(RETRY_AFTER, heard).await.is_ok_and(|heard| heard > 0)
                    || !told.is_closed()
            }
        };
        if !open {
            return;
        }
        for one in news.drain(..) {
            sequencer.hear(one);
        }
        caught_up = sequencer.catch_up().await;
        sequencer.answer_later();
    }
}
