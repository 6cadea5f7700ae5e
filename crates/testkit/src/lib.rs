//! What tests need of the world: a clock that stands still, randomness with a seed, a disk that
//! fails on demand, a PostgreSQL server, and the real `lgsp` binary as a child process.
//!
//! Read first: [`clock`] and [`randomness`] (every crate's tests take these), then
//! [`process`] (scenarios that kill and restart the whole platform) and [`crash`] (a log that dies
//! at every call to its disk, and what must still be true).
//!
//! **Invariant**: nothing here sleeps or asserts on elapsed time; a test that waits, waits for a
//! condition. **Trust**: never linked into the shipped binary: only `dev-dependencies` name it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so by panicking"
)]

pub mod authority;
pub mod clock;
pub mod crash;
pub mod faulty_disk;
pub mod postgres;
pub mod process;
pub mod randomness;
pub mod soft_hsm;

pub use authority::{Authority, Issued, IssuedFiles};
pub use clock::TestClock;
pub use faulty_disk::FaultyDisk;
pub use postgres::TestDatabase;
pub use process::Process;
pub use randomness::SeededRandomness;
pub use soft_hsm::SoftHsm;
