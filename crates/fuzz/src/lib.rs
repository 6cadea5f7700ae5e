//! `fuzz` says what no bytes from outside may ever bring about: one target for each parser of them.
//!
//! Each target is a function that takes any bytes and panics if a property is broken: what is
//! accepted prints again the same, two readers agree, nothing panics. `fuzz/` at the root of the
//! repository gives them to libFuzzer (`cargo xtask fuzz`) and keeps the inputs it found worth
//! keeping; `tests/smoke.rs` plays those, and some thousands of mutations of them, on stable.
//!
//! Read first: [`TARGETS`].
//!
//! **Invariant**: every target has a corpus, a libFuzzer binary and a place in the smoke run.
//! **Trust**: never shipped; it sees through doors (`fuzzing` features) that nothing else opens.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a target says what it found by panicking"
)]

mod bundle;
mod config;
mod directory;
mod entry;
mod http;
mod key;
mod log;
mod peer;
mod signature;
mod text;

/// A parser of bytes from outside, and what must be true of it.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: of its corpus in `fuzz/corpus` and its binary in `fuzz/fuzz_targets`.
    pub name: &'static str,
    /// Reads the bytes and panics if a property is broken.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "bundle", run: bundle::bundle },
    Target { name: "canonical_json", run: entry::canonical_json },
    Target { name: "checkpoint", run: entry::checkpoint },
    Target { name: "chunked_body", run: http::chunked_body },
    Target { name: "config_file", run: config::config_file },
    Target { name: "container", run: bundle::container },
    Target { name: "content_digest", run: signature::content_digest },
    Target { name: "directory_extract", run: directory::extract },
    Target { name: "directory_record", run: directory::record },
    Target { name: "entry_place", run: text::entry_place },
    Target { name: "evidence_entry", run: entry::entry },
    Target { name: "field_names", run: http::field_names },
    Target { name: "forwarded", run: http::forwarded },
    Target { name: "h1_head", run: http::h1_head },
    Target { name: "identifiers", run: text::identifiers },
    Target { name: "key_document", run: key::document },
    Target { name: "key_index", run: key::index },
    Target { name: "keys", run: key::keys },
    Target { name: "log_record", run: log::record },
    Target { name: "log_segment", run: log::segment },
    Target { name: "peer_message", run: peer::message },
    Target { name: "problem", run: text::problem },
    Target { name: "provider_answer", run: http::provider_answer },
    Target { name: "proxy_header", run: http::proxy_header },
    Target { name: "request_target", run: http::request_target },
    Target { name: "signature_base", run: signature::base },
    Target { name: "signature_fields", run: signature::fields },
    Target { name: "symmetric_keys", run: key::symmetric },
    Target { name: "tile", run: entry::tile },
    Target { name: "trust_file", run: bundle::trust_file },
    Target { name: "upstream", run: http::upstream },
];

/// Runs the target of this name.
///
/// # Panics
/// If a property is broken, or there is no such target.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target of this name");
    (target.run)(bytes);
}
