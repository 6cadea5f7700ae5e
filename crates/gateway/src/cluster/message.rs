//! What nodes say to each other: small frames over one connection, many questions under way.
//!
//! ```text
//! frame     length of the rest u16 ‖ kind u8 ‖ number u32 ‖ body        (numbers big-endian)
//! 0x01      is this nonce fresh?     at i64 ‖ list [16] ‖ expires i64 ‖ nonce [16] ‖ key id
//! 0x02      how many calls are left? at i64 ‖ list [16] ‖ connection [16] ‖ wanted u16
//! 0x81      a nonce                  verdict u8
//! 0x82      calls                    verdict u8 ‖ granted u16 ‖ remaining u32 ‖ reset_s u32 ‖ wait u64
//! 0x83      not understood
//! ```
//! An answer has the number of its question and may come in any order. `at` is the asker's time in
//! µs since 1970, `list` the fingerprint of its list at that time, `wait` nanoseconds until a call
//! will be left. Not HTTP: a question is 60 bytes, and its head would be five times that.
//!
//! **Invariant**: what does not parse ends the connection; a question of an unknown kind is
//! answered as such, so that kinds can be added.

mod answer;
mod frame;
mod question;
#[cfg(test)]
mod tests;

pub(crate) use answer::{Answer, Grant, Reason, Verdict};
pub(super) use frame::{MOST_BYTES, Next, next};
pub(super) use question::{About, Question};
