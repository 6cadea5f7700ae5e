//! Checkpoints (C2SP tlog-checkpoint): a log's origin, size and root, to be signed as a note.
//!
//! ```text
//! demo.lgsp.example/log
//! 42
//! q2Qf…=
//! ```
//!
//! **Invariant**: what [`Checkpoint`] prints, it reads back the same.
//! **Trust**: a checkpoint means nothing until [`crate::note::open`] found a trusted signature
//! under it; two signed ones of one size with different roots convict the log.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::merkle::Hash;

/// The name of a log, and of its key: 1 to 200 visible ASCII characters without `+`, for example
/// `lgsp.haiphong.example/node-1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Origin(Arc<str>);

/// A log at one moment of its growth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: Origin,
    /// How many entries it has.
    pub size: u64,
    /// The Merkle root over them.
    pub root: Hash,
}

/// A text that is no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an origin is 1 to 200 visible ASCII characters without '+'")]
pub struct NotAnOrigin;

/// A text that is no checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not three lines, each ended by a newline (empty extension lines are refused too).
    #[error("a checkpoint has a line each for origin, size and root")]
    Malformed,
    /// The first line.
    #[error(transparent)]
    Origin(#[from] NotAnOrigin),
    /// The second line is no decimal number without leading zeros, or is too large.
    #[error("the size of the checkpoint is not a plain decimal number")]
    Size,
    /// The third line is not the base64 of 32 bytes.
    #[error("the root of the checkpoint is not the base64 of 32 bytes")]
    Root,
}

impl Origin {
    /// The origin under which the log's owner signs the heads of its directory.
    pub fn directory(&self) -> Result<Self, NotAnOrigin> {
        format!("{self}/directory").parse()
    }
}

impl FromStr for Origin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let fits = (1..=200).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'+') {
            Ok(Self(text.into()))
        } else {
            Err(NotAnOrigin)
        }
    }
}

impl AsRef<str> for Origin {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0.as_ref().to_owned()
    }
}

impl TryFrom<String> for Origin {
    type Error = NotAnOrigin;

    fn try_from(text: String) -> Result<Self, NotAnOrigin> {
        text.parse()
    }
}

impl fmt::Display for Checkpoint {
    /// The text to be signed, with its final newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, STANDARD.encode(self.root))
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    /// Reads the signed text. Further lines that are not empty are extensions: they are ignored,
    /// as tlog-checkpoint demands.
    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let body = text.strip_suffix('\n').ok_or(CheckpointError::Malformed)?;
        let mut lines = body.split('\n');
        let mut line = || lines.next().ok_or(CheckpointError::Malformed);
        let (origin, size, root) = (line()?, line()?, line()?);
        if lines.any(str::is_empty) {
            return Err(CheckpointError::Malformed);
        }
        let root = STANDARD.decode(root).ok().and_then(|root| Hash::try_from(root).ok());
        Ok(Self {
            origin: origin.parse()?,
            size: plain_decimal(size).ok_or(CheckpointError::Size)?,
            root: root.ok_or(CheckpointError::Root)?,
        })
    }
}

/// A decimal number in its only spelling: digits, no sign, no leading zero.
pub fn plain_decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_checkpoint_is_three_lines() {
        let checkpoint =
            Checkpoint { origin: "log.example/a".parse().unwrap(), size: 42, root: [0xff; 32] };
        let text = "log.example/a\n42\n//////////////////////////////////////////8=\n";
        assert_eq!(checkpoint.to_string(), text);
        assert_eq!(text.parse(), Ok(checkpoint.clone()));
        assert_eq!(format!("{text}extension\n").parse(), Ok(checkpoint));
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        let root = "//////////////////////////////////////////8=";
        for (text, error) in [
            (String::new(), CheckpointError::Malformed),
            (format!("a\n1\n{root}"), CheckpointError::Malformed),
            (format!("a\n1\n{root}\n\n"), CheckpointError::Malformed),
            ("a\n1\n".to_owned(), CheckpointError::Malformed),
            (format!("a b\n1\n{root}\n"), CheckpointError::Origin(NotAnOrigin)),
            (format!("\n1\n{root}\n"), CheckpointError::Origin(NotAnOrigin)),
            (format!("a\n01\n{root}\n"), CheckpointError::Size),
            (format!("a\n+1\n{root}\n"), CheckpointError::Size),
            (format!("a\n18446744073709551616\n{root}\n"), CheckpointError::Size),
            (format!("a\n1\n{root}=\n"), CheckpointError::Root),
            ("a\n1\nAAAA\n".to_owned(), CheckpointError::Root),
        ] {
            assert_eq!(text.parse::<Checkpoint>(), Err(error), "{text:?}");
        }
    }

    #[test]
    fn an_origin_has_no_space_and_no_plus() {
        for text in ["", " ", "a b", "a+b", "é", "a\n", &"a".repeat(201)] {
            assert_eq!(text.parse::<Origin>(), Err(NotAnOrigin), "{text:?}");
        }
        let origin: Origin = "log.example".parse().unwrap();
        assert_eq!(origin.directory().unwrap().as_ref(), "log.example/directory");
    }

    proptest! {
        #[test]
        fn every_checkpoint_reads_back(
            origin in "[!-*,-~]{1,30}", size in any::<u64>(), root in any::<Hash>()
        ) {
            let checkpoint = Checkpoint { origin: origin.parse().unwrap(), size, root };
            prop_assert_eq!(checkpoint.to_string().parse(), Ok(checkpoint));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(\\PC{0,20}\n){0,5}") {
            let _ = text.parse::<Checkpoint>();
        }
    }
}
