//! The handle through which everything else uses the log.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use keys::{DetailKeys, KeyError};
use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};
use tokio::task::spawn_blocking;
use wire::ambient::{Clock, Randomness, UtcMicros};
use wire::checkpoint::Origin;
use wire::entry::{EntryView, Kind};
use wire::error_code::ErrorCode;
use wire::id::EntryId;

use super::appender::{Appender, Job};
use super::codec::IntentRecord;
use super::detail;
use super::draft::{Appended, Detail, Draft, Intent, LogUnavailable, SpentNonce, name_call};
use super::error::OpenError;
use super::gathering::Gathering;
use super::handover::Handover;
use super::intents::Ticket;
use super::lane::{Answer, Lane, Round};
use super::publisher::{Published, Publisher};
use super::queue::Queue;
use super::recovery::{self, Looked, Opened, Recovered, World};
use super::shared::Shared;
use super::{CALL_REFUSED, CALL_UNKNOWN, LogConfig, LogKeys, OUTCOME_UNKNOWN};
use crate::disk::Disk;

/// The evidence log. Clones are handles to the same log; it closes with the last of them.
#[derive(Clone)]
pub struct Log {
    handle: Arc<Handle>,
    /// Where appends through this handle are answered, if together.
    lane: Option<Arc<Lane>>,
}

struct Handle {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// Why a draft is not appended.
enum NoJob {
    /// It cannot be an entry.
    NoEntry,
    /// Its detail cannot be kept; this is the rest of it.
    Unsealed(Box<Job>, LogUnavailable),
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Log({})", self.origin())
    }
}

impl Log {
    /// Opens the log in `config.dir`, or begins it if the directory is empty. Blocks: reads what
    /// the last process left, publishes it, and starts the log's two threads.
    pub fn open(
        config: LogConfig,
        keys: &LogKeys,
        details: DetailKeys,
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
    ) -> Result<(Self, Recovered), OpenError> {
        let world = World { disk: &disk, clock: &*clock, randomness: &*randomness };
        let Opened { recovered, press, published, segment, last_time, intents, wal_dir, lock } =
            recovery::open(&config, keys, &world)?;
        let shared = Arc::new(Shared {
            queue: Queue::new(config.max_pending),
            archive: press.archive.clone(),
            config,
            disk,
            clock,
            randomness,
            details,
            handover: Handover::default(),
            intents,
            orphans: Mutex::default(),
            published: watch::Sender::new(Arc::new(published)),
            ended: watch::Sender::new(false),
            size: AtomicU64::new(recovered.size),
        });
        let appender = Appender {
            shared: Arc::clone(&shared),
            dir: wal_dir.clone(),
            next_serial: segment.serial + 1,
            segment: Some(segment),
            tail: None,
            next_index: recovered.size,
            last_time,
            gathering: Gathering::new(),
        };
        let publisher = Publisher {
            shared: Arc::clone(&shared),
            press,
            wal_dir,
            ended: Vec::new(),
            _lock: lock,
        };
        let threads = vec![
            spawn("log-append", || appender.run())?,
            spawn("log-publish", || publisher.run())?,
        ];
        tracing::info!(
            origin = %shared.config.origin,
            size = recovered.size,
            replayed = recovered.replayed,
            unknown_calls = recovered.unknown_calls,
            "log open"
        );
        let handle = Arc::new(Handle { shared, threads: Mutex::new(threads) });
        Ok((Self { handle, lane: None }, recovered))
    }

    /// What [`Self::open`] would find in `config.dir`, without changing anything there; none if no
    /// log was begun. Blocks. Of a log that is open it sees a moment of the past, or damage that is
    /// none.
    pub fn look(
        config: &LogConfig,
        keys: &LogKeys,
        disk: &Arc<dyn Disk>,
    ) -> Result<Option<Looked>, OpenError> {
        recovery::look(config, keys, disk)
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.handle.shared
    }

    /// A handle for the many appends of one thread, which is woken once for all of a batch, and the
    /// task that passes the answers on: to be run on that thread for as long as they are waited for.
    pub fn for_thread(&self) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let lane = Arc::<Lane>::default();
        let task = Arc::clone(&lane).carry();
        (Self { handle: Arc::clone(&self.handle), lane: Some(lane) }, task)
    }

    /// The log's name.
    pub fn origin(&self) -> &Origin {
        &self.shared().config.origin
    }

    /// How many entries are durable; the published ones may be fewer.
    pub fn size(&self) -> u64 {
        self.shared().size.load(Ordering::Acquire)
    }

    /// Whether the log takes entries at the moment, and if not, why.
    pub fn health(&self) -> Result<(), LogUnavailable> {
        self.shared().queue.refusal().map_or(Ok(()), Err)
    }

    /// Writes down a call that is about to be forwarded: a `write(2)` that calls of the same moment
    /// share, no sync. It survives the end of the process, not a loss of power.
    pub async fn intent(&self, intent: &Intent) -> Result<(), LogUnavailable> {
        let ticket = self.stage_intent(intent)?;
        // Others that are ready now stage theirs meanwhile.
        tokio::task::yield_now().await;
        self.health()?;
        self.shared().intents.written(&ticket).map(drop).ok_or(LogUnavailable::Disk)
    }

    /// Like [`Self::intent`], and waits until it survives a loss of power too. If it does not, the
    /// call is not to be forwarded, and the log says so as soon as it can write.
    pub async fn intent_durable(&self, intent: &Intent) -> Result<(), LogUnavailable> {
        let ticket = self.stage_intent(intent)?;
        let place = self.shared().intents.written(&ticket).ok_or(LogUnavailable::Disk)?;
        let shared = Arc::clone(self.shared());
        match spawn_blocking(move || shared.sync_intents(Some(place))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => {
                self.withdraw(intent);
                Err(LogUnavailable::Disk)
            }
            Err(_) => Err(LogUnavailable::Closed),
        }
    }

    /// Writes down nonces spent by calls that another node carries, so that this log remembers them
    /// like those of its own calls: one `write(2)`, no sync. They survive the end of the process,
    /// not a loss of power.
    pub fn spent(&self, nonces: &[SpentNonce]) -> Result<(), LogUnavailable> {
        self.health()?;
        let shared = self.shared();
        match shared.intents.spent(nonces) {
            Ok(false) => Ok(()),
            Ok(true) => {
                shared.handover.want_tidying();
                Ok(())
            }
            Err(error) => {
                tracing::warn!(%error, "spent nonces cannot be written; their calls are refused");
                Err(LogUnavailable::Disk)
            }
        }
    }

    /// Waits until all nonces noted by [`Self::spent`] so far survive a loss of power too.
    pub async fn sync_spent(&self) -> Result<(), LogUnavailable> {
        let shared = Arc::clone(self.shared());
        let synced = spawn_blocking(move || shared.sync_intents(None)).await;
        synced.map_err(|_| LogUnavailable::Closed)?.map_err(|_| LogUnavailable::Disk)
    }

    /// The intent was written and may last, but nothing follows from it. A crash before this is
    /// recorded leaves `call.unknown`, which says less but nothing false.
    fn withdraw(&self, intent: &Intent) {
        let drafted = self.job(Draft {
            actor: intent.actor.clone(),
            subject: intent.subject.clone(),
            outcome: ErrorCode::LogUnavailable.as_str().to_owned(),
            directory: intent.directory,
            commitments: intent.commitments.clone(),
            request_id: Some(intent.request_id),
            resolves_intent: true,
            nonce: Some(intent.nonce.clone()),
            ..Draft::new(Kind::Call, CALL_REFUSED)
        });
        // It has no detail that could not be sealed, and its intent could be spelt out.
        if let Ok(job) = drafted {
            self.shared().orphans.lock().push(job);
            self.shared().queue.poke();
        }
    }

    fn stage_intent(&self, intent: &Intent) -> Result<Ticket, LogUnavailable> {
        self.health()?;
        let shared = self.shared();
        let id = EntryId::from_bytes(*intent.request_id.as_bytes());
        let entry = EntryView {
            id: id.ok_or(LogUnavailable::Unrecordable)?,
            time: shared.clock.now(),
            kind: Kind::Call,
            action: CALL_UNKNOWN,
            actor: intent.actor.as_deref(),
            subject: &intent.subject,
            outcome: OUTCOME_UNKNOWN,
            directory: intent.directory.as_ref(),
            commitments: &intent.commitments,
            sequence: None,
        };
        let entry = entry.to_canonical().map_err(|_| LogUnavailable::Unrecordable)?;
        let nonce = intent.nonce.clone();
        let record = IntentRecord { request_id: intent.request_id, nonce, entry: &entry };
        Ok(shared.intents.stage(&record))
    }

    /// Appends an entry; answers when it is durable. The caller may stop waiting: the entry is
    /// written all the same. After [`LogUnavailable`] the caller must not go on with what it
    /// wanted to record; the outcome of a forwarded call is then recorded as `call.unknown`.
    pub async fn append(&self, draft: Draft) -> Result<Appended, LogUnavailable> {
        let (sender, answered) = oneshot::channel();
        self.enqueue(draft, Some(Answer::new(sender, self.lane.clone())));
        answered.await.unwrap_or(Err(LogUnavailable::Closed))
    }

    /// Appends an entry without waiting: for what must be recorded where nobody can wait, like an
    /// answer that is dropped half-way. It is durable with the next batch.
    pub fn append_detached(&self, draft: Draft) {
        self.enqueue(draft, None);
    }

    fn enqueue(&self, draft: Draft, answer: Option<Answer>) {
        let shared = self.shared();
        let refused = match self.job(draft) {
            Ok(job) => shared.queue.push(Job { answer, ..job }).err(),
            Err(NoJob::Unsealed(job, reason)) => Some((Job { answer, ..*job }, reason)),
            Err(NoJob::NoEntry) => {
                if let Some(asked) = answer {
                    Round::default().give(asked, Err(LogUnavailable::Unrecordable));
                }
                None
            }
        };
        if let Some((job, reason)) = refused {
            shared.refuse(job, reason);
        }
    }

    /// Spells out the entry and seals the detail here, on the caller's thread, so that the appender
    /// only writes.
    fn job(&self, mut draft: Draft) -> Result<Job, NoJob> {
        let shared = self.shared();
        if let Some(call) = draft.request_id {
            name_call(&mut draft.subject, call);
        }
        let time = shared.clock.now();
        let entry_id = EntryId::new(time, &*shared.randomness);
        let entry = EntryView {
            id: entry_id,
            time,
            kind: draft.kind,
            action: &draft.action,
            actor: draft.actor.as_deref(),
            subject: &draft.subject,
            outcome: &draft.outcome,
            directory: draft.directory.as_ref(),
            commitments: &draft.commitments,
            sequence: draft.sequence,
        };
        let entry = entry.to_canonical().map_err(|error| {
            tracing::error!(%error, action = &*draft.action, "not an entry");
            NoJob::NoEntry
        })?;
        let (detail, kept) = self.sealed(draft.detail.as_ref(), time, &entry_id);
        let job = Job {
            entry_id,
            time,
            entry,
            detail,
            request_id: draft.request_id,
            resolves_intent: draft.resolves_intent,
            nonce: draft.nonce,
            answer: None,
        };
        match kept {
            Ok(()) => Ok(job),
            Err(reason) => Err(NoJob::Unsealed(Box::new(job), reason)),
        }
    }

    fn sealed(
        &self,
        detail: Option<&Detail>,
        time: UtcMicros,
        entry: &EntryId,
    ) -> (Vec<u8>, Result<(), LogUnavailable>) {
        let Some(detail) = detail else {
            return (Vec::new(), Ok(()));
        };
        match detail::seal(&self.shared().details, &time.date(), entry, detail) {
            Ok(sealed) if sealed.len() > detail::MAX_BYTES => {
                (Vec::new(), Err(LogUnavailable::Unrecordable))
            }
            Ok(sealed) => (sealed, Ok(())),
            // Today's key was destroyed on purpose: today's details are not to be kept.
            Err(KeyError::Destroyed { .. }) => (Vec::new(), Ok(())),
            Err(error) => {
                tracing::error!(%error, "a detail cannot be sealed; its call is refused");
                (Vec::new(), Err(LogUnavailable::Disk))
            }
        }
    }

    /// The newest checkpoint.
    pub fn checkpoint(&self) -> Arc<Published> {
        Arc::clone(&self.shared().published.borrow())
    }

    /// Waits for a checkpoint that covers the entry `index`; asks for it to come at once.
    pub async fn published_past(&self, index: u64) -> Result<Arc<Published>, LogUnavailable> {
        let shared = self.shared();
        let (mut published, mut ended) = (shared.published.subscribe(), shared.ended.subscribe());
        shared.handover.want();
        tokio::select! {
            biased;
            covered = published.wait_for(|published| published.size > index) => {
                covered.map(|covered| Arc::clone(&covered)).map_err(|_| LogUnavailable::Closed)
            }
            _ = ended.wait_for(|ended| *ended) => Err(LogUnavailable::Closed),
        }
    }

    /// Writes and publishes what it was given, and ends the log's threads; other handles are
    /// answered [`LogUnavailable::Closed`]. What cannot be published now is at the next opening.
    pub async fn close(&self) {
        self.shared().queue.close();
        let threads = std::mem::take(&mut *self.handle.threads.lock());
        let joined = spawn_blocking(|| threads.into_iter().try_for_each(JoinHandle::join)).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!("a thread of the log ended in disorder");
        }
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, OpenError> {
    let thread = thread::Builder::new().name(name.to_owned());
    thread.spawn(run).map_err(|error| OpenError::Unusable(format!("no thread: {error}")))
}

impl Drop for Handle {
    /// The threads write what they were given, then end.
    fn drop(&mut self) {
        self.shared.queue.close();
    }
}
