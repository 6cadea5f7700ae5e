//! What a witness's answer means.

use std::fmt;

use evidence::Published;
use wire::ambient::UtcMicros;
use wire::checkpoint::plain_decimal;
use wire::note::{CosignatureVerifier, NoteSignature, SignedNote};

/// A status and a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body, as text.
    pub body: String,
}

/// What follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It cosigned.
    Cosigned {
        /// Its line, with its newline.
        line: String,
        /// When, by its clock.
        at: UtcMicros,
    },
    /// It knows a larger checkpoint than was thought: ask again from there.
    Knows(u64),
    /// No answer that counts: ask again later.
    Silent(String),
    /// It refuses.
    Refused(Alarm),
}

/// What a refusal means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alarm {
    /// It cosigned a larger log under this name: this one was put back from an older copy.
    RolledBack {
        /// How large the log was that it saw.
        seen: u64,
        /// How large it is here.
        here: u64,
    },
    /// It cosigned another log of this size.
    Forked {
        /// How large both are.
        size: u64,
    },
    /// The log does not begin with the one that it cosigned.
    Rewritten {
        /// How large the one was that it cosigned.
        seen: u64,
    },
    /// It cosigned a larger log before than it remembers now: it was put back from an older copy, and
    /// its word is worth nothing any more.
    Forgot {
        /// What it had cosigned.
        had: u64,
        /// What it remembers.
        has: u64,
    },
    /// It does not know the log, or not the key that signs it now.
    Stranger(u16),
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RolledBack { seen, here } => write!(
                f,
                "it cosigned this log at {seen} entries, and there are {here}: the log was put back from an \
                 older copy; go on under a new origin"
            ),
            Self::Forked { size } => write!(
                f,
                "it cosigned another log of this name with {size} entries: two logs were signed with one key"
            ),
            Self::Rewritten { seen } => write!(
                f,
                "the first {seen} entries are not those that it cosigned: the log was rewritten, or put \
                 back from an older copy and continued"
            ),
            Self::Forgot { had, has } => write!(
                f,
                "it had cosigned {had} entries and remembers {has}: the witness was put back from an older \
                 copy; ask its operator for one with a new key"
            ),
            Self::Stranger(status) => write!(
                f,
                "it does not know this log or the key that signs it (HTTP {status}): its operator adds the \
                 verifier key"
            ),
        }
    }
}

impl Answer {
    /// What it means, when the witness was asked from the size `known` on.
    pub(super) fn judge(
        &self,
        verifier: &CosignatureVerifier,
        known: u64,
        published: &Published,
    ) -> Verdict {
        match self.status {
            200 => self.cosignature(verifier, published),
            409 => match self.body.strip_suffix('\n').and_then(plain_decimal) {
                None => Verdict::Silent("it answers 409 without a size".to_owned()),
                Some(seen) if seen > published.size => {
                    Verdict::Refused(Alarm::RolledBack { seen, here: published.size })
                }
                Some(size) if size == known => Verdict::Refused(Alarm::Forked { size }),
                Some(has) if has < known => Verdict::Refused(Alarm::Forgot { had: known, has }),
                Some(size) => Verdict::Knows(size),
            },
            422 => Verdict::Refused(Alarm::Rewritten { seen: known }),
            status @ (403 | 404) => Verdict::Refused(Alarm::Stranger(status)),
            status => Verdict::Silent(format!("it answers HTTP {status}")),
        }
    }

    /// Lines of keys that are not known are ignored, as the specification demands.
    fn cosignature(&self, verifier: &CosignatureVerifier, published: &Published) -> Verdict {
        let text = published.note.parse::<SignedNote>().map(|note| note.text).unwrap_or_default();
        let signatures = self.body.lines().filter_map(|line| line.parse::<NoteSignature>().ok());
        let mut its_own = signatures.filter(|signature| verifier.is_for(signature));
        let found = its_own.find_map(|line| Some((verifier.verify(&text, &line)?, line)));
        found.map_or_else(
            || Verdict::Silent("its answer holds no cosignature by its key".to_owned()),
            |(at, line)| Verdict::Cosigned { line: line.to_string(), at },
        )
    }
}
