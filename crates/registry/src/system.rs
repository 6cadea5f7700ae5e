//! Systems (hệ thống thông tin): what calls and what is called.
//!
//! A [`System`] belongs to one organisation; credentials, services and connections belong to a
//! system, so that one leaked key opens no more than one system's door.
//!
//! **Invariant**: a system's organisation is registered. **Trust**: an administrator names systems
//! of their own organisation only; the name is never proof of anything.

pub mod api;
pub mod command;
pub(crate) mod sql;
#[cfg(test)]
mod tests;

use serde::Serialize;
use utoipa::ToSchema;
use wire::ambient::UtcMicros;
use wire::id::SystemId;

/// One information system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct System {
    /// Its full name: organisation and system code.
    #[schema(value_type = String, example = "H24.12/don-vi-hanh-chinh")]
    pub id: SystemId,
    /// What people call it.
    #[schema(example = "Cơ sở dữ liệu đơn vị hành chính")]
    pub name: String,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    pub registered_at: UtcMicros,
    /// Since when it is closed, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<UtcMicros>,
}
