//! The appender: one thread that numbers, dates and writes entries.
//!
//! It takes all that waits as one batch: one write, one sync, and only then answers. While it
//! syncs, the next batch gathers.
//!
//! **Invariant**: who gets an [`Appended`] finds that entry at that index for ever; indexes have
//! no gaps; times grow.
//! **Trust**: this thread decides the order of everything; whoever controls it can leave things
//! out, but not alter what is under a published checkpoint.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use wire::ambient::UtcMicros;
use wire::entry::set_time;
use wire::id::{EntryId, RequestId};

use super::batch::Batch;
use super::codec::{EntryRecord, SegmentHead};
use super::draft::{Appended, LogUnavailable, SpentNonce};
use super::gathering::Gathering;
use super::intents::Settled;
use super::lane::{Answer, Outcome, Round};
use super::shared::Shared;
use super::wal::Segment;

/// An entry on its way, spelt out where it was drafted; its index is not known yet.
pub(super) struct Job {
    pub(super) entry_id: EntryId,
    /// Of the draft, until the entry is put into the log.
    pub(super) time: UtcMicros,
    /// Its canonical bytes.
    pub(super) entry: Vec<u8>,
    /// Sealed; empty if there is none.
    pub(super) detail: Vec<u8>,
    pub(super) request_id: Option<RequestId>,
    pub(super) resolves_intent: bool,
    pub(super) nonce: Option<SpentNonce>,
    pub(super) answer: Option<Answer>,
}

/// At least what stands in a frame beside entry and detail, if no key id is very long.
const FRAMED_BYTES: usize = 192;

pub(super) struct Appender {
    pub(super) shared: Arc<Shared>,
    pub(super) dir: PathBuf,
    /// `None` after an error, until a new segment could be begun.
    pub(super) segment: Option<Segment>,
    /// The last segment and how many bytes of it count, while there is no new one.
    pub(super) tail: Option<(u64, u64)>,
    pub(super) next_serial: u64,
    pub(super) next_index: u64,
    pub(super) last_time: UtcMicros,
    pub(super) gathering: Gathering,
}

impl Appender {
    /// Works until the queue is closed and empty.
    pub(super) fn run(mut self) {
        let pause = self.shared.config.retry_after;
        let mut jobs = Vec::new();
        loop {
            let is_behind = self.is_troubled() || self.shared.has_orphans();
            self.gather();
            let closed = self.shared.queue.take(&mut jobs, is_behind.then_some(pause));
            if self.is_troubled() {
                self.recover();
            }
            let orphans = self.shared.take_orphans();
            self.commit(orphans.into_iter().chain(jobs.drain(..)).collect());
            if closed {
                return;
            }
        }
    }

    /// Lets others come, if the batches before say that they will.
    fn gather(&self) {
        let patience = self.gathering.patience(&self.shared.config);
        if !patience.is_zero() {
            self.shared.queue.gather(self.gathering.wanted(), patience);
        }
    }

    fn is_troubled(&self) -> bool {
        self.segment.is_none() || self.shared.intents.has_failed()
    }

    /// Tries to go on after an error: a new segment, intents written anew.
    fn recover(&mut self) {
        let recovered = self.shared.intents.repair().and_then(|()| match &self.segment {
            Some(_) => Ok(()),
            None => self.begin_segment(),
        });
        match recovered {
            Ok(()) => {
                tracing::info!("the log takes entries again");
                self.shared.queue.refuse(None);
            }
            Err(error) => {
                self.shared.queue.refuse(Some(LogUnavailable::Disk));
                tracing::debug!(%error, "the log still cannot write");
            }
        }
    }

    /// Writes a batch, and answers once it is durable.
    fn commit(&mut self, mut jobs: Vec<Job>) {
        if jobs.is_empty() {
            return;
        }
        if self.shared.handover.bytes() > self.shared.config.max_unpublished_bytes {
            return self.refuse(jobs, LogUnavailable::Overloaded);
        }
        if let Err(error) = self.make_room() {
            self.fail(&error);
        }
        let Some(synced) = self.segment.as_ref().map(|segment| segment.length) else {
            return self.refuse(jobs, LogUnavailable::Disk);
        };
        let mut batch = self.shared.handover.batch(self.next_index);
        batch.bytes.reserve(jobs.iter().map(Job::framed_bytes).sum());
        let now = self.shared.clock.now();
        let mut time = self.last_time;
        for job in &mut jobs {
            time = now.max(UtcMicros::from_micros(time.as_micros().saturating_add(1)));
            job.set_time(time);
            batch.push(synced, &job.record(batch.end()));
        }
        // A crash before this returns leaves entries that nobody was told of: the next opening
        // keeps those that are whole. A crash after it leaves them all, answered or not.
        let written = self.segment.as_mut().map(|segment| segment.append(&batch.bytes));
        if let Some(Err(error)) = written {
            self.fail(&error);
            return self.refuse(jobs, LogUnavailable::Disk);
        }
        self.last_time = time;
        self.conclude(batch, jobs);
    }

    /// The batch is durable: shows it to readers and publisher, answers, and marks the intents.
    fn conclude(&mut self, batch: Batch, mut jobs: Vec<Job>) {
        let first = batch.first;
        self.next_index = batch.end();
        self.gathering.came(jobs.len());
        metrics::counter!("lgsp_log_entries_total").increment(jobs.len() as u64);
        metrics::counter!("lgsp_log_batches_total").increment(1);
        self.shared.handover.push(batch);
        self.shared.size.store(self.next_index, Ordering::Release);
        let mut round = Round::default();
        for (index, job) in (first..).zip(&mut jobs) {
            let (time, entry_id) = (job.time, job.entry_id);
            job.answer_in(&mut round, Ok(Appended { index, time, entry_id }));
        }
        drop(round);
        // A crash before this leaves intents without marks, but their entries are in the
        // write-ahead file, which is kept until the marks are durable.
        let settled = jobs.into_iter().map(|job| Settled {
            call: job.request_id.filter(|_| job.resolves_intent),
            nonce: job.nonce,
        });
        self.shared.intents.settle(self.next_index, settled);
    }

    /// Begins a new segment when the current one is full.
    fn make_room(&mut self) -> io::Result<()> {
        let full = self.shared.config.segment_bytes;
        match self.segment.take_if(|segment| segment.length >= full) {
            None => Ok(()),
            Some(segment) => {
                self.tail = Some((segment.serial, segment.length));
                self.begin_segment()
            }
        }
    }

    fn begin_segment(&mut self) -> io::Result<()> {
        let head = SegmentHead {
            serial: self.next_serial,
            start: self.next_index,
            predecessor: self.tail,
            origin: self.shared.config.origin.to_string(),
        };
        self.next_serial += 1;
        self.segment = Some(Segment::begin(&*self.shared.disk, &self.dir, &head, &[])?);
        if let Some((serial, _)) = self.tail.take() {
            self.shared.handover.segment_ended(serial, self.next_index);
        }
        Ok(())
    }

    /// Gives up the current segment: nobody knows what a failed write or sync left in it.
    fn fail(&mut self, error: &io::Error) {
        tracing::error!(%error, "the log cannot write; calls are refused until it can");
        metrics::counter!("lgsp_log_failures_total").increment(1);
        self.shared.queue.refuse(Some(LogUnavailable::Disk));
        if let Some(segment) = self.segment.take() {
            segment.cut();
            self.tail = Some((segment.serial, segment.length));
        }
    }

    fn refuse(&self, jobs: Vec<Job>, reason: LogUnavailable) {
        for job in jobs {
            self.shared.refuse(job, reason);
        }
    }
}

impl Job {
    fn set_time(&mut self, time: UtcMicros) {
        self.time = time;
        // These are the bytes of an entry, so they have a time.
        let _ = set_time(&mut self.entry, time);
    }

    /// About as many bytes as its frame will have.
    fn framed_bytes(&self) -> usize {
        self.entry.len() + self.detail.len() + FRAMED_BYTES
    }

    fn record(&self, index: u64) -> EntryRecord<'_> {
        EntryRecord {
            index,
            time: self.time,
            request_id: self.request_id,
            resolves_intent: self.resolves_intent,
            nonce: self.nonce.clone(),
            entry: &self.entry,
            detail: &self.detail,
        }
    }

    pub(super) fn answer(&mut self, answer: Outcome) {
        self.answer_in(&mut Round::default(), answer);
    }

    fn answer_in(&mut self, round: &mut Round, answer: Outcome) {
        if let Some(asked) = self.answer.take() {
            round.give(asked, answer);
        }
    }
}

impl Drop for Appender {
    /// However this thread ends, nobody waits for it any longer.
    fn drop(&mut self) {
        self.shared.queue.close();
        let mut jobs = Vec::new();
        self.shared.queue.take(&mut jobs, None);
        self.refuse(jobs, LogUnavailable::Closed);
        self.shared.handover.close();
    }
}
