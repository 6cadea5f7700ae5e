//! The directory (danh bạ): what gateways decide from.
//!
//! `build.rs` reads the registry into the records of [`wire::directory`]; [`publisher`] signs each
//! new version, stores it in the history, records it, and hands it to the gateways with the HMAC
//! secrets beside it.
//!
//! **Invariant**: a change is answered only after the version that holds it was handed over;
//! versions are handed over in the order in which they were recorded; no secret stands in one.
//! **Trust**: whoever holds the directory's signing key can make a version that gateways of other
//! nodes and verifiers believe, but not one that the log knows.

pub mod api;
pub(crate) mod build;
pub mod publisher;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use keys::Zeroizing;
use wire::directory::SignedDirectory;
use wire::id::KeyId;

/// A version of the directory on its way to the gateways.
pub struct Published {
    /// The number of the change that published it: a greater one is a newer version.
    pub sequence: u64,
    /// The records and their signed head.
    pub signed: SignedDirectory,
    /// The secrets of its HMAC credentials: beside the directory, never in it.
    pub hmac_secrets: HashMap<KeyId, Zeroizing<Vec<u8>>>,
}
