//! What nodes say to each other.

use gateway::fuzzing::{Unreadable, peer_message};

/// The longest frame between nodes.
const LONGEST: usize = 512;

/// Where the time of a question stands in its frame.
const TIME: std::ops::Range<usize> = 7..15;

/// A frame ends where it says, is short, and half of it is waited for. A question that is understood
/// is written again byte for byte, but for a time beyond the calendar; an answer so that it reads the
/// same: its reason may be newer than this version. Nothing is both.
pub(crate) fn message(bytes: &[u8]) {
    let frame = match peer_message(bytes) {
        Ok(Some(frame)) => frame,
        Ok(None) => return assert!(bytes.len() < LONGEST),
        Err(Unreadable) => return,
    };
    assert!(frame.length <= bytes.len() && frame.length <= LONGEST);
    let alone = &bytes[..frame.length];
    assert_eq!(peer_message(alone), Ok(Some(frame.clone())));
    assert_eq!(peer_message(&alone[..alone.len() - 1]), Ok(None));
    assert!(frame.question.is_none() || frame.answer.is_none());
    if let Some(again) = &frame.question {
        assert_eq!(again[..TIME.start], alone[..TIME.start]);
        assert_eq!(again[TIME.end..], alone[TIME.end..]);
        let read = peer_message(again).expect("readable").expect("whole");
        assert_eq!(read.question.as_ref(), Some(again));
    }
    if let Some(again) = &frame.answer {
        assert_eq!(again.len(), alone.len());
        let read = peer_message(again).expect("readable").expect("whole");
        assert_eq!(read.answer.as_ref(), Some(again));
    }
}
