//! Why a command did not do what it was asked, and what to do about it.

use std::fmt;
use std::process::ExitCode;

use crate::terminal::complain;

/// What a command ends with when it can't do its work: never a panic, always a next step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Complaint {
    /// What is wrong, in one or more lines.
    pub what: String,
    /// What the reader can do.
    pub next_step: String,
    /// Whether the command was used wrongly (2) or the answer is no (1).
    pub usage: bool,
}

impl Complaint {
    /// The command was understood and could not be done.
    pub fn new(what: impl fmt::Display, next_step: impl fmt::Display) -> Self {
        Self { what: what.to_string(), next_step: next_step.to_string(), usage: false }
    }

    /// The command, or its configuration, asks for something impossible.
    pub fn usage(what: impl fmt::Display, next_step: impl fmt::Display) -> Self {
        Self { usage: true, ..Self::new(what, next_step) }
    }

    /// Says it on standard error; gives the exit code.
    pub fn tell(&self) -> ExitCode {
        complain(self);
        ExitCode::from(if self.usage { 2 } else { 1 })
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lgsp: {}\nnext step: {}", self.what, self.next_step)
    }
}
