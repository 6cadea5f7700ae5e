//! What a log sends to a witness (C2SP tlog-witness, `add-checkpoint`): the size that the witness
//! knows, the proof that the log grew from there, and the new checkpoint.
//!
//! ```text
//! old 20852014
//! PlRN…=
//! jrJZ…=
//!
//! example.com/log
//! 20852163
//! CsUY…=
//!
//! — example.com/log Az3g…=
//! ```
//! **Invariant**: what [`AddCheckpoint`] prints, it reads back the same.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::plain_decimal;
use crate::merkle::Hash;

/// The most hashes of a proof: those of any tree of 2⁶³ leaves.
pub const MAX_PROOF: usize = 63;
/// The longest request that is read, in bytes: a proof, a checkpoint, and its signatures.
pub const MAX_REQUEST: usize = 64 << 10;
/// The media type of the size that a witness knows, beside a 409.
pub const SIZE_TYPE: &str = "text/x.tlog.size";

/// A request to cosign a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size of the last checkpoint that the witness cosigned; 0 for none.
    pub old_size: u64,
    /// That the tree grew from there (RFC 6962, section 2.1.2).
    pub proof: Vec<Hash>,
    /// The signed checkpoint, not yet looked at.
    pub note: String,
}

/// A text that is no such request. Fault of the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The first line is not `old` and a plain decimal number.
    #[error("the first line is not: old, a space, a size")]
    OldSize,
    /// A line of the proof is not the base64 of 32 bytes.
    #[error("a line of the proof is not the base64 of 32 bytes")]
    Proof,
    /// More than [`MAX_PROOF`] lines of proof.
    #[error("more than {MAX_PROOF} lines of proof")]
    TooLong,
    /// No empty line, or nothing after it.
    #[error("no checkpoint after an empty line")]
    NoCheckpoint,
}

impl FromStr for AddCheckpoint {
    type Err = RequestError;

    fn from_str(text: &str) -> Result<Self, RequestError> {
        let (first, mut rest) = text.split_once('\n').ok_or(RequestError::OldSize)?;
        let old_size = first.strip_prefix("old ").and_then(plain_decimal);
        let old_size = old_size.ok_or(RequestError::OldSize)?;
        let mut proof = Vec::new();
        loop {
            let (line, after) = rest.split_once('\n').ok_or(RequestError::NoCheckpoint)?;
            rest = after;
            if line.is_empty() {
                break;
            }
            if proof.len() == MAX_PROOF {
                return Err(RequestError::TooLong);
            }
            let hash = STANDARD.decode(line).ok().and_then(|hash| Hash::try_from(hash).ok());
            proof.push(hash.ok_or(RequestError::Proof)?);
        }
        if rest.is_empty() {
            return Err(RequestError::NoCheckpoint);
        }
        Ok(Self { old_size, proof, note: rest.to_owned() })
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", STANDARD.encode(hash)))?;
        write!(f, "\n{}", self.note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The example of tlog-witness.
    #[test]
    fn the_example_of_the_specification_is_read() {
        let text = "old 20852014\n\
            PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\
            jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n\
            5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n\
            /6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\
            \n\
            example.com/behind-the-sofa\n\
            20852163\n\
            CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\
            \n\
            \u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/\
            Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
        let request: AddCheckpoint = text.parse().unwrap();
        assert_eq!((request.old_size, request.proof.len()), (20_852_014, 4));
        assert!(request.note.starts_with("example.com/behind-the-sofa\n20852163\n"));
        assert_eq!(request.to_string(), text);
    }

    #[test]
    fn what_is_no_request_is_refused() {
        let hash = STANDARD.encode([7; 32]);
        for (text, error) in [
            (String::new(), RequestError::OldSize),
            ("old 1".to_owned(), RequestError::OldSize),
            ("old 01\n\nnote\n".to_owned(), RequestError::OldSize),
            ("old -1\n\nnote\n".to_owned(), RequestError::OldSize),
            ("old  1\n\nnote\n".to_owned(), RequestError::OldSize),
            ("Old 1\n\nnote\n".to_owned(), RequestError::OldSize),
            ("old 1\nAAAA\n\nnote\n".to_owned(), RequestError::Proof),
            (format!("old 1\n {hash}\n\nnote\n"), RequestError::Proof),
            (format!("old 1\n{hash}\r\n\nnote\n"), RequestError::Proof),
            (format!("old 1\n{}\nnote\n", format!("{hash}\n").repeat(64)), RequestError::TooLong),
            (format!("old 1\n{hash}\n"), RequestError::NoCheckpoint),
            (format!("old 1\n{hash}\n\n"), RequestError::NoCheckpoint),
            ("old 1\n".to_owned(), RequestError::NoCheckpoint),
        ] {
            assert_eq!(text.parse::<AddCheckpoint>(), Err(error), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_request_reads_back(
            old_size in any::<u64>(), proof in prop::collection::vec(any::<Hash>(), 0..64),
            note in "[a-z\n]{1,40}"
        ) {
            let request = AddCheckpoint { old_size, proof, note };
            prop_assert_eq!(request.to_string().parse(), Ok(request));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(old [0-9]{1,20}\n)?(\\PC{0,50}\n){0,70}") {
            if let Ok(request) = text.parse::<AddCheckpoint>() {
                prop_assert_eq!(request.to_string(), text);
            }
        }
    }
}
