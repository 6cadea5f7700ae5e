//! The evidence entry: one thing that happened, in the form that is hashed into the log.
//!
//! Its bytes are canonical JSON (RFC 8785), version 1, at most 65 535 of them:
//! ```json
//! {"action":"call.completed","actor":{"credential":"k1","organisation":"H24.30","system":"mot-cua"},
//!  "commitments":{"request_head":"…"},"directory":"…","id":"…","kind":"call","outcome":"200",
//!  "subject":{"connection":"…","service":"…"},"time":"2026-11-23T08:00:00.000001Z","v":1}
//! ```
//! Absent members are left out; hashes are base64. Personal data never stands here: only
//! [`crate::commitment`]s to it.
//!
//! **Invariant**: one entry, one spelling: [`Entry::parse`] takes only what
//! [`Entry::to_canonical`] writes.
//! **Trust**: an entry is what its log says; it is proved by the log's signed root, not by itself.

mod members;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ambient::UtcMicros;
use crate::canonical::{MAX_INTEGER, NotCanonical};
use crate::commitment::CommitmentLabel;
use crate::id::{EntryId, Role, SystemCode};
use crate::merkle::{Hash, base64_text};
use crate::organisation_code::OrganisationCode;
use crate::text::{Malformed, serde_as_text};
use crate::tile::MAX_ENTRY_BYTES;

pub use members::Members;

/// The name under which an entry's subject holds the call it belongs to.
pub const REQUEST_ID: &str = "request_id";

/// The version of the entry's form that is written here.
pub const VERSION: u8 = 1;

/// One entry of the evidence log.
///
/// The serde form is the canonical one without its `"v"`; whoever needs the bytes of the log
/// takes [`Entry::to_canonical`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its own id.
    pub id: EntryId,
    /// When it was put into the log: no two entries of one log have the same time.
    pub time: UtcMicros,
    /// What sort of thing happened.
    pub kind: Kind,
    /// What happened, in domain words: `call.completed`, `organisation.registered`.
    pub action: String,
    /// Who did it; absent if nobody was identified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<ActorRef>,
    /// What it was done to, by name: `service`, `connection`. Names are `[a-z][a-z0-9_]*`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub subject: BTreeMap<String, String>,
    /// How it ended: an HTTP status, the code of a refusal, `ok` or `unknown`.
    pub outcome: String,
    /// The root of the directory by which it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "base64_text::option")]
    pub directory: Option<Hash>,
    /// Commitments to what was said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "base64_text::map")]
    pub commitments: BTreeMap<CommitmentLabel, Hash>,
    /// The number of the change in the database that wrote this entry; below 2^53.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
}

/// The sort of thing that an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A synchronous call through the gateway.
    Call,
    /// A change of the registry or of who may act on it.
    Change,
    /// A new version of the directory.
    Directory,
    /// The log itself: its first entry, a recovery.
    Log,
    /// Somebody read evidence.
    Access,
}

/// Who acted. A person never stands here by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActorRef {
    /// For which organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<OrganisationCode>,
    /// By which of its systems.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<SystemCode>,
    /// With which key or token, by its public id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// In which role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// Why an entry cannot be written, or bytes are no entry. Final for the same entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// More bytes than an entry bundle can hold.
    #[error("an entry may have {MAX_ENTRY_BYTES} bytes, not {0}")]
    TooLong(usize),
    /// The sequence number is 2^53 or more.
    #[error("the sequence number of an entry is at most {MAX_INTEGER}, not {0}")]
    Sequence(u64),
    /// A name in `subject` that is not `[a-z][a-z0-9_]*`.
    #[error("{0:?} is no name for a subject: a-z, then a-z, 0-9 and underscores")]
    SubjectName(String),
    /// Not canonical JSON of an entry.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
    /// An entry of a version that is not read here.
    #[error("an entry of a version other than {VERSION}")]
    Version,
}

/// What an entry says, wherever it stands, to be written without being put together first.
#[derive(Debug, Clone, Copy)]
pub struct EntryView<'a> {
    /// As of [`Entry`], like the rest.
    pub id: EntryId,
    /// When it was put into the log.
    pub time: UtcMicros,
    /// What sort of thing happened.
    pub kind: Kind,
    /// What happened.
    pub action: &'a str,
    /// Who did it.
    pub actor: Option<&'a Members>,
    /// What it was done to.
    pub subject: &'a Members,
    /// How it ended.
    pub outcome: &'a str,
    /// The root of the directory by which it was decided.
    pub directory: Option<&'a Hash>,
    /// Commitments to what was said.
    pub commitments: &'a Members,
    /// The number of the change in the database.
    pub sequence: Option<u64>,
}

impl EntryView<'_> {
    /// The bytes of this entry in the log.
    pub fn to_canonical(&self) -> Result<Vec<u8>, EntryError> {
        if let Some(sequence) = self.sequence.filter(|sequence| *sequence > MAX_INTEGER) {
            return Err(EntryError::Sequence(sequence));
        }
        if let Some(name) = self.subject.misnamed() {
            return Err(EntryError::SubjectName(name.to_owned()));
        }
        let bytes = writer::write(self);
        if bytes.len() > MAX_ENTRY_BYTES {
            return Err(EntryError::TooLong(bytes.len()));
        }
        Ok(bytes)
    }
}

/// Puts another time into an entry's bytes: it stands at their end and is always as long. `None`:
/// these bytes are no entry.
pub fn set_time(canonical: &mut [u8], time: UtcMicros) -> Option<()> {
    let spelling = time.spelling();
    let after = canonical.len().checked_sub(writer::AFTER_TIME.len())?;
    let place = canonical.get_mut(after.checked_sub(spelling.len())?..after)?;
    place.copy_from_slice(&spelling);
    Some(())
}

impl Entry {
    /// The bytes of this entry in the log.
    pub fn to_canonical(&self) -> Result<Vec<u8>, EntryError> {
        let actor = self.actor.as_ref().map(Members::from);
        let commitments = self.commitments.iter().map(|(label, hash)| (*label, *hash)).collect();
        let view = EntryView {
            id: self.id,
            time: self.time,
            kind: self.kind,
            action: &self.action,
            actor: actor.as_ref(),
            subject: &Members::from(&self.subject),
            outcome: &self.outcome,
            directory: self.directory.as_ref(),
            commitments: &commitments,
            sequence: self.sequence,
        };
        view.to_canonical()
    }

    /// Reads the bytes of an entry; anything that [`Self::to_canonical`] would write otherwise is
    /// refused.
    pub fn parse(bytes: &[u8]) -> Result<Self, EntryError> {
        if bytes.len() > MAX_ENTRY_BYTES {
            return Err(EntryError::TooLong(bytes.len()));
        }
        let json = |error: serde_json::Error| NotCanonical::Json(error.to_string());
        let Versioned { v, entry } = serde_json::from_slice(bytes).map_err(json)?;
        if v != VERSION {
            return Err(EntryError::Version);
        }
        // Unknown members, other orders and other spellings all end here.
        if entry.to_canonical()? == bytes {
            Ok(entry)
        } else {
            Err(NotCanonical::OtherSpelling.into())
        }
    }
}

/// An entry with its version, as it stands in the log.
#[derive(Serialize, Deserialize)]
struct Versioned {
    v: u8,
    #[serde(flatten)]
    entry: Entry,
}

impl From<&ActorRef> for Members {
    fn from(actor: &ActorRef) -> Self {
        let mut members = Self::with_capacity(4, 128);
        if let Some(credential) = &actor.credential {
            members.insert("credential", credential);
        }
        if let Some(organisation) = &actor.organisation {
            members.insert("organisation", organisation.as_str());
        }
        if let Some(role) = actor.role {
            members.insert("role", role.as_str());
        }
        if let Some(system) = &actor.system {
            members.insert("system", system.as_str());
        }
        members
    }
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Call, Self::Change, Self::Directory, Self::Log, Self::Access];

    /// The written form: `call`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Change => "change",
            Self::Directory => "directory",
            Self::Log => "log",
            Self::Access => "access",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(Malformed { expected: "a kind of entry, like call" })
    }
}

serde_as_text!(Kind);
