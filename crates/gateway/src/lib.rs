//! `gateway` carries synchronous calls: a signed request comes in, its caller is identified, one
//! connection of the directory permits it, the provider answers, and the log has the proof before
//! the answer leaves.
//!
//! Read first: `passage` (the story of one call, one file per step), then `h1` and `h2` (how a
//! request is read), `held_body` (how a body is held until its digest matches), `server` (threads).
//!
//! No database here: everything is decided from the directory in memory ([`DirectorySnapshot`]),
//! which [`Running::install`] replaces while calls go on.
//!
//! **Invariant**: deny by default; nothing is forwarded that no connection permits, and nothing
//! leaves before its record is durable. **Trust**: whoever controls this process can read and
//! forward any call; it cannot change what the log already says.

mod body_hasher;
mod cluster;
mod config;
mod farewell;
mod fields;
mod fold;
mod forwarded;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod gate;
mod h1;
mod h2;
mod held_body;
mod hygiene;
mod metrics;
mod nonces;
mod pace;
mod passage;
mod quota;
mod refusal;
mod rehearsal;
mod request;
mod routes;
mod server;
mod target;
mod timeline;
mod upstream;

pub use cluster::{ANNOUNCED, ClusterParts, KEPT, Node, NodeList, NodeSlot, NotServing, SERVES};
pub use config::{GatewayConfig, Limits, MOST_FIELDS, UpstreamConfig};
pub use gate::ResponseKey;
pub use rehearsal::{Rehearsal, rehearse};
pub use routes::DirectorySnapshot;
pub use server::{DirectorySlot, Parts, Running, StartError, start};
pub use target::BadPublicUrl;
