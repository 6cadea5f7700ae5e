//! `bench` measures the built platform beside its peers, and its evidence log beside the bare disk,
//! in one run on one machine. Never shipped.
//!
//! A figure is a ratio between programs that took turns within one run, never a time alone: machines
//! differ, and this one differs from minute to minute. Before anything is timed, each program shows
//! that it does what it is timed for: passes what is valid and refuses what was altered.
//!
//! **Invariant**: nothing here looks inside the platform: it is started as a process and asked over
//! the network. The one exception is [`evidence`], which calls the log as the gateway does, because
//! nothing else grows it to ten million entries; it too uses only what the crate offers everyone.
//! **Trust**: `docs/performance.md` repeats what this printed, with machine and versions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "benchmarks are tests that speak: what cannot be measured ends them"
)]

pub mod evidence;
pub mod gateway;
mod machine;
pub mod registry;
pub mod statistics;
