//! A request that is sent twice is carried out once.
//!
//! A caller that heard no answer cannot know what became of its request. It names each request by
//! a key of its own; the key is written in the transaction of the change that the request makes, so
//! that no crash can separate the two, and a second transaction with the same key is rolled back.
//! The answer is kept beside it for [`KEPT`], sealed by whoever keeps it.
//!
//! **Invariant**: of all requests of one credential with one key, at most one changes anything.
//! **Trust**: an answer may hold a secret shown once; what is kept here is ciphertext.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use store::{Database, StoreError, WriteTransaction};
use wire::ambient::UtcMicros;

use crate::recorder::{RecordError, Recorder};

/// How long a key is remembered.
pub const KEPT: Duration = Duration::from_hours(24);

pub(crate) const CREATE: &str = "
CREATE TABLE evidence_repeat (
    credential TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    answer BYTEA,
    PRIMARY KEY (credential, key)
);
CREATE INDEX evidence_repeat_made_at ON evidence_repeat (made_at);";

tokio::task_local! {
    /// The request that is being answered, if it may be repeated.
    static REQUEST: Arc<Repeatable>;
}

/// A request with a key.
#[derive(Debug)]
pub struct Repeatable {
    credential: String,
    key: String,
    fingerprint: String,
    has_changed_something: AtomicBool,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// What the request was that came with it.
    pub fingerprint: String,
    /// The answer, as it was given to [`Recorder::keep_answer`]; `None` if the process stopped
    /// between the change and its answer.
    pub answer: Option<Vec<u8>>,
}

impl Repeatable {
    /// `fingerprint` differs if anything of the request does.
    pub fn new(credential: String, key: String, fingerprint: String) -> Self {
        Self { credential, key, fingerprint, has_changed_something: AtomicBool::new(false) }
    }

    /// Whose request it is.
    pub fn credential(&self) -> &str {
        &self.credential
    }

    /// What it calls the request.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether a change was committed on behalf of this request.
    pub fn has_changed_something(&self) -> bool {
        self.has_changed_something.load(Ordering::Acquire)
    }

    /// Runs `handler`; the first change that it begins bears the key.
    pub async fn carry_out<F: Future>(self: &Arc<Self>, handler: F) -> F::Output {
        REQUEST.scope(Arc::clone(self), handler).await
    }

    /// The request on whose behalf this task runs.
    pub(crate) fn current() -> Option<Arc<Self>> {
        REQUEST.try_with(Arc::clone).ok()
    }

    /// Writes the key beside the change that `transaction` makes; refuses if it stands there.
    pub(crate) async fn mark(
        &self,
        transaction: &mut WriteTransaction,
        now: UtcMicros,
    ) -> Result<(), RecordError> {
        if self.has_changed_something() {
            return Ok(());
        }
        forget_before(transaction, now.saturating_sub(KEPT)).await?;
        // The transaction before has ended: writers take turns.
        let sql = "SELECT made_at FROM evidence_repeat WHERE credential = $1 AND key = $2";
        let names = [self.credential.as_str().into(), self.key.as_str().into()];
        if transaction.fetch_optional(sql, &names).await?.is_some() {
            return Err(RecordError::DoneAlready);
        }
        let sql = "INSERT INTO evidence_repeat (credential, key, fingerprint, made_at)
                   VALUES ($1, $2, $3, $4)";
        let [credential, key] = names;
        let values = [credential, key, self.fingerprint.as_str().into(), now.into()];
        transaction.execute(sql, &values).await?;
        Ok(())
    }

    pub(crate) fn is_committed(&self) {
        self.has_changed_something.store(true, Ordering::Release);
    }
}

impl Recorder {
    /// What is known of the key of `request`, if it changed something within the last [`KEPT`].
    pub async fn before(&self, request: &Repeatable) -> Result<Option<Before>, StoreError> {
        let sql = "SELECT fingerprint, answer FROM evidence_repeat
                   WHERE credential = $1 AND key = $2 AND made_at >= $3";
        let since = self.now().saturating_sub(KEPT);
        let values =
            [request.credential.as_str().into(), request.key.as_str().into(), since.into()];
        let row = self.database().fetch_optional(sql, &values).await?;
        let read = |row: &store::Row| {
            let answer = row.optional_bytes("answer")?;
            Ok(Before { fingerprint: row.text("fingerprint")?, answer })
        };
        row.as_ref().map(read).transpose()
    }

    /// Forgets the keys and answers of more than [`KEPT`] ago; says how many.
    pub async fn forget_repeats(&self) -> Result<u64, StoreError> {
        forget(self.database(), self.now().saturating_sub(KEPT)).await
    }

    /// Keeps the answer of `request`, whose change is committed. A crash before it leaves the key
    /// without an answer: the request is not carried out again, and who repeats it is told so.
    pub async fn keep_answer(&self, request: &Repeatable, answer: &[u8]) -> Result<(), StoreError> {
        keep(self.database(), request, answer).await
    }
}

async fn forget_before(
    transaction: &mut WriteTransaction,
    time: UtcMicros,
) -> Result<u64, StoreError> {
    let sql = "DELETE FROM evidence_repeat WHERE made_at < $1";
    transaction.execute(sql, &[time.into()]).await
}

#[allow(clippy::disallowed_methods, reason = "what is past its time; nothing is decided by it")]
async fn forget(database: &Database, before: UtcMicros) -> Result<u64, StoreError> {
    let mut transaction = database.begin_write().await?;
    let forgotten = forget_before(&mut transaction, before).await?;
    transaction.commit().await?;
    Ok(forgotten)
}

#[allow(clippy::disallowed_methods, reason = "an answer that was given; nothing is decided by it")]
async fn keep(database: &Database, request: &Repeatable, answer: &[u8]) -> Result<(), StoreError> {
    let mut transaction = database.begin_write().await?;
    let sql = "UPDATE evidence_repeat SET answer = $3 WHERE credential = $1 AND key = $2";
    let values = [request.credential.as_str().into(), request.key.as_str().into(), answer.into()];
    transaction.execute(sql, &values).await?;
    transaction.commit().await
}

#[cfg(test)]
mod tests;
