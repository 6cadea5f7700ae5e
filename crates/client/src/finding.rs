//! What was checked of an answer, and with which result.

use wire::problem::Text;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub subject: Subject,
    /// How it stands.
    pub state: State,
    /// The same for a person.
    pub text: Text,
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The body against its digest.
    Digest,
    /// The platform's signature over the answer.
    Signature,
    /// The call's entry in the public log.
    Entry,
}

/// How a finding stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Checked, and right.
    Proved,
    /// Not checked, because what it takes is not there.
    NotChecked,
    /// Checked, and wrong: do not rely on the answer.
    Wrong,
}

impl Subject {
    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Digest => "digest",
            Self::Signature => "signature",
            Self::Entry => "entry",
        }
    }
}

impl State {
    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::NotChecked => "not_checked",
            Self::Wrong => "wrong",
        }
    }
}

impl Finding {
    pub(crate) fn proved(subject: Subject, text: Text) -> Self {
        Self { subject, state: State::Proved, text }
    }

    pub(crate) fn not_checked(subject: Subject, text: Text) -> Self {
        Self { subject, state: State::NotChecked, text }
    }

    pub(crate) fn wrong(subject: Subject, text: Text) -> Self {
        Self { subject, state: State::Wrong, text }
    }
}
