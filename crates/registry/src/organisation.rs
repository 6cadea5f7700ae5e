//! Organisations (cơ quan, tổ chức): who takes part.
//!
//! An [`Organisation`] is a code of QĐ 20/2020/QĐ-TTg with its names and, where it had one, its
//! code of the old format; the two are mapped by this table, not by arithmetic
//! ([`Suggestion`] only proposes). Everything that happens to a code is an [`history::Event`] with
//! its date and decision, so what held at any moment can be read again.
//! Read first: `history.rs`, then `command.rs`.
//!
//! **Invariant**: an organisation below another is registered after it and closed before it, so
//! what is in force has a parent in force; codes and events are never reused or removed.
//! **Trust**: whoever registers organisations decides who can ever hold a credential.

pub mod api;
pub mod command;
pub mod history;
pub mod plan;
pub(crate) mod relocation;
pub(crate) mod sql;
pub mod succession;
#[cfg(test)]
pub(crate) mod tests;

use serde::Serialize;
use utoipa::ToSchema;
use wire::ambient::UtcMicros;
use wire::organisation_code::{LegacyCode, OrganisationCode, OrganisationKind};

/// One organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Organisation {
    /// Identification code (mã định danh).
    #[schema(value_type = String, example = "H24.12")]
    pub code: OrganisationCode,
    /// Which of the three kinds of codes it has.
    pub kind: Kind,
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
    /// When it was registered here.
    #[schema(value_type = String, format = DateTime)]
    pub registered_at: UtcMicros,
    /// Since when its code is in force.
    #[schema(value_type = String, format = DateTime)]
    pub issued_at: UtcMicros,
    /// Since when its code is no more in force, if it was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<UtcMicros>,
    /// Who goes on with its tasks, if anyone does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub successors: Vec<OrganisationCode>,
}

/// The kinds of codes of QĐ 20/2020/QĐ-TTg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A state agency: its code has its place in the tree.
    Authority,
    /// An enterprise, cooperative or business household, by its registration number.
    Enterprise,
    /// Another organisation: `Z01` to `Z99` and up to 32 characters.
    Other,
}

impl From<OrganisationKind> for Kind {
    fn from(kind: OrganisationKind) -> Self {
        match kind {
            OrganisationKind::Authority => Self::Authority,
            OrganisationKind::Enterprise => Self::Enterprise,
            OrganisationKind::Other => Self::Other,
        }
    }
}

/// What the two formats propose for each other by rule. Nothing is changed by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Suggestion {
    /// The code of today's format.
    #[schema(value_type = Option<String>, example = "H24.12")]
    pub code: Option<OrganisationCode>,
    /// The code of the old format.
    #[schema(value_type = Option<String>, example = "000.00.12.H24")]
    pub legacy_code: Option<LegacyCode>,
    /// The organisation that has the code asked for already, by the table.
    #[schema(value_type = Option<String>, example = "H24.12")]
    pub registered: Option<OrganisationCode>,
}
