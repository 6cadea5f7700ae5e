//! `drill` puts the built platform under load, kills it, feeds it what is huge or slow, and then
//! asks what became of its promises. Never shipped.
//!
//! The parts are used twice: by the tests of the binary, in little, and by `cargo xtask drill`, in
//! full. Read first: [`caller`] (signs and sends), [`public_log`] (reads the log as a stranger),
//! [`provider`] (answers); then the drills themselves.
//!
//! **Invariant**: nothing here looks inside the platform: it is started as a process and asked over
//! the network. **Trust**: a drill that cannot fail proves nothing, so each counts what it saw.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "drills are tests that speak: a broken promise ends them"
)]

pub mod caller;
pub mod city;
pub mod crash;
pub mod memory;
pub mod merge;
pub mod node;
pub mod provider;
pub mod public_log;
