//! Imports (nhập sổ đăng ký): two registries become one, and a registry leaves as a document.
//!
//! A document of another registry is compared with this one (`merge.rs`). What they disagree on is
//! listed, and a person decides about each (`conflict.rs`); recorded calls are judged by what would
//! come of it ([`rehearsal`]); then everything is written in one transaction, and can be taken back
//! by one command. Read first: `merge.rs`, then [`command`].
//!
//! **Invariant**: who proposes an import does not carry it out; nothing of it is written while a
//! conflict is undecided; every row that comes in has a fate that can be read afterwards.
//! **Trust**: an import brings connections into force that this platform's people did not decide
//! about one by one: the state manager takes them over as a whole, and the entry fixes of what.

mod agreed;
pub mod api;
pub mod command;
pub(crate) mod conflict;
pub(crate) mod document;
pub(crate) mod merge;
pub mod rehearsal;
mod rename;
pub(crate) mod rows;
pub(crate) mod shape;
pub mod sheet;
pub(crate) mod sql;
#[cfg(test)]
pub(crate) mod tests;
mod value;
mod word;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::ambient::UtcMicros;
use wire::id::ImportId;

use self::conflict::{Conflict, Resolution};

/// A document of another registry, and what has been decided about it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Import {
    /// Its id.
    #[schema(value_type = String)]
    pub id: ImportId,
    /// What it is about.
    #[schema(example = "Hợp nhất sổ đăng ký của LGSP Hải Dương")]
    pub title: String,
    /// On which legal basis.
    #[schema(example = "01/2025/QĐ-UBND")]
    pub legal_basis: String,
    /// Where it stands.
    pub state: ImportState,
    /// When it was proposed.
    #[schema(value_type = String, format = DateTime)]
    pub proposed_at: UtcMicros,
    /// When it was carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub applied_at: Option<UtcMicros>,
    /// When it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub undone_at: Option<UtcMicros>,
    /// SHA-256 of the document in canonical form, as its entries name it.
    pub digest: String,
    /// What would become, or became, of its rows.
    pub report: Report,
}

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// Nothing is written yet.
    Proposed,
    /// It is part of the registry.
    Applied,
    /// It was taken back.
    Undone,
}

/// What becomes of a document.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// How many rows the document has; each has one of the six fates below.
    pub rows: usize,
    /// Rows that are new.
    pub added: usize,
    /// Rows that stand here already, word for word.
    pub same: usize,
    /// Rows that take the place of what is here.
    pub taken: usize,
    /// Rows that do not: what is here stays.
    pub kept: usize,
    /// Organisations that are one with another, and are known by its code now.
    pub joined: usize,
    /// Rows that do not come in; each with its reason.
    pub left_out: usize,
    /// Everything the two disagree on.
    pub conflicts: Vec<Conflict>,
    /// How many of the conflicts nobody has decided about.
    pub undecided: usize,
    /// Old codes of organisations, and the codes that take their place.
    pub aliases: std::collections::BTreeMap<String, String>,
    /// Decisions about conflicts that there are not, perhaps because of other decisions.
    #[serde(default)]
    pub unused: Vec<String>,
    /// What makes the import impossible: where, and which rule.
    pub problems: Vec<ReportedProblem>,
}

/// Something in a document that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportedProblem {
    /// `service H23.05/a/b/v1.upstream`.
    pub place: String,
    /// The rule, in Vietnamese.
    pub rule: String,
    /// The rule, in English.
    pub rule_en: String,
}

/// What becomes of one row of a document.
#[derive(Debug, Serialize, ToSchema)]
pub struct RowFate {
    /// Its place in the list.
    pub(crate) number: i64,
    /// Which noun.
    pub(crate) noun: String,
    /// Its key, as it came in.
    pub(crate) key: String,
    /// `added`, `same`, `taken`, `kept`, `joined` or `left_out`.
    pub(crate) fate: String,
    /// Why it is left out, or which code it is joined with; in Vietnamese.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// The same in English.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason_en: Option<String>,
}

impl Import {
    /// For lists: counts, without what the registries disagree on.
    fn without_details(mut self) -> Self {
        self.report.conflicts.clear();
        self.report.problems.clear();
        self.report.unused.clear();
        self.report.aliases.clear();
        self
    }
}

impl ImportState {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Applied => "applied",
            Self::Undone => "undone",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Proposed, Self::Applied, Self::Undone].into_iter().find(|it| it.as_str() == text)
    }
}

/// What was decided, as it is kept.
pub(crate) type Resolutions = Vec<Resolution>;
