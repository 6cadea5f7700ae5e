//! The rows between database and log: one per committed change, until and after it is an entry.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use store::{Database, Migrations, Row, StoreError, Value, WriteTransaction};
use wire::ambient::{Randomness, UtcMicros};
use wire::checkpoint::Origin;
use wire::entry::{ActorRef, Entry, Kind};
use wire::id::EntryId;
use wire::merkle::Hash;

use crate::log::Draft;
use crate::recorder::RecordError;

/// The tables of this crate: the outbox, its counter and the directory's history.
pub static MIGRATIONS: Migrations = Migrations {
    name: "evidence",
    steps: &[
        (
            "outbox",
            "CREATE TABLE evidence_sequence (
                 one BIGINT PRIMARY KEY CHECK (one = 1),
                 last BIGINT NOT NULL
             );
             INSERT INTO evidence_sequence (one, last) VALUES (1, 0);
             CREATE TABLE evidence_outbox (
                 sequence BIGINT PRIMARY KEY,
                 time_us BIGINT NOT NULL,
                 action TEXT NOT NULL,
                 content TEXT NOT NULL,
                 origin TEXT NOT NULL,
                 log_size_before BIGINT NOT NULL,
                 entry_origin TEXT,
                 entry_index BIGINT
             );
             CREATE INDEX evidence_outbox_waiting ON evidence_outbox (sequence)
                 WHERE entry_index IS NULL;",
        ),
        (
            "directory history",
            "CREATE TABLE evidence_directory (
                 root TEXT PRIMARY KEY,
                 records TEXT NOT NULL
             );
             CREATE TABLE evidence_publication (
                 sequence BIGINT PRIMARY KEY,
                 root TEXT NOT NULL REFERENCES evidence_directory (root),
                 head TEXT NOT NULL,
                 published_us BIGINT NOT NULL
             );
             CREATE INDEX evidence_publication_root ON evidence_publication (root, published_us);",
        ),
        ("node card", crate::node_card::CREATE),
        ("repeat", crate::repeat::CREATE),
    ],
};

/// A change on its way into the log.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OutboxRow {
    /// 1, 2, 3 … without gaps: taken inside the transaction, so a rollback gives it back.
    pub(crate) sequence: u64,
    pub(crate) time: UtcMicros,
    pub(crate) kind: Kind,
    pub(crate) action: String,
    pub(crate) actor: Option<ActorRef>,
    pub(crate) subject: BTreeMap<String, String>,
    pub(crate) directory: Option<Hash>,
    /// The log that was written when the change was made, and how many entries it had:
    /// where to begin to look for the entry after a crash. An index, not a time: clocks step.
    pub(crate) origin: Origin,
    pub(crate) log_size_before: u64,
}

/// What of a row has no column of its own.
#[derive(Serialize, Deserialize)]
struct Content {
    kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actor: Option<ActorRef>,
    subject: BTreeMap<String, String>,
    /// Hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    directory: Option<String>,
}

impl OutboxRow {
    /// What the log is given. The sequence stands in the entry: by it the entry is found again.
    pub(crate) fn draft(&self) -> Draft {
        Draft {
            actor: self.actor.as_ref().map(|actor| Arc::new(actor.into())),
            subject: (&self.subject).into(),
            outcome: OUTCOME.to_owned(),
            directory: self.directory,
            sequence: Some(self.sequence),
            ..Draft::new(self.kind, self.action.clone())
        }
    }

    /// Whether the entry of this row can be written at all (length, numbers).
    pub(crate) fn check_recordable(&self) -> Result<(), RecordError> {
        let entry = Entry {
            id: EntryId::new(self.time, &Zeros),
            time: self.time,
            kind: self.kind,
            action: self.action.clone(),
            actor: self.actor.clone(),
            subject: self.subject.clone(),
            outcome: OUTCOME.to_owned(),
            directory: self.directory,
            commitments: BTreeMap::new(),
            sequence: Some(self.sequence),
        };
        match entry.to_canonical() {
            Ok(_) => Ok(()),
            Err(error) => Err(RecordError::Unrecordable(error.to_string())),
        }
    }
}

/// A recorded change has happened: its outcome is always this.
const OUTCOME: &str = "ok";

/// For the id of an entry that is only measured, never kept: all ids have one length.
struct Zeros;

impl Randomness for Zeros {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

/// Takes the next number. The counter's row is locked until the commit, so numbers follow the
/// order of commits on every database.
pub(crate) async fn next_sequence(transaction: &mut WriteTransaction) -> Result<u64, StoreError> {
    let sql = "UPDATE evidence_sequence SET last = last + 1 WHERE one = 1 RETURNING last";
    let row = transaction.fetch_optional(sql, &[]).await?;
    let row = row.ok_or_else(|| StoreError::corrupt("evidence_sequence has no row"))?;
    to_u64(row.integer("last")?)
}

pub(crate) async fn insert(
    transaction: &mut WriteTransaction,
    row: &OutboxRow,
) -> Result<(), StoreError> {
    let content = Content {
        kind: row.kind,
        actor: row.actor.clone(),
        subject: row.subject.clone(),
        directory: row.directory.map(hex::encode),
    };
    let content =
        serde_json::to_string(&content).map_err(|e| StoreError::corrupt(&e.to_string()))?;
    transaction
        .execute(
            "INSERT INTO evidence_outbox
                 (sequence, time_us, action, content, origin, log_size_before)
             VALUES ($1, $2, $3, $4, $5, $6)",
            &[
                to_i64(row.sequence)?.into(),
                row.time.as_micros().into(),
                row.action.as_str().into(),
                content.into(),
                row.origin.as_ref().into(),
                to_i64(row.log_size_before)?.into(),
            ],
        )
        .await?;
    Ok(())
}

/// The first `limit` rows after `sequence` that are not marked as entries, in order; of one log's
/// node, or of all.
pub(crate) async fn list_waiting(
    database: &Database,
    origin: Option<&Origin>,
    after: u64,
    limit: i64,
) -> Result<Vec<OutboxRow>, StoreError> {
    let rows = database
        .fetch_all(
            "SELECT sequence, time_us, action, content, origin, log_size_before
             FROM evidence_outbox
             WHERE entry_index IS NULL AND sequence > $1 AND ($3 = '' OR origin = $3)
             ORDER BY sequence LIMIT $2",
            &[to_i64(after)?.into(), limit.into(), origin.map_or("", Origin::as_ref).into()],
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// How many rows of each log's node are not marked as entries.
pub(crate) async fn count_waiting(
    database: &Database,
) -> Result<BTreeMap<Origin, u64>, StoreError> {
    let sql = "SELECT origin, COUNT(*) AS waiting FROM evidence_outbox
               WHERE entry_index IS NULL GROUP BY origin";
    let rows = database.fetch_all(sql, &[]).await?;
    let count = |row: &Row| Ok((row.parsed("origin")?, to_u64(row.integer("waiting")?)?));
    rows.iter().map(count).collect()
}

/// Notes where the entries of some rows stand. A crash before this commit leaves the rows
/// unmarked, and the next start finds their entries by their sequence.
pub(crate) async fn mark(
    transaction: &mut WriteTransaction,
    origin: &Origin,
    marks: &[(u64, u64)],
) -> Result<(), StoreError> {
    for (sequence, index) in marks {
        let values: [Value; 3] =
            [to_i64(*sequence)?.into(), origin.as_ref().into(), to_i64(*index)?.into()];
        transaction
            .execute(
                "UPDATE evidence_outbox SET entry_origin = $2, entry_index = $3
                 WHERE sequence = $1",
                &values,
            )
            .await?;
    }
    Ok(())
}

/// Where the entry of a row stands, if the row is there and marked.
pub(crate) async fn find_entry(
    database: &Database,
    sequence: u64,
) -> Result<Option<(Origin, u64)>, StoreError> {
    let sql = "SELECT entry_origin, entry_index FROM evidence_outbox
               WHERE sequence = $1 AND entry_index IS NOT NULL";
    let row = database.fetch_optional(sql, &[to_i64(sequence)?.into()]).await?;
    let place = |row: Row| Ok((row.parsed("entry_origin")?, to_u64(row.integer("entry_index")?)?));
    row.map(place).transpose()
}

fn from_row(row: &Row) -> Result<OutboxRow, StoreError> {
    let corrupt = |what: String| StoreError::corrupt(&format!("evidence_outbox: {what}"));
    let content: Content =
        serde_json::from_str(&row.text("content")?).map_err(|e| corrupt(e.to_string()))?;
    let directory = content.directory.map(|hex| root_from_hex(&hex)).transpose()?;
    Ok(OutboxRow {
        sequence: to_u64(row.integer("sequence")?)?,
        time: row.time("time_us")?,
        kind: content.kind,
        action: row.text("action")?,
        actor: content.actor,
        subject: content.subject,
        directory,
        origin: row.parsed("origin")?,
        log_size_before: to_u64(row.integer("log_size_before")?)?,
    })
}

/// A directory's root as the tables of this crate write it.
pub(crate) fn root_from_hex(text: &str) -> Result<Hash, StoreError> {
    let mut root = [0; 32];
    match hex::decode_to_slice(text, &mut root) {
        Ok(()) => Ok(root),
        Err(error) => Err(StoreError::corrupt(&format!("a directory's root: {error}"))),
    }
}

pub(crate) fn to_u64(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::corrupt("a negative sequence or index"))
}

pub(crate) fn to_i64(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::corrupt("a sequence or index beyond 2^63"))
}
