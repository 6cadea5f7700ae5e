//! Services (dịch vụ chia sẻ dữ liệu) with their versions: what can be called, and where it stands.
//!
//! Each major version is a [`Service`] of its own, with an upstream of its own, so that an old
//! version goes on beside its successor. Read first: [`upstream`] for what an address may be.
//!
//! **Invariant**: a service belongs to a registered system, and its name never comes to mean
//! another; only where and how it is reached changes. **Trust**: whoever sets an upstream decides
//! which machine receives the calls; the gateway still refuses addresses that it must not reach.

mod about;
pub mod api;
pub mod command;
pub mod description;
pub mod life;
pub(crate) mod sql;
#[cfg(test)]
mod tests;
pub mod upstream;

use wire::ambient::UtcMicros;
use wire::directory::{RecordMode, Signing};
use wire::id::ServiceId;

pub use self::about::{About, Classification, DataItem, ItemKind, ServiceLevel};
use self::life::Life;
use self::upstream::Upstream;

/// One major version of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Its full name.
    pub id: ServiceId,
    /// What people call it.
    pub title: String,
    /// How it is reached.
    pub terms: Terms,
    /// How far it has come.
    pub life: Life,
    /// What it is about, if that was said.
    pub about: Option<About>,
    /// When it was published; of one that is not yet, when it was registered.
    pub published_at: UtcMicros,
    /// When its terms changed last.
    pub changed_at: UtcMicros,
}

/// How gateways reach a service and record its calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Where calls go.
    pub upstream: Upstream,
    /// Where the calls of sandbox credentials go, if there is a sandbox.
    pub sandbox_upstream: Option<Upstream>,
    /// How long a gateway waits for the answer to begin, in milliseconds.
    pub timeout_ms: u32,
    /// Before what the record of a call must be durable.
    pub record: RecordMode,
    /// The longest request body, in bytes.
    pub max_body_bytes: u64,
    /// Whether the provider signs its answers.
    pub signed_answers: Signing,
    /// Whether the platform signs the requests that it passes on.
    pub signed_requests: Signing,
}
