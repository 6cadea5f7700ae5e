//! Drills: strangers sign, the process is killed, the disk fills up.

mod described_api;
mod disk_full;
mod kill;
mod merge;
mod signing_provider;
mod stranger;
