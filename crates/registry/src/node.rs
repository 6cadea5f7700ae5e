//! A node: one process of the platform, with a log of its own, among those that share a database.
//!
//! Each node enters itself when it starts, and the operator retires it ([`api`]); gateways decide by
//! the list who owns which key's nonces. So a change is written well before it takes effect ([`command::enter`], [`command::retire`]).
//!
//! **Invariant**: `from` and `until` lie at least `announced` after the moment they are written, by
//! the database's clock; only a node without any other begins at once. Neither is changed later.
//! **Trust**: whoever can write this table can make a signature serve twice.

pub mod api;
pub mod command;
pub(crate) mod sql;
#[cfg(test)]
mod tests;

use wire::ambient::UtcMicros;
use wire::checkpoint::Origin;

pub use command::{Listed, NewNode, NodeRefused};

/// One node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name: the origin of its log.
    pub origin: Origin,
    /// Where other nodes ask it: host and port.
    pub peer_address: String,
    /// The certificate it shows them, in DER.
    pub peer_certificate: Vec<u8>,
    /// When it was entered.
    pub entered_at: UtcMicros,
    /// From when on it decides.
    pub from: UtcMicros,
    /// Until when it decides; `None`: no end is planned.
    pub until: Option<UtcMicros>,
}
