//! Code lists (danh mục dùng chung, QĐ 01/2025/QĐ-UBND): codes that many systems must agree on, kept
//! by one organisation, in versions, with what became of each code.
//!
//! Read first: `Entry` in `codelist/entry.rs` (a code in one period: codes are given again after
//! a merger, so a code alone names nothing), then `rules.rs` (what a version must keep),
//! `difference.rs` (what a version changes) and `succession.rs` (an old code's successors). A
//! version is written as the difference to the one before it, so that every version stays readable.
//!
//! **Invariant**: versions are numbered and dated in one order, and what was published never
//! changes; a successor is a code that is in force on the day on which the other ends, so following
//! successors ends. **Trust**: who publishes a list says what the city's systems take a code for;
//! it decides no call. A list is shown to whoever may ask, so it holds nothing about persons.

mod answer;
pub(crate) mod api;
pub(crate) mod command;
mod difference;
mod entry;
mod reading;
mod rules;
mod sheet;
mod shipped;
pub(crate) mod sql;
mod succession;
#[cfg(test)]
pub(crate) mod tests;
mod upload;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Refusal, field};
use wire::ambient::UtcMicros;
use wire::id::ServiceCode;
use wire::organisation_code::OrganisationCode;

use crate::calendar::Day;

/// The most entries of a list, all periods of a code counted.
pub(crate) const MAX_ENTRIES: usize = 20_000;
/// The longest upload, in bytes.
pub(crate) const MAX_BYTES: usize = 8 * 1024 * 1024;

const NAME_CHARS: usize = 250;
const TEXT_CHARS: usize = 1_000;

/// A code list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeList {
    /// Its code, of the whole city.
    pub code: ServiceCode,
    /// Whose it is.
    pub organisation: OrganisationCode,
    /// What is said of it.
    pub about: CodeListAbout,
    /// The version published last, whether its day has come or not.
    pub last: Option<Version>,
    /// When it was registered.
    pub registered_at: UtcMicros,
    /// Since when it is no longer kept.
    pub retired_at: Option<UtcMicros>,
    /// Which list is to be used in its place.
    pub successor: Option<ServiceCode>,
}

/// What is said of a code list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeListAbout {
    /// What people call it.
    #[schema(example = "Danh mục đơn vị hành chính")]
    pub title: String,
    /// The unit that keeps it. Never a person: this is shown to all.
    #[schema(example = "Phòng Xây dựng chính quyền, Sở Nội vụ")]
    pub steward: String,
    /// On which basis it is kept.
    #[schema(example = "QĐ 01/2025/QĐ-UBND")]
    pub legal_basis: String,
}

/// A version of a code list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CodeListVersion)]
pub struct Version {
    /// 1 for the first.
    #[schema(example = 1)]
    pub number: u32,
    /// From which day in Việt Nam it is in force, until that of the next.
    #[schema(value_type = String, format = Date, example = "2025-07-01")]
    pub effective_on: Day,
    /// By which document it was issued.
    #[schema(example = "Nghị quyết 1669/NQ-UBTVQH15")]
    pub decision: String,
    /// The digest of its entries in canonical JSON (RFC 8785), as in `Content-Digest` (RFC 9530).
    pub digest: String,
    /// How many entries it has.
    pub entries: u32,
    /// How many of them the version before did not have.
    pub added: u32,
    /// How many are other than they were.
    pub changed: u32,
    /// How many of the version before it has no more.
    pub removed: u32,
    /// When it was published.
    #[schema(value_type = String, format = DateTime)]
    pub published_at: UtcMicros,
}

impl CodeListAbout {
    /// The same with its texts trimmed, or the rule that one of its parts breaks.
    pub(crate) fn read(mut self) -> Result<Self, Refusal> {
        self.title = field::sentence("title", &self.title, NAME_CHARS)?;
        self.steward = field::sentence("steward", &self.steward, NAME_CHARS)?;
        self.legal_basis = field::sentence("legal_basis", &self.legal_basis, TEXT_CHARS)?;
        Ok(self)
    }
}
