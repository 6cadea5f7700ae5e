//! Which of several nodes has the most to do with a thing: highest random weight (Thaler and
//! Ravishankar, 1998). Every node computes it alike, and when one leaves only what was its moves.
//!
//! **Invariant**: weight = SHA-256("lgsp owner/1" ‖ 0x00 ‖ length of the origin as u16 big-endian ‖
//! origin ‖ subject); the greatest, compared byte by byte, wins. The subject is `n` and the key id
//! for nonces, `q` and the sixteen bytes of the connection id for quotas. Nodes of different
//! versions must agree on this: it never changes, a new rule gets a new number.

use wire::id::{ConnectionId, KeyId};
use wire::merkle::{Hash, sha256};

/// What is decided about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subject<'a> {
    /// The nonces of a key.
    Nonces(&'a KeyId),
    /// The quota of a connection.
    Quota(&'a ConnectionId),
}

/// How much a node has to do with a subject.
pub(super) fn weight(origin: &str, subject: Subject<'_>) -> Hash {
    // An origin has at most 200 bytes.
    let length = u16::try_from(origin.len()).unwrap_or(u16::MAX).to_be_bytes();
    let (kind, name): (&[u8], &[u8]) = match subject {
        Subject::Nonces(keyid) => (b"n", keyid.as_str().as_bytes()),
        Subject::Quota(connection) => (b"q", connection.as_bytes()),
    };
    sha256(&[b"lgsp owner/1\0", &length, origin.as_bytes(), kind, name])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with Python's hashlib; they stand in docs/decisions/0023 too.
    #[test]
    fn the_weights_are_those_that_another_implementation_computes() {
        let keyid = "key-1".parse().unwrap();
        let connection = "01900000-0000-7000-8000-000000000001".parse().unwrap();
        for (origin, subject, expected) in [
            (
                "lgsp.example/1",
                Subject::Nonces(&keyid),
                "6a34509931541ae9c34118a2ea8b7c3392a0000451ed438c15d44849a8c99f8e",
            ),
            (
                "lgsp.example/2",
                Subject::Nonces(&keyid),
                "f4e8442c3f7c3062901921919bea8208af6c236bda6457cb9f753cfba78d6a81",
            ),
            (
                "lgsp.example/1",
                Subject::Quota(&connection),
                "8661c3028023f178885341ea9323bc688fe219584fc38bdb5a153cb312a44e5d",
            ),
        ] {
            let weight = weight(origin, subject);
            assert_eq!(hex::encode(weight), expected, "{origin} {subject:?}");
        }
    }
}
