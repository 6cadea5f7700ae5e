//! What must be true of a log after any crash, one by one.

use std::fmt;

/// One promise of design §4 that no crash may break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// The log opens again after a crash; only damage to acknowledged bytes may refuse it.
    Opens,
    /// An entry that was acknowledged stands where it was said to stand, unaltered.
    AcknowledgedStays,
    /// There is no gap, and times grow.
    InOrder,
    /// A call is settled once, however often the process dies.
    NothingTwice,
    /// An intent that was promised to last has an outcome: its own, or `call.unknown`.
    IntentsEnd,
    /// A nonce that was spent stays spent until it expires.
    NoncesStaySpent,
    /// What an acknowledged entry commits to can be opened.
    DetailsStay,
    /// The checkpoint is signed, and its root is that of the entries.
    CheckpointFits,
    /// Every checkpoint that was ever shown is one of this log's past.
    CheckpointsLast,
}

impl Invariant {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::Opens,
        Self::AcknowledgedStays,
        Self::InOrder,
        Self::NothingTwice,
        Self::IntentsEnd,
        Self::NoncesStaySpent,
        Self::DetailsStay,
        Self::CheckpointFits,
        Self::CheckpointsLast,
    ];
}

/// A promise that was broken, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub invariant: Invariant,
    /// What was found.
    pub how: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.invariant, self.how)
    }
}

/// Collects what is broken.
#[derive(Debug, Default)]
pub(super) struct Findings(pub(super) Vec<Broken>);

impl Findings {
    pub(super) fn check(&mut self, invariant: Invariant, holds: bool, how: impl Into<String>) {
        if !holds {
            self.0.push(Broken { invariant, how: how.into() });
        }
    }
}
