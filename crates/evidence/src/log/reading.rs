//! Reading the log: tiles for everybody, entries and details for those who may.
//!
//! **Invariant**: an entry is answered only if its bytes are the ones under the signed tree (or, if
//! it is not published yet, durable in the write-ahead file).
//! **Trust**: rights are checked by the callers; here, whoever asks gets.

use std::sync::Arc;

use keys::KeyError;
use tokio::task::spawn_blocking;
use wire::entry::{Entry, Kind};
use wire::id::{EntryId, RequestId};
use wire::merkle::{Hash, leaf_hash, prove_consistency, prove_inclusion};
use wire::tile::{TileKind, TilePath, WIDTH};

use super::batch::call_mark;
use super::draft::Detail;
use super::error::ReadError;
use super::shared::Shared;
use super::{Log, REQUEST_ID, detail};

/// An entry and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEntry {
    /// Its number in the log.
    pub index: u64,
    /// Its bytes, exactly as they are hashed.
    pub bytes: Vec<u8>,
}

/// What is left of an entry's detail.
#[derive(Debug, PartialEq)]
pub enum KeptDetail {
    /// The entry never had one.
    Absent,
    /// Its key was destroyed on purpose: it is gone, its commitments stay.
    Destroyed,
    /// Here it is.
    Kept(Box<Detail>),
}

/// How far the clock may have gone back between a request and its entry, in milliseconds.
const CLOCK_SLACK_MS: u64 = 60_000;

impl Log {
    /// A tile, as tlog-tiles serves it; `None` if no checkpoint promises it. A partial tile stays
    /// readable when it has become full.
    pub async fn read(&self, path: TilePath) -> Result<Option<Vec<u8>>, ReadError> {
        self.blocking(move |shared| shared.tile(path)).await
    }

    /// The bytes of an entry, published or not; `None` beyond the end.
    pub async fn entry(&self, index: u64) -> Result<Option<Vec<u8>>, ReadError> {
        self.blocking(move |shared| shared.entry(index)).await
    }

    /// The entries of a call, in order, published or not. Costs a binary search by the request
    /// id's time, then a scan of 24 bytes per entry up to the call's last entry; for an id that
    /// was never used, up to the end.
    pub async fn find_call(&self, request_id: RequestId) -> Result<Vec<RecordedEntry>, ReadError> {
        self.blocking(move |shared| shared.find_call(request_id)).await
    }

    /// The detail of an entry.
    pub async fn detail(&self, index: u64) -> Result<KeptDetail, ReadError> {
        self.blocking(move |shared| shared.detail(index)).await
    }

    /// The inclusion proof of entry `index` in the tree of the first `size` entries, which must be
    /// published.
    pub async fn prove(&self, index: u64, size: u64) -> Result<Vec<Hash>, ReadError> {
        self.blocking(move |shared| Ok(prove_inclusion(index, size, &shared.archive)?)).await
    }

    /// The proof that the tree of `new` entries begins with the tree of `old` ones; both published.
    pub async fn prove_consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, ReadError> {
        self.blocking(move |shared| Ok(prove_consistency(old, new, &shared.archive)?)).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Shared) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let shared = Arc::clone(self.shared());
        spawn_blocking(move || read(&shared)).await.unwrap_or(Err(ReadError::Closed))
    }
}

impl Shared {
    fn published_size(&self) -> u64 {
        self.published.borrow().size
    }

    fn tile(&self, path: TilePath) -> Result<Option<Vec<u8>>, ReadError> {
        let there = TilePath::in_log(path.kind, path.index, self.published_size());
        if there.is_none_or(|there| there.width < path.width) {
            return Ok(None);
        }
        let from = path.index * u64::from(WIDTH);
        let bytes = match path.kind {
            TileKind::Hashes(level) => self.archive.hashes(level, from, u64::from(path.width)),
            TileKind::Entries => self.archive.bundle(from, from + u64::from(path.width)),
        };
        Ok(Some(bytes?))
    }

    fn entry(&self, index: u64) -> Result<Option<Vec<u8>>, ReadError> {
        // What leaves the hand-over has been published before, so look there first.
        let waiting = self.handover.find(index);
        if let Some((batch, placed)) =
            waiting.as_deref().and_then(|batch| Some((batch, batch.find(index)?)))
        {
            return Ok(Some(batch.entry(placed).to_vec()));
        }
        if index >= self.published_size() {
            return Ok(None);
        }
        self.archived_entry(index).map(Some)
    }

    fn archived_entry(&self, index: u64) -> Result<Vec<u8>, ReadError> {
        let bytes = self.archive.entry(index)?;
        if self.archive.hashes(0, index, 1)? == leaf_hash(&bytes) {
            Ok(bytes)
        } else {
            Err(ReadError::Damaged(index))
        }
    }

    fn find_call(&self, request_id: RequestId) -> Result<Vec<RecordedEntry>, ReadError> {
        let waiting = self.handover.batches();
        let published = self.published_size();
        let mark = call_mark(&request_id);
        let mut found = Vec::new();
        let mut at =
            self.first_at(request_id.time_ms().saturating_sub(CLOCK_SLACK_MS), published)?;
        while let Some(index) = self.archive.find_call(mark, at, published)? {
            let bytes = self.archived_entry(index)?;
            if take(&mut found, &request_id, index, bytes) {
                return Ok(found);
            }
            at = index + 1;
        }
        for batch in &waiting {
            for (index, placed) in (batch.first..).zip(&batch.entries) {
                if index >= published && placed.call == mark {
                    take(&mut found, &request_id, index, batch.entry(placed).to_vec());
                }
            }
        }
        Ok(found)
    }

    /// The first published entry that is not older than `time_ms`.
    fn first_at(&self, time_ms: u64, published: u64) -> Result<u64, ReadError> {
        let (mut low, mut high) = (0, published);
        while low < high {
            let middle = low + (high - low) / 2;
            let bytes = self.archived_entry(middle)?;
            let entry = Entry::parse(&bytes).map_err(|_| ReadError::Damaged(middle))?;
            if entry.time.as_millis() < time_ms {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    fn detail(&self, index: u64) -> Result<KeptDetail, ReadError> {
        let waiting = self.handover.find(index);
        let record = match waiting.as_deref().and_then(|batch| Some((batch, batch.find(index)?))) {
            Some((batch, placed)) => batch.detail(placed).to_vec(),
            None if index < self.published_size() => self.archive.detail(index)?,
            None => Vec::new(),
        };
        if record.is_empty() {
            return Ok(KeptDetail::Absent);
        }
        let id = self.entry_id(index)?;
        match detail::open(&self.details, &id, &record) {
            Some(Ok(detail)) => Ok(KeptDetail::Kept(Box::new(detail))),
            Some(Err(KeyError::Destroyed { .. })) => Ok(KeptDetail::Destroyed),
            Some(Err(source)) => Err(ReadError::Sealed { index, source }),
            None => Err(ReadError::Damaged(index)),
        }
    }

    fn entry_id(&self, index: u64) -> Result<EntryId, ReadError> {
        let bytes = self.entry(index)?.ok_or(ReadError::Damaged(index))?;
        let entry = Entry::parse(&bytes).map_err(|_| ReadError::Damaged(index))?;
        Ok(entry.id)
    }
}

/// Takes the entry if it does belong to the call; true if it is the call's last.
fn take(found: &mut Vec<RecordedEntry>, call: &RequestId, index: u64, bytes: Vec<u8>) -> bool {
    let Ok(entry) = Entry::parse(&bytes) else {
        return false;
    };
    if entry.subject.get(REQUEST_ID) != Some(&call.to_string()) {
        return false;
    }
    found.push(RecordedEntry { index, bytes });
    entry.kind == Kind::Call && entry.action != "call.opened"
}
