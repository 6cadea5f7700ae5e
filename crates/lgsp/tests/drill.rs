//! Drills on the real binary: strangers sign, the process is killed, the disk fills up.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[path = "drill/call.rs"]
mod call;
#[path = "drill/demo.rs"]
mod demo;
#[path = "drill/disk_full.rs"]
mod disk_full;
#[path = "drill/kill.rs"]
mod kill;
#[path = "drill/log.rs"]
mod log;
#[path = "drill/provider.rs"]
mod provider;
#[path = "drill/stranger.rs"]
mod stranger;
