//! The real binary, driven as an operator or a visitor drives it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

mod binary;
mod call;
mod cell;
mod code_lists;
mod credential;
mod dcat;
mod demo;
mod described_api;
mod drill;
mod first_hour;
mod help;
mod hsm;
mod import;
mod init;
mod key_rotation;
mod keys;
mod profile;
mod proxies;
mod refusals;
mod running;
mod serve;
mod shared;
mod tls;
mod witness;
