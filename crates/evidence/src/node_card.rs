//! What each node that shares this database says of itself: with which keys it signs, and with which
//! ring it seals.
//!
//! A node writes its card when it starts, by a change like any other, which so stands in its log.
//!
//! **Invariant**: a log's name belongs to who has its keys: a node that comes with others is
//! refused. **Trust**: whoever can write this table adds a node whose directory the others
//! believe, as whoever can write the registry's tables decides what stands in it.

use std::collections::BTreeMap;

use store::{Database, Row, StoreError};
use wire::checkpoint::Origin;
use wire::trust::TrustFile;

use crate::recorder::{RecordError, Recorder};

/// What is told to other processes when a card or the directory has changed.
pub const CHANNEL: &str = "lgsp_news";

pub(crate) const CREATE: &str = "CREATE TABLE evidence_node_card (
     origin TEXT PRIMARY KEY,
     trust TEXT NOT NULL,
     ring_check BYTEA NOT NULL
 );";

/// What a node says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeCard {
    /// The origin of its log: its name.
    pub origin: Origin,
    /// Its own public keys, each with its validity.
    pub trust: TrustFile,
    /// Something sealed with its ring of secrets, so that others learn whether theirs is the same.
    pub ring_check: Vec<u8>,
}

/// The cards of all nodes, in the order of their names.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeCards(pub Vec<NodeCard>);

/// Why a card was not written.
#[derive(Debug, thiserror::Error)]
pub enum CardProblem {
    /// The name is another's. The operator's to mend: another `evidence.origin`.
    #[error("a node of the name {0} is known by other keys")]
    OtherKeys(Origin),
    /// The record could not be made.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NodeCards {
    /// Reads them all.
    pub async fn read(database: &Database) -> Result<Self, StoreError> {
        let sql = "SELECT origin, trust, ring_check FROM evidence_node_card ORDER BY origin";
        let rows = database.fetch_all(sql, &[]).await?;
        Ok(Self(rows.iter().map(from_row).collect::<Result<_, _>>()?))
    }

    /// The public keys of all nodes in one file.
    pub fn trust(&self) -> TrustFile {
        let mut all = TrustFile::default();
        for card in &self.0 {
            let TrustFile { logs, witnesses, platform_keys, directory_keys, seals, tsas, .. } =
                card.trust.clone();
            all.logs.extend(logs);
            all.witnesses.extend(witnesses);
            all.platform_keys.extend(platform_keys);
            all.directory_keys.extend(directory_keys);
            all.seals.extend(seals);
            all.tsas.extend(tsas);
        }
        all
    }
}

impl NodeCard {
    /// Makes it known to all, if it is not: one recorded change, or none.
    pub async fn write(&self, recorder: &Recorder) -> Result<(), CardProblem> {
        let known = NodeCards::read(recorder.database()).await?;
        match known.0.iter().find(|card| card.origin == self.origin) {
            Some(found) if found.trust == self.trust => return Ok(()),
            // A log's keys are retired, never forgotten.
            Some(found) if !knows_all_logs_of(&self.trust, &found.trust) => {
                return Err(CardProblem::OtherKeys(self.origin.clone()));
            }
            _ => {}
        }
        let mut change = recorder.change_by_platform("node.keys_listed").await?;
        let trust = serde_json::to_string(&self.trust)
            .map_err(|error| StoreError::corrupt(&error.to_string()))?;
        let sql = "INSERT INTO evidence_node_card (origin, trust, ring_check) VALUES ($1, $2, $3)
             ON CONFLICT (origin) DO UPDATE SET trust = excluded.trust,
                 ring_check = excluded.ring_check";
        let values = [self.origin.as_ref().into(), trust.into(), self.ring_check.clone().into()];
        change.execute(sql, &values).await?;
        change.notify(CHANNEL).await?;
        change.record(BTreeMap::from([("node".to_owned(), self.origin.to_string())])).await?;
        Ok(())
    }
}

/// Whether every key of a log that stands in `earlier` stands in `trust` too.
fn knows_all_logs_of(trust: &TrustFile, earlier: &TrustFile) -> bool {
    earlier.logs.iter().all(|log| trust.logs.iter().any(|known| known.vkey == log.vkey))
}

fn from_row(row: &Row) -> Result<NodeCard, StoreError> {
    let trust = TrustFile::parse(row.text("trust")?.as_bytes())
        .map_err(|error| StoreError::corrupt(&format!("evidence_node_card: {error}")))?;
    Ok(NodeCard { origin: row.parsed("origin")?, trust, ring_check: row.bytes("ring_check")? })
}
