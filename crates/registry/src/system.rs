//! Systems (hệ thống thông tin): what calls and what is called.
//!
//! A [`System`] belongs to one organisation; credentials, services and connections belong to a
//! system, so that one leaked key opens no more than one system's door.
//!
//! It has a level of information security with the decision that approved it, contacts, and the
//! networks from which it calls, which gateways enforce.
//!
//! **Invariant**: a system's organisation is registered, and in force while the system is; it is
//! closed only when no key and no connection of it is left. **Trust**: an administrator names systems
//! of their own organisation only; the name is never proof of anything.

pub mod api;
pub mod command;
pub(crate) mod sql;
#[cfg(test)]
pub(crate) mod tests;

use serde::Serialize;
use utoipa::ToSchema;
use wire::ambient::UtcMicros;
use wire::id::SystemId;
use wire::network::Network;

/// One information system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct System {
    /// Its full name: organisation and system code.
    #[schema(value_type = String, example = "H24.12/don-vi-hanh-chinh")]
    pub id: SystemId,
    /// What people call it.
    #[schema(example = "Cơ sở dữ liệu đơn vị hành chính")]
    pub name: String,
    /// Its level of information security (NĐ 85/2016/NĐ-CP), 1 to 5, once approved.
    #[schema(minimum = 1, maximum = 5)]
    pub security_level: Option<u8>,
    /// The decision that approved the level.
    #[schema(example = "12/QĐ-SKHCN")]
    pub level_decision: Option<String>,
    /// From where it calls, in CIDR notation; gateways let it call from nowhere else. None: from
    /// anywhere.
    #[schema(value_type = Vec<String>)]
    pub networks: Vec<Network>,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    pub registered_at: UtcMicros,
    /// Since when it is closed, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<UtcMicros>,
}
