//! Every directory version that was ever in force, so that the record of an old call can be read
//! with the policy of its own time.
//!
//! A version's records are kept once; each of its publications has a row of its own, numbered like
//! the change that recorded it, so that going back to an old policy is known as news.
//!
//! **Invariant**: a version is named by its root, and what is loaded has that root again; the
//! publication with the highest number is the one in force. **Trust**: the rows are not believed: a
//! loaded version is rebuilt and its root compared.

use store::{Database, Row, StoreError};
use wire::ambient::UtcMicros;
use wire::directory::{Directory, Record, SignedDirectory};
use wire::merkle::Hash;

use crate::change::Change;
use crate::node_card::CHANNEL;
use crate::outbox::{root_from_hex, to_i64, to_u64};

/// The published directory versions.
#[derive(Clone)]
pub struct DirectoryHistory {
    database: Database,
}

/// Why a directory version cannot be had. Platform's fault.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The database failed; the same request may be sent again.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The stored version is not what its root says; asking again will not help.
    #[error("the stored directory version {root} is damaged: {reason}")]
    Damaged {
        /// The root asked for, hex.
        root: String,
        /// What does not fit.
        reason: String,
    },
}

impl DirectoryHistory {
    /// The history in this database.
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// Stores a publication within the change that records it.
    pub async fn store(change: &mut Change, version: &SignedDirectory) -> Result<(), StoreError> {
        let root = hex::encode(version.directory.root());
        let records = serde_json::to_string(version.directory.records())
            .map_err(|error| StoreError::corrupt(&error.to_string()))?;
        let sql = "INSERT INTO evidence_directory (root, records) VALUES ($1, $2)
                   ON CONFLICT (root) DO NOTHING";
        change.execute(sql, &[root.as_str().into(), records.into()]).await?;
        let sql = "INSERT INTO evidence_publication (sequence, root, head, published_us)
                   VALUES ($1, $2, $3, $4)";
        let values = [
            to_i64(change.sequence().await?)?.into(),
            root.into(),
            version.head.as_str().into(),
            change.time().into(),
        ];
        change.execute(sql, &values).await?;
        change.notify(CHANNEL).await
    }

    /// The last publication if it is newer than the one with this number, and its own number.
    pub async fn newer_than(
        &self,
        sequence: u64,
    ) -> Result<Option<(u64, SignedDirectory)>, HistoryError> {
        let sql = "SELECT sequence, publication.root, head, records
                   FROM evidence_publication AS publication
                   JOIN evidence_directory AS version ON version.root = publication.root
                   WHERE sequence > $1 ORDER BY sequence DESC LIMIT 1";
        let row = self.database.fetch_optional(sql, &[to_i64(sequence)?.into()]).await?;
        let read = |row: Row| Ok((to_u64(row.integer("sequence")?)?, from_row(&row)?));
        row.map(read).transpose()
    }

    /// The version that was published last: the one in force, or about to be after a crash.
    pub async fn last(&self) -> Result<Option<SignedDirectory>, HistoryError> {
        let sql = "SELECT publication.root, head, records FROM evidence_publication AS publication
                   JOIN evidence_directory AS version ON version.root = publication.root
                   ORDER BY sequence DESC LIMIT 1";
        let row = self.database.fetch_optional(sql, &[]).await?;
        row.as_ref().map(from_row).transpose()
    }

    /// The version with this root, if it was ever published here, as it was signed at `time`: keys
    /// are trusted for their own time only, so what was decided then is proved by the signature of
    /// then.
    pub async fn find_at(
        &self,
        root: &Hash,
        time: UtcMicros,
    ) -> Result<Option<SignedDirectory>, HistoryError> {
        // A clock that was set back may date a version after its use: then the first that is.
        let sql = "SELECT publication.root, head, records FROM evidence_publication AS publication
                   JOIN evidence_directory AS version ON version.root = publication.root
                   WHERE publication.root = $1
                   ORDER BY CASE WHEN published_us <= $2 THEN -published_us ELSE published_us END,
                       sequence DESC
                   LIMIT 1";
        let values = [hex::encode(root).into(), time.into()];
        let row = self.database.fetch_optional(sql, &values).await?;
        row.as_ref().map(from_row).transpose()
    }
}

fn from_row(row: &Row) -> Result<SignedDirectory, HistoryError> {
    let name = row.text("root")?;
    let root = root_from_hex(&name)?;
    let damaged = |reason: String| HistoryError::Damaged { root: name.clone(), reason };
    let records: Vec<Record> =
        serde_json::from_str(&row.text("records")?).map_err(|e| damaged(e.to_string()))?;
    let directory = Directory::new(records).map_err(|e| damaged(e.to_string()))?;
    if directory.root() != root {
        return Err(damaged("its records have another root".to_owned()));
    }
    Ok(SignedDirectory { head: row.text("head")?, directory })
}
