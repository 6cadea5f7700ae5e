//! The evidence log on a disk that fails, and before judges that are not ours.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "a test that cannot go on says so by panicking"
)]

mod append;
mod crash;
mod damage;
mod detail;
mod full;
mod intent;
mod judges;
mod token;
mod world;
