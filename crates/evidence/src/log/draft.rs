//! What is given to the log, and what it answers.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use wire::ambient::UtcMicros;
use wire::commitment::EntrySecret;
use wire::entry::{Kind, Members, REQUEST_ID};
use wire::id::{EntryId, KeyId, RequestId};
use wire::merkle::Hash;

use super::head_lines::HeadLines;

/// An entry that the log shall number, date and keep.
#[derive(Debug)]
pub struct Draft {
    /// What it is about.
    pub kind: Kind,
    /// What was done: `call.completed`.
    pub action: Cow<'static, str>,
    /// Who did it, as far as it is known.
    pub actor: Option<Arc<Members>>,
    /// To what it was done. The log adds `request_id` if [`Draft::request_id`] is given.
    pub subject: Members,
    /// What came of it: `200`, `connection.not_active`, `ok`.
    pub outcome: String,
    /// The root of the directory by which it was decided.
    pub directory: Option<Hash>,
    /// Commitments to what was said.
    pub commitments: Members,
    /// The number of the change in the database's outbox.
    pub sequence: Option<u64>,
    /// What the commitments commit to; sealed at once with the key of the day.
    pub detail: Option<Detail>,
    /// The call it belongs to.
    pub request_id: Option<RequestId>,
    /// Whether it settles the call's intent: true for all entries of a forwarded call but
    /// `call.opened`.
    pub resolves_intent: bool,
    /// The nonce that the call has spent, with or without an intent: beside the entry it is durable,
    /// beside the intent it only survives the process.
    pub nonce: Option<SpentNonce>,
}

impl Draft {
    /// A draft of this kind and action; everything else is empty.
    pub fn new(kind: Kind, action: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            action: action.into(),
            actor: None,
            subject: Members::default(),
            outcome: String::new(),
            directory: None,
            commitments: Members::default(),
            sequence: None,
            detail: None,
            request_id: None,
            resolves_intent: false,
            nonce: None,
        }
    }
}

/// What is known of a call when it is about to be forwarded. If nothing more is ever known, it
/// becomes the entry `call.unknown`. Its commitments bind the platform; they cannot be revealed,
/// because the salts end with the process.
#[derive(Debug, Clone)]
pub struct Intent {
    /// The call.
    pub request_id: RequestId,
    /// Its nonce, which must stay refused after a restart.
    pub nonce: SpentNonce,
    /// Who calls.
    pub actor: Option<Arc<Members>>,
    /// Which call, to which service, by which connection: see [`name_call`].
    pub subject: Members,
    /// The root of the directory by which it was authorised.
    pub directory: Option<Hash>,
    /// Commitments to the request and its signature.
    pub commitments: Members,
}

/// Names the call among what an entry is about, if it is not named yet.
pub fn name_call(subject: &mut Members, call: RequestId) {
    if !subject.has(REQUEST_ID) {
        subject.insert(REQUEST_ID, &*call.spelling());
    }
}

/// A nonce that must not serve again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SpentNonce {
    /// The key that signed with it.
    pub keyid: KeyId,
    /// Of the verified signature.
    pub fingerprint: [u8; 16],
    /// When the signature expires, in seconds since 1970.
    pub expires: i64,
}

impl SpentNonce {
    /// Whether it must still be remembered: until 30 s (the clock skew allowed) after it expires.
    pub fn is_live(&self, now: UtcMicros) -> bool {
        self.expires.saturating_add(30) >= now.as_seconds()
    }

    /// An order in which equal ones stand together; the random fingerprint decides at once.
    pub(super) fn by_fingerprint(one: &Self, other: &Self) -> std::cmp::Ordering {
        let key = |nonce: &Self| (nonce.fingerprint, nonce.expires);
        key(one).cmp(&key(other)).then_with(|| one.keyid.cmp(&other.keyid))
    }
}

/// A body by its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyDigest {
    /// SHA-256 of its bytes.
    pub sha256: Hash,
    /// Its length in bytes.
    pub length: u64,
}

/// What an entry's commitments commit to. Stands in the log encrypted with the key of its day;
/// destroying the key deletes it and leaves every proof as it was.
#[derive(Clone, PartialEq)]
pub struct Detail {
    /// The salts derive from this.
    pub secret: EntrySecret,
    /// The committed lines of the request's head, in order.
    pub request_head: HeadLines,
    /// The request's body.
    pub request_body: Option<BodyDigest>,
    /// The committed lines of the answer's head, in order; empty if there was none.
    pub response_head: HeadLines,
    /// The answer's body.
    pub response_body: Option<BodyDigest>,
    /// What the caller signed.
    pub signature_base: String,
    /// The caller's signature.
    pub signature: Vec<u8>,
    /// What the provider signed over its answer; empty if its terms do not demand it.
    pub response_signature_base: String,
    /// The provider's signature over its answer; empty if its terms do not demand it.
    pub response_signature: Vec<u8>,
}

impl fmt::Debug for Detail {
    /// Says nothing: heads carry personal data, the secret opens the commitments.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Detail(..)")
    }
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Its number in the log, from 0.
    pub index: u64,
    /// Its time, which no other entry of the log has.
    pub time: UtcMicros,
    /// Its id.
    pub entry_id: EntryId,
}

/// The log does not take what it was given. The caller must not do what it wanted to record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LogUnavailable {
    /// Too much waits already. Fault: platform; try again after a second.
    #[error("the log has more to write than it can")]
    Overloaded,
    /// The disk refused a write; the log tries to go on. Fault: platform; try again after a second.
    #[error("the disk of the log refuses to write")]
    Disk,
    /// The log was closed: the platform is shutting down. Fault: platform; try again elsewhere.
    #[error("the log is closed")]
    Closed,
    /// The draft cannot be an entry (longer than 65,535 bytes). Fault: whoever made it; the same
    /// draft fails again.
    #[error("this cannot be written as an entry")]
    Unrecordable,
}
