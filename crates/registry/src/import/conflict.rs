//! Where two registries say different things, and what can be decided about it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// In which way two registries disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConflictKind {
    /// One code or id, and different content.
    SameCode,
    /// Two codes, and organisations of one name.
    SameName,
    /// Two services that stand at one address.
    SameEndpoint,
    /// An organisation that would come to lie below one which the two registries do not agree on.
    OverlappingTrees,
    /// Two connections of one consumer to one service for one purpose, both in force.
    SamePermission,
    /// No clash: an organisation, system or service is given another name by decision alone, as
    /// when a province is dissolved into another.
    Recode,
}

/// What is decided about a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "choose", rename_all = "snake_case", deny_unknown_fields)]
pub enum Choice {
    /// What is here stays; what comes in is left out.
    Keep,
    /// What comes in takes the place of what is here.
    Take,
    /// Both stand beside each other.
    Both,
    /// What comes in is registered under another code, and its old code becomes an alias.
    As {
        /// The new code of the organisation, or the new id of a system or service below its
        /// organisation.
        code: String,
    },
    /// The two are one: the code that comes in becomes an alias of the one that is here.
    SameAs {
        /// The code of the organisation that is here.
        code: String,
    },
}

/// One conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Conflict {
    /// What to name in a resolution: `same_code organisation H24.12`.
    pub id: String,
    /// In which way.
    pub kind: ConflictKind,
    /// About which noun.
    pub noun: String,
    /// The key of what comes in.
    pub theirs: String,
    /// The key of what is here, where it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ours: Option<String>,
    /// Fields that differ: name, here, there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differs: Vec<Difference>,
    /// What can be chosen.
    pub choices: Vec<String>,
    /// What was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<Choice>,
}

/// A field with two values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    /// Which field.
    pub field: String,
    /// What it is here.
    #[schema(value_type = Value)]
    pub ours: serde_json::Value,
    /// What it is in what comes in.
    #[schema(value_type = Value)]
    pub theirs: serde_json::Value,
}

/// What is decided about one conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolution {
    /// Of which conflict.
    pub conflict: String,
    /// What was chosen.
    pub choice: Choice,
}

impl Choice {
    /// The written form of its kind.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Take => "take",
            Self::Both => "both",
            Self::As { .. } => "as",
            Self::SameAs { .. } => "same_as",
        }
    }
}

impl ConflictKind {
    /// The written form.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::SameCode => "same_code",
            Self::SameName => "same_name",
            Self::SameEndpoint => "same_endpoint",
            Self::OverlappingTrees => "overlapping_trees",
            Self::SamePermission => "same_permission",
            Self::Recode => "recode",
        }
    }

    /// What can be chosen for a noun.
    pub(crate) fn choices(self, noun: &str) -> &'static [&'static str] {
        match (self, noun) {
            (Self::SameCode, "organisation" | "system" | "service") => &["keep", "take", "as"],
            // Callers name a key in every signature: it cannot come to be called otherwise. And one
            // connection at most serves a purpose.
            (Self::SameCode, "credential") | (Self::SamePermission, _) => &["keep"],
            (Self::SameCode, _) => &["keep", "take"],
            (Self::SameName, _) => &["both", "same_as", "as"],
            (Self::OverlappingTrees, _) => &["both", "as", "keep"],
            (Self::Recode, _) => &["as", "same_as"],
            (Self::SameEndpoint, _) => &["both", "keep"],
        }
    }
}
