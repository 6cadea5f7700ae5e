//! `client` is what an agency runs: sign a call, send it, and check what comes back.
//!
//! It knows the platform only from outside: by HTTP, by the bytes that `wire` defines and by the
//! public keys of a trust file. An answer is believed as far as it is checked: body against
//! digest, answer against the platform's signature, entry against the public log.
//!
//! Read first: [`Client::call`], then [`Signer`] for what is signed, [`Finding`] for what was
//! checked, [`LogReader`] for how an entry is proved, [`verify_bundle`] for proof without a
//! network.
//!
//! **Invariant**: nothing is reported as proved that was not computed here from the bytes
//! received and the keys given.
//! **Trust**: whoever controls the trust file controls what is believed; whoever holds the
//! signing key is the caller.

mod answer;
mod bundle;
mod call;
mod content;
mod error;
mod finding;
mod log;
mod outgoing;
mod signer;

pub use answer::{Answer, EntryPlace};
pub use bundle::{Verified, verify_bundle};
pub use call::{Call, Client};
pub use content::{Content, Direction, Progress, Watcher};
pub use error::ClientError;
pub use finding::{Finding, State, Subject};
pub use log::{LogReader, ProvedEntry, UnprovedEntry};
pub use signer::{Signed, Signer};

#[cfg(test)]
mod tests;
