//! Aliases (mã cũ còn hiệu lực): former codes of organisations and ids of systems that lead to
//! their successors for a time (decision 0030).
//!
//! Reorganisations make them ([`organisation::succession`](crate::organisation::succession)); the
//! platform's people make them for codes that another registry had. `lead.rs` is how they serve
//! in the API; gateways learn them from the directory.
//!
//! **Invariant**: what an alias leads to was in force when it was made, no alias has the name of
//! something in force, and following them ends. **Trust**: whoever makes aliases decides where
//! calls by former names go; what is reached so has its own permissions all the same.

pub mod api;
pub mod command;
pub(crate) mod lead;
pub(crate) mod sql;
#[cfg(test)]
pub(crate) mod tests;

use serde::Serialize;
use utoipa::ToSchema;
use wire::ambient::UtcMicros;
use wire::directory::{AliasName, AliasRecord};

/// One former name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Alias {
    /// The former code of an organisation or id of a system.
    #[schema(value_type = String, example = "H23.12")]
    pub name: AliasName,
    /// The code or id it leads to.
    #[schema(value_type = String, example = "H24.12")]
    pub successor: AliasName,
    /// From when it does.
    #[schema(value_type = String, format = DateTime)]
    pub from: UtcMicros,
    /// Until when it does; without it, for ever.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<UtcMicros>,
    /// Whether both are the same organisation under another code, so that its people go on.
    pub same_organisation: bool,
    /// The decision on which it rests.
    #[schema(example = "1669/NQ-UBTVQH15")]
    pub decision: String,
    /// When it was made here.
    #[schema(value_type = String, format = DateTime)]
    pub made_at: UtcMicros,
}

impl From<Alias> for AliasRecord {
    fn from(alias: Alias) -> Self {
        let Alias { name, successor, from, until, .. } = alias;
        Self { name, successor, from, until }
    }
}
