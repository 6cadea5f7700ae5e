//! Proving from the public log that a call was recorded.
//!
//! The log is read as any tlog-tiles client reads it: the checkpoint, the entry bundle, and the
//! hash tiles that lead from the entry to the checkpoint's root.
//! **Invariant**: an entry is [`ProvedEntry`] only if a trusted key signed a root that it leads to.

use std::path::Path;
use std::time::Duration;

use http::StatusCode;
use http_body_util::{BodyExt as _, Limited};
use url::Url;
use wire::checkpoint::Checkpoint;
use wire::entry::Entry;
use wire::id::RequestId;
use wire::merkle::{leaf_hash, prove_inclusion, verify_inclusion};
use wire::note::{self, SignedNote};
use wire::problem::Text;
use wire::tile::{TileError, TileKind, TilePath, Tiles, WIDTH, decode_entries};
use wire::trust::TrustFile;

use crate::answer::EntryPlace;
use crate::call::http_client;
use crate::error::{ClientError, reason};
use crate::finding::{Finding, Subject};

/// The largest tile there can be: a bundle of 256 of the longest entries.
const LARGEST_TILE: usize = WIDTH as usize * (2 + u16::MAX as usize);
/// How long to wait between two looks at the checkpoint; a new one comes each second.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

/// Reads one log over HTTP.
#[derive(Debug, Clone)]
pub struct LogReader {
    http: reqwest::Client,
    prefix: Url,
    token: Option<String>,
}

/// An entry with proof that it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvedEntry {
    /// Where it stands.
    pub place: EntryPlace,
    /// The entry.
    pub entry: Entry,
    /// The size of the log whose signed root it was proved against.
    pub size: u64,
}

/// Why an entry could not be proved.
#[derive(Debug, thiserror::Error)]
pub enum UnprovedEntry {
    /// The log was not reached. The network's or the platform's fault; ask again.
    #[error("the log cannot be read: {0}")]
    Unreachable(String),
    /// The log has no such file. The platform's fault.
    #[error("the log has no {0}")]
    Absent(String),
    /// Entries of this log are for auditors and witnesses; final without a right.
    #[error("entries of this log may be read by auditors only")]
    NotPermitted,
    /// No checkpoint covers the entry yet. Ask again in a second.
    #[error("no checkpoint covers the entry yet: the log has {0} entries")]
    Pending(u64),
    /// What came is not what a log serves, or does not lead to a trusted root: do not believe
    /// this log. The platform's fault, final.
    #[error("the log does not prove the entry: {0}")]
    NotProved(String),
}

impl LogReader {
    /// A reader of the log under `prefix`, for example
    /// `http://127.0.0.1:8080/evidence/logs/<origin>`.
    pub fn new(prefix: &Url) -> Result<Self, ClientError> {
        let mut prefix = prefix.clone();
        if !prefix.path().ends_with('/') {
            let path = format!("{}/", prefix.path());
            prefix.set_path(&path);
        }
        Ok(Self { http: http_client(None)?, prefix, token: None })
    }

    /// Believes the root certificates in `ca` (PEM) too, beside the system's.
    pub fn with_ca(mut self, ca: &Path) -> Result<Self, ClientError> {
        self.http = http_client(Some(ca))?;
        Ok(self)
    }

    /// Reads with an auditor's or witness's right.
    #[must_use]
    pub fn with_token(mut self, token: String) -> Self {
        self.token = Some(token);
        self
    }

    /// Proves the entry at `place`, waiting up to `patience` for a checkpoint that covers it.
    pub async fn prove(
        &self,
        place: &EntryPlace,
        trust: &TrustFile,
        patience: Duration,
    ) -> Result<ProvedEntry, UnprovedEntry> {
        let (note, size) = self.checkpoint_past(place.index, patience).await?;
        let bytes = self.entry_bytes(place.index, size).await?;
        let entry = Entry::parse(&bytes).map_err(not_proved)?;
        let keys = trust.log_keys(&place.origin, entry.time);
        let text = note::open(&note, &keys).map_err(not_proved)?;
        let checkpoint: Checkpoint = text.parse().map_err(not_proved)?;
        if checkpoint.origin != place.origin {
            return Err(UnprovedEntry::NotProved(format!(
                "its checkpoint is of {}, not of {}",
                checkpoint.origin, place.origin
            )));
        }
        let path = self.inclusion_path(place.index, checkpoint.size).await?;
        let leaf = leaf_hash(&bytes);
        verify_inclusion(&leaf, place.index, checkpoint.size, &path, &checkpoint.root)
            .map_err(not_proved)?;
        Ok(ProvedEntry { place: place.clone(), entry, size: checkpoint.size })
    }

    /// The first checkpoint seen, not verified yet, that covers entry `index`; and its size.
    async fn checkpoint_past(
        &self,
        index: u64,
        patience: Duration,
    ) -> Result<(String, u64), UnprovedEntry> {
        let mut left = patience;
        loop {
            let bytes = self.fetch("checkpoint").await?;
            let note = String::from_utf8(bytes).map_err(not_proved)?;
            let parsed: SignedNote = note.parse().map_err(not_proved)?;
            let checkpoint: Checkpoint = parsed.text.parse().map_err(not_proved)?;
            if checkpoint.size > index {
                return Ok((note, checkpoint.size));
            }
            if left.is_zero() {
                return Err(UnprovedEntry::Pending(checkpoint.size));
            }
            tokio::time::sleep(BETWEEN_LOOKS.min(left)).await;
            left = left.saturating_sub(BETWEEN_LOOKS);
        }
    }

    async fn entry_bytes(&self, index: u64, size: u64) -> Result<Vec<u8>, UnprovedEntry> {
        let width = u64::from(WIDTH);
        let path = TilePath::in_log(TileKind::Entries, index / width, size)
            .ok_or(UnprovedEntry::Pending(size))?;
        let bundle = self.tile(path).await?;
        let entries = decode_entries(&bundle).map_err(not_proved)?;
        let entry = usize::try_from(index % width).ok().and_then(|at| entries.get(at));
        entry.map(|bytes| bytes.to_vec()).ok_or_else(|| not_proved("an entry bundle too short"))
    }

    async fn inclusion_path(
        &self,
        index: u64,
        size: u64,
    ) -> Result<Vec<wire::merkle::Hash>, UnprovedEntry> {
        let mut tiles = Tiles::new(size);
        loop {
            match prove_inclusion(index, size, &tiles) {
                Ok(path) => return Ok(path),
                Err(TileError::Missing(path)) => {
                    let bytes = self.tile(path).await?;
                    tiles.insert(path, bytes).map_err(not_proved)?;
                }
                Err(error) => return Err(not_proved(error)),
            }
        }
    }

    /// The bytes of a tile. A partial one may have been dropped once the full one is there.
    async fn tile(&self, path: TilePath) -> Result<Vec<u8>, UnprovedEntry> {
        match self.fetch(&path.to_string()).await {
            Err(UnprovedEntry::Absent(_)) if path.is_partial() => {
                self.fetch(&path.to_full().to_string()).await
            }
            other => other,
        }
    }

    async fn fetch(&self, path: &str) -> Result<Vec<u8>, UnprovedEntry> {
        let unreachable =
            |error: &(dyn std::error::Error + 'static)| UnprovedEntry::Unreachable(reason(error));
        let url = self.prefix.join(path).map_err(|error| unreachable(&error))?;
        let mut request = self.http.get(url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.map_err(|error| unreachable(&error))?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Err(UnprovedEntry::Absent(path.to_owned())),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(UnprovedEntry::NotPermitted);
            }
            other => return Err(UnprovedEntry::Unreachable(format!("status {other}"))),
        }
        let body = Limited::new(reqwest::Body::from(response), LARGEST_TILE);
        let collected = body.collect().await.map_err(|error| unreachable(error.as_ref()))?;
        Ok(collected.to_bytes().to_vec())
    }
}

#[allow(clippy::needless_pass_by_value, reason = "the shape that `map_err` calls")]
fn not_proved(why: impl ToString) -> UnprovedEntry {
    UnprovedEntry::NotProved(why.to_string())
}

impl ProvedEntry {
    /// Whether the proved entry is of the call `request_id`.
    pub fn finding(&self, request_id: RequestId) -> Finding {
        let request_id = request_id.to_string();
        if self.entry.subject.get("request_id") != Some(&request_id) {
            return Finding::wrong(
                Subject::Entry,
                Text::new(
                    format!("Bản ghi {} không phải của lượt gọi này.", self.place),
                    format!("The entry {} is not of this call.", self.place),
                ),
            );
        }
        Finding::proved(
            Subject::Entry,
            Text::new(
                format!(
                    "Lượt gọi đã được ghi vào nhật ký: {} ({}, {}), chứng minh theo điểm kiểm chứng có \
                     {} bản ghi.",
                    self.place, self.entry.outcome, self.entry.time, self.size
                ),
                format!(
                    "The call is in the log: {} ({}, {}), proved against a checkpoint of {} entries.",
                    self.place, self.entry.outcome, self.entry.time, self.size
                ),
            ),
        )
    }
}

impl UnprovedEntry {
    /// The same as a finding: what was not there was not checked, what was wrong is wrong.
    pub fn finding(&self) -> Finding {
        let english = format!("The entry is not proved: {self}.");
        match self {
            Self::NotProved(why) => Finding::wrong(
                Subject::Entry,
                Text::new(format!("Nhật ký không chứng minh được bản ghi ({why})."), english),
            ),
            Self::Unreachable(_) => not_checked("Không đọc được nhật ký.", english),
            Self::Absent(_) => not_checked("Nhật ký thiếu phần cần để chứng minh.", english),
            Self::NotPermitted => {
                not_checked("Chỉ kiểm toán viên được đọc bản ghi của nhật ký này.", english)
            }
            Self::Pending(_) => {
                not_checked("Chưa có điểm kiểm chứng nào bao gồm bản ghi.", english)
            }
        }
    }
}

fn not_checked(vi: &'static str, en: String) -> Finding {
    Finding::not_checked(Subject::Entry, Text::new(vi, en))
}
