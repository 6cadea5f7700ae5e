//! A whole gateway over real sockets: signed bytes go in, a provider answers, and the real log
//! says what happened. `city` sets up, `caller` speaks for consumers, `provider` for providers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    unreachable_pub,
    reason = "a test that cannot go on says so by panicking"
)]

mod answer;
mod body;
mod caller;
mod cell;
mod city;
mod cluster;
mod connection;
mod environment;
mod farewell;
mod fault;
mod former_name;
mod hostile;
mod identify;
mod lifetime;
mod line;
mod long;
mod network;
mod permit;
mod policy;
mod profile;
mod provider;
mod record;
mod rehearsal;
mod request;
mod sealed_provider;
mod signed;
mod streams;
mod tls;
