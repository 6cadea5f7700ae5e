//! Organisations (cơ quan, tổ chức): who takes part.
//!
//! An [`Organisation`] is a code of QĐ 20/2020/QĐ-TTg with its names and, where it had one, its
//! code of the old format; the two are mapped by this table, not by arithmetic.
//! Read first: `command.rs`.
//!
//! **Invariant**: an organisation below another is registered after it, so every parent exists;
//! codes are never reused or removed. **Trust**: whoever registers organisations decides who can
//! ever hold a credential.

pub mod api;
pub mod command;
pub(crate) mod sql;
#[cfg(test)]
mod tests;

use serde::Serialize;
use utoipa::ToSchema;
use wire::ambient::UtcMicros;
use wire::organisation_code::{LegacyCode, OrganisationCode};

/// One organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Organisation {
    /// Identification code (mã định danh).
    #[schema(value_type = String, example = "H24.12")]
    pub code: OrganisationCode,
    /// The code of the organisation above it.
    #[schema(value_type = Option<String>, example = "H24")]
    pub parent: Option<OrganisationCode>,
    /// Its name in Vietnamese.
    #[schema(example = "Sở Nội vụ")]
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
    /// Its code of the old format (QCVN 102).
    #[schema(value_type = Option<String>, example = "000.00.12.H24")]
    pub legacy_code: Option<LegacyCode>,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    pub registered_at: UtcMicros,
}
