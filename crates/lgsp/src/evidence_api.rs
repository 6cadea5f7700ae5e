//! The evidence surface of the control listener: the log's files, the record and the bundle of a
//! call, and the trust file.
//!
//! Checkpoints, hash tiles and the trust file are public: they show that a log only grew, not
//! what is in it. Everything else asks who reads (`rights.rs` is the table), and the reading
//! itself is an entry of the log, durable before the answer leaves (`reading.rs`).
//!
//! Read first: [`router`]; `log_files.rs` for tlog-tiles clients, `records.rs` for people.
//!
//! **Invariant**: no content behind a commitment, no entry and no bundle leaves without an
//! `evidence.read` entry; a refused reading is an entry too. **Trust**: this module sees opened
//! details; whoever controls it reads what every call carried (never a body: those aren't kept).

mod log_files;
mod reading;
mod records;
mod rights;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use evidence::{DirectoryHistory, Recorder};
use tokio::sync::watch;
use utoipa::OpenApi as _;
use web::{Authenticator, Organisations, require_sign_on};
use wire::trust::TrustFile;
use witness::asking::Cosigned;

/// What the routes need.
#[derive(Clone)]
pub struct EvidenceApi {
    /// Reads the log and records the readings.
    pub recorder: Recorder,
    /// Directory versions of the past, for bundles.
    pub history: DirectoryHistory,
    /// Under which code an organisation is known today.
    pub organisations: Arc<dyn Organisations>,
    /// The `{log}` in `/evidence/logs/{log}/…` under which this node's log stands.
    pub log_name: Arc<str>,
    /// Whether anybody may read the entries (`entries = "public"`).
    pub entries_public: bool,
    /// The public keys of all nodes of the platform, now.
    pub trust: watch::Receiver<Arc<TrustFile>>,
    /// The largest checkpoint that enough witnesses cosigned.
    pub cosigned: watch::Receiver<Option<Arc<Cosigned>>>,
}

const TRUST: &str = "/.well-known/lgsp-trust.json";
const CHECKPOINT: &str = "/evidence/logs/{log}/checkpoint";
const COSIGNED: &str = "/evidence/logs/{log}/checkpoint.cosigned";
const HASHES: &str = "/evidence/logs/{log}/tile/{*path}";
const ENTRIES: &str = "/evidence/logs/{log}/tile/entries/{*path}";
const CALL: &str = "/evidence/v1/calls/{request_id}";
const BUNDLE: &str = "/evidence/v1/bundles/{call_or_index}";

/// What of this surface stands in the API's document: what people ask for. Log clients and
/// verifiers go by the specifications of tlog-tiles and of the trust file.
#[derive(utoipa::OpenApi)]
#[openapi(paths(records::call, records::bundle))]
struct Description;

/// The description of the routes for people.
pub fn description() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

/// All routes of this surface. To be merged below [`web::surface()`].
pub fn router(api: EvidenceApi, authenticator: Arc<dyn Authenticator>) -> Router {
    let mut public = Router::new()
        .route(TRUST, get(log_files::trust))
        .route(CHECKPOINT, get(log_files::checkpoint))
        .route(COSIGNED, get(log_files::cosigned))
        .route(HASHES, get(log_files::hash_tile));
    let mut signed_on =
        Router::new().route(CALL, get(records::call)).route(BUNDLE, get(records::bundle));
    if api.entries_public {
        public = public.route(ENTRIES, get(log_files::public_entries));
    } else {
        signed_on = signed_on.route(ENTRIES, get(log_files::entries));
    }
    let signed_on = require_sign_on(signed_on.with_state(api.clone()), authenticator);
    public.with_state(api).merge(signed_on)
}
