//! `wire` is the only definer of the bytes that two organisations must agree on.
//!
//! Identifiers, HTTP signature bases and digests, error codes, the directory, evidence entries,
//! checkpoints and bundles: what a stranger's program must be able to read, write and check
//! stands here and nowhere else. Pure: no I/O, no clock, no database; time and randomness come in
//! through [`ambient`].
//!
//! Read first: [`id`] and [`organisation_code`] for the names, [`signature`] for how a caller is
//! identified, [`error_code`] for every way a call can be refused.
//!
//! **Invariant**: each text form has one spelling: what parses, prints again byte for byte.
//! **Trust**: a flaw here lets two honest parties read different things in the same bytes.

#![cfg_attr(test, allow(clippy::string_slice, reason = "tests cut ASCII they wrote"))]

pub mod ambient;
pub mod bundle;
pub mod canonical;
pub mod checkpoint;
pub mod commitment;
pub mod container;
pub mod digest;
pub mod directory;
pub mod entry;
pub mod error_code;
pub mod header;
pub mod id;
pub mod merkle;
pub mod network;
pub mod note;
pub mod organisation_code;
pub mod problem;
pub mod provider_address;
pub mod public_key;
pub mod signature;
#[cfg(test)]
mod testing;
pub mod text;
pub mod tile;
pub mod trust;
pub mod witness;
