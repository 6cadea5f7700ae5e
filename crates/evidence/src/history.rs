//! Every directory version that was ever in force, so that the record of an old call can be read
//! with the policy of its own time.
//!
//! A version is stored in the same change that records its publication. **Invariant**: a version
//! is named by its root, and what is loaded has that root again. **Trust**: the rows are not
//! believed: a loaded version is rebuilt and its root compared.

use store::{Database, StoreError};
use wire::ambient::UtcMicros;
use wire::directory::{Directory, Record, SignedDirectory};
use wire::merkle::Hash;

use crate::change::Change;
use crate::outbox::root_from_hex;

/// The table of published directory versions.
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

    /// Stores a version within the change that publishes it. The same version signed anew (by the
    /// next key) is kept beside the older signature; exactly the same one is there already.
    pub async fn store(change: &mut Change, version: &SignedDirectory) -> Result<(), StoreError> {
        let records = serde_json::to_string(version.directory.records())
            .map_err(|error| StoreError::corrupt(&error.to_string()))?;
        let published = change.time().as_micros();
        change
            .execute(
                "INSERT INTO evidence_directory (root, published_us, head, records)
                 VALUES ($1, $2, $3, $4) ON CONFLICT (root, head) DO NOTHING",
                &[
                    hex::encode(version.directory.root()).into(),
                    published.into(),
                    version.head.as_str().into(),
                    records.into(),
                ],
            )
            .await?;
        Ok(())
    }

    /// The version with this root, if it was ever published here, as it was signed last.
    pub async fn find(&self, root: &Hash) -> Result<Option<SignedDirectory>, HistoryError> {
        self.find_at(root, UtcMicros::from_micros(i64::MAX)).await
    }

    /// The version with this root as it was signed at `time`: keys are trusted for their own time
    /// only, so what was decided then is proved by the signature of then.
    pub async fn find_at(
        &self,
        root: &Hash,
        time: UtcMicros,
    ) -> Result<Option<SignedDirectory>, HistoryError> {
        let name = hex::encode(root);
        // A clock that was set back may date a version after its use: then the first that is.
        let sql = "SELECT head, records FROM evidence_directory WHERE root = $1
                   ORDER BY CASE WHEN published_us <= $2 THEN -published_us ELSE published_us END,
                       head
                   LIMIT 1";
        let values = [name.as_str().into(), time.as_micros().into()];
        let row = self.database.fetch_optional(sql, &values).await?;
        let Some(row) = row else { return Ok(None) };
        let damaged = |reason: String| HistoryError::Damaged { root: name.clone(), reason };
        let records: Vec<Record> =
            serde_json::from_str(&row.text("records")?).map_err(|e| damaged(e.to_string()))?;
        let directory = Directory::new(records).map_err(|e| damaged(e.to_string()))?;
        if directory.root() != *root {
            return Err(damaged("its records have another root".to_owned()));
        }
        Ok(Some(SignedDirectory { head: row.text("head")?, directory }))
    }

    /// The versions published so far, newest first: root and time.
    pub async fn list(&self, limit: u16) -> Result<Vec<(Hash, UtcMicros)>, HistoryError> {
        let sql = "SELECT root, published_us FROM evidence_directory
                   ORDER BY published_us DESC, root LIMIT $1";
        let rows = self.database.fetch_all(sql, &[i64::from(limit).into()]).await?;
        let mut versions = Vec::with_capacity(rows.len());
        for row in rows {
            let root = root_from_hex(&row.text("root")?)?;
            versions.push((root, row.time("published_us")?));
        }
        Ok(versions)
    }
}
