//! Which tables and columns a registry's document holds, and what each column means.
//!
//! One list for all that reads or writes documents: export, import, comparison, renaming, the check
//! of references. A test compares it with the tables that the migrations make, so that a column
//! that is neither here nor in [`LEFT_OUT`] is found before a document lacks it.

/// A noun of the document, in the order in which references allow rows to be written.
#[derive(Debug)]
pub(crate) struct Table {
    /// What it is called, in the document and in the database.
    pub(crate) name: &'static str,
    /// The columns of its key come first.
    pub(crate) columns: &'static [Column],
    /// How many columns are its key.
    pub(crate) key: usize,
}

/// A column.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Whether every row has a value.
    pub(crate) is_needed: bool,
}

/// What a column's values mean, and so how they are written, compared, renamed and referred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A text that says something.
    Text,
    /// A text that may be empty.
    Free,
    /// The code of an organisation.
    Organisation,
    /// Codes of organisations with spaces between them; perhaps none.
    Organisations,
    /// Networks in CIDR notation with spaces between them; perhaps none.
    Networks,
    /// A former code of an organisation or id of a system: callers go on to use it, so it is never
    /// renamed.
    Former,
    /// What a former name leads to: the code of an organisation or the id of a system.
    Successor,
    /// A code of the old format.
    LegacyCode,
    /// The id of a system, which begins with its organisation's code.
    System,
    /// The id of a service, which begins with its system's.
    Service,
    /// The id of a credential.
    Credential,
    /// The id of a connection.
    Connection,
    /// The id of a dispute.
    Dispute,
    /// The code of a code list.
    CodeList,
    /// A whole number.
    Number,
    /// A time: RFC 3339 in the document.
    Time,
    /// Bytes: base64 in the document.
    Bytes,
    /// A certificate or certificate request in PEM.
    KeyDocument,
    /// JSON that this platform wrote: part of the document.
    Json,
    /// The number of the change that this row belongs to: the import's own for rows that it brings.
    Record,
}

impl Kind {
    /// The table whose key this is, if it refers to one.
    pub(crate) fn refers_to(self) -> Option<&'static str> {
        match self {
            Self::Organisation => Some("organisation"),
            Self::System => Some("system"),
            Self::Service => Some("service"),
            Self::Credential => Some("credential"),
            Self::Connection => Some("connection"),
            Self::Dispute => Some("dispute"),
            Self::CodeList => Some("code_list"),
            Self::Text
            | Self::Free
            | Self::Organisations
            | Self::Networks
            | Self::Former
            | Self::Successor
            | Self::LegacyCode
            | Self::Number
            | Self::Time
            | Self::Bytes
            | Self::KeyDocument
            | Self::Json
            | Self::Record => None,
        }
    }
}

impl Table {
    /// The noun that a row is part of, and comes and goes with: its history, its contacts.
    pub(crate) fn part_of(&self) -> Option<&'static str> {
        let whole = self.columns.first()?.kind.refers_to()?;
        (whole != self.name && self.key > 1).then_some(whole)
    }

    /// The columns of the key.
    pub(crate) fn key_columns(&self) -> &'static [Column] {
        self.columns.get(..self.key).unwrap_or_default()
    }

    /// The column of this name.
    pub(crate) fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// The noun of this name.
pub(crate) fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

const fn needed(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, is_needed: true }
}

const fn optional(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, is_needed: false }
}

/// What a document holds.
pub(crate) const TABLES: &[Table] = &[
    Table {
        name: "organisation",
        key: 1,
        columns: &[
            needed("code", Kind::Organisation),
            optional("parent", Kind::Organisation),
            needed("name", Kind::Text),
            optional("name_en", Kind::Text),
            optional("legacy_code", Kind::LegacyCode),
            needed("registered_at", Kind::Time),
            needed("issued_at", Kind::Time),
            optional("closed_at", Kind::Time),
            needed("successors", Kind::Organisations),
        ],
    },
    Table {
        name: "organisation_event",
        key: 2,
        columns: &[
            needed("organisation", Kind::Organisation),
            needed("number", Kind::Number),
            needed("kind", Kind::Text),
            needed("effective_at", Kind::Time),
            optional("decision", Kind::Text),
            needed("recorded_at", Kind::Time),
            needed("name", Kind::Text),
            optional("name_en", Kind::Text),
            optional("legacy_code", Kind::LegacyCode),
            needed("counterparts", Kind::Organisations),
            optional("sequence", Kind::Record),
        ],
    },
    Table {
        name: "organisation_contact",
        key: 2,
        columns: &[
            needed("organisation", Kind::Organisation),
            needed("number", Kind::Number),
            needed("duty", Kind::Text),
            needed("phone", Kind::Free),
            needed("email", Kind::Free),
        ],
    },
    Table {
        name: "system",
        key: 1,
        columns: &[
            needed("id", Kind::System),
            needed("organisation", Kind::Organisation),
            needed("name", Kind::Text),
            needed("registered_at", Kind::Time),
            optional("closed_at", Kind::Time),
            optional("security_level", Kind::Number),
            optional("level_decision", Kind::Text),
            needed("networks", Kind::Networks),
        ],
    },
    Table {
        name: "system_contact",
        key: 2,
        columns: &[
            needed("system", Kind::System),
            needed("number", Kind::Number),
            needed("duty", Kind::Text),
            needed("phone", Kind::Free),
            needed("email", Kind::Free),
        ],
    },
    Table {
        name: "alias",
        key: 1,
        columns: &[
            needed("name", Kind::Former),
            needed("successor", Kind::Successor),
            needed("from_at", Kind::Time),
            optional("until_at", Kind::Time),
            needed("same_organisation", Kind::Number),
            needed("decision", Kind::Text),
            needed("made_at", Kind::Time),
        ],
    },
    Table {
        name: "credential",
        key: 1,
        columns: &[
            needed("keyid", Kind::Credential),
            needed("system", Kind::System),
            needed("algorithm", Kind::Text),
            needed("environment", Kind::Text),
            optional("public_key", Kind::Bytes),
            needed("not_before", Kind::Time),
            needed("not_after", Kind::Time),
            needed("made_at", Kind::Time),
            optional("revoked_at", Kind::Time),
            optional("revoked_because", Kind::Text),
            optional("replaces", Kind::Credential),
            optional("document", Kind::KeyDocument),
        ],
    },
    Table {
        name: "credential_expiry",
        key: 2,
        columns: &[
            needed("keyid", Kind::Credential),
            needed("days", Kind::Number),
            needed("not_after", Kind::Time),
            needed("noted_at", Kind::Time),
            needed("sequence", Kind::Record),
        ],
    },
    Table {
        name: "service",
        key: 1,
        columns: &[
            needed("id", Kind::Service),
            needed("system", Kind::System),
            needed("title", Kind::Text),
            needed("upstream", Kind::Text),
            optional("sandbox_upstream", Kind::Text),
            needed("timeout_ms", Kind::Number),
            needed("record_mode", Kind::Text),
            needed("max_body_bytes", Kind::Number),
            needed("published_at", Kind::Time),
            needed("changed_at", Kind::Time),
            needed("signed_answers", Kind::Text),
            needed("signed_requests", Kind::Text),
            needed("stage", Kind::Text),
            optional("about", Kind::Json),
            optional("ready_at", Kind::Time),
            optional("publish_due", Kind::Time),
            optional("publish_passed_at", Kind::Time),
            optional("deprecated_at", Kind::Time),
            optional("retired_at", Kind::Time),
            optional("successor", Kind::Service),
        ],
    },
    Table {
        name: "service_description",
        key: 2,
        columns: &[
            needed("service", Kind::Service),
            needed("revision", Kind::Number),
            needed("format", Kind::Text),
            needed("digest", Kind::Text),
            needed("bytes", Kind::Number),
            needed("document", Kind::Bytes),
            needed("described", Kind::Json),
            needed("taken_at", Kind::Time),
        ],
    },
    Table {
        name: "code_list",
        key: 1,
        columns: &[
            needed("code", Kind::CodeList),
            needed("organisation", Kind::Organisation),
            needed("about", Kind::Json),
            needed("registered_at", Kind::Time),
            optional("retired_at", Kind::Time),
            optional("successor", Kind::CodeList),
        ],
    },
    Table {
        name: "code_list_version",
        key: 2,
        columns: &[
            needed("code_list", Kind::CodeList),
            needed("number", Kind::Number),
            needed("effective_on", Kind::Text),
            needed("decision", Kind::Text),
            needed("digest", Kind::Text),
            needed("entries", Kind::Number),
            needed("added", Kind::Number),
            needed("changed", Kind::Number),
            needed("removed", Kind::Number),
            needed("published_at", Kind::Time),
        ],
    },
    Table {
        name: "code_list_entry",
        key: 4,
        columns: &[
            needed("code_list", Kind::CodeList),
            needed("code", Kind::Text),
            needed("valid_from", Kind::Free),
            needed("from_version", Kind::Number),
            optional("to_version", Kind::Number),
            needed("name", Kind::Text),
            needed("parent", Kind::Free),
            needed("valid_until", Kind::Free),
            needed("successors", Kind::Free),
            needed("attributes", Kind::Json),
            needed("written", Kind::Text),
            needed("bare", Kind::Text),
        ],
    },
    Table {
        name: "data_set",
        key: 1,
        columns: &[
            needed("code", Kind::Text),
            needed("organisation", Kind::Organisation),
            needed("about", Kind::Json),
            needed("updated_at", Kind::Time),
            optional("update_due", Kind::Time),
            needed("registered_at", Kind::Time),
            needed("version", Kind::Number),
            optional("late_noted", Kind::Time),
        ],
    },
    Table {
        name: "data_set_event",
        key: 2,
        columns: &[
            needed("data_set", Kind::Text),
            needed("number", Kind::Number),
            needed("kind", Kind::Text),
            needed("recorded_at", Kind::Time),
            needed("about", Kind::Json),
            needed("version", Kind::Number),
            optional("note", Kind::Text),
            optional("digest", Kind::Text),
            optional("row_count", Kind::Number),
            optional("due", Kind::Time),
            needed("sequence", Kind::Record),
        ],
    },
    Table {
        name: "data_set_service",
        key: 2,
        columns: &[needed("data_set", Kind::Text), needed("service", Kind::Service)],
    },
    Table {
        name: "data_set_source",
        key: 1,
        columns: &[needed("item", Kind::Text), needed("data_set", Kind::Text)],
    },
    Table {
        name: "connection",
        key: 1,
        columns: &[
            needed("id", Kind::Connection),
            needed("consumer", Kind::System),
            needed("service", Kind::Service),
            needed("state", Kind::Text),
            optional("amends", Kind::Connection),
            needed("asked", Kind::Json),
            needed("requested_at", Kind::Time),
        ],
    },
    Table {
        name: "working_year",
        key: 2,
        columns: &[
            needed("year", Kind::Number),
            needed("version", Kind::Number),
            needed("plan", Kind::Json),
            needed("replaced_at", Kind::Time),
        ],
    },
    Table {
        name: "regulation",
        key: 1,
        columns: &[
            needed("version", Kind::Number),
            needed("in_force_from", Kind::Time),
            needed("rules", Kind::Json),
            needed("added_at", Kind::Time),
        ],
    },
    Table {
        name: "profile_version",
        key: 2,
        columns: &[
            needed("code", Kind::Text),
            needed("version", Kind::Number),
            needed("content", Kind::Json),
            needed("published_at", Kind::Time),
            needed("organisation", Kind::Organisation),
            needed("role", Kind::Text),
            needed("credential", Kind::Text),
            needed("reason", Kind::Text),
        ],
    },
    Table {
        name: "profile_assignment",
        key: 1,
        columns: &[
            needed("number", Kind::Number),
            optional("system", Kind::System),
            needed("profile", Kind::Text),
            needed("from_at", Kind::Time),
            optional("until_at", Kind::Time),
            needed("made_at", Kind::Time),
            needed("organisation", Kind::Organisation),
            needed("role", Kind::Text),
            needed("credential", Kind::Text),
            needed("reason", Kind::Text),
            optional("ended_at", Kind::Time),
            optional("ended_organisation", Kind::Organisation),
            optional("ended_role", Kind::Text),
            optional("ended_credential", Kind::Text),
            optional("ended_reason", Kind::Text),
        ],
    },
    Table {
        name: "profile_sunset",
        key: 3,
        columns: &[
            needed("system", Kind::System),
            needed("ends_at", Kind::Time),
            needed("days", Kind::Number),
            needed("profile", Kind::Text),
            needed("algorithms", Kind::Text),
            needed("noted_at", Kind::Time),
            needed("sequence", Kind::Record),
        ],
    },
    Table {
        name: "connection_deadline",
        key: 3,
        columns: &[
            needed("connection", Kind::Connection),
            needed("duty", Kind::Text),
            needed("since", Kind::Time),
            needed("by_party", Kind::Text),
            needed("due", Kind::Time),
            needed("verified", Kind::Number),
            needed("waiting", Kind::Text),
            optional("closed_at", Kind::Time),
            optional("passed_at", Kind::Time),
        ],
    },
    Table {
        name: "connection_step",
        key: 2,
        columns: &[
            needed("connection", Kind::Connection),
            needed("number", Kind::Number),
            needed("step", Kind::Text),
            needed("state", Kind::Text),
            needed("organisation", Kind::Organisation),
            needed("role", Kind::Text),
            needed("credential", Kind::Text),
            needed("taken_at", Kind::Time),
            optional("reason", Kind::Text),
            needed("sequence", Kind::Record),
            optional("ground", Kind::Text),
        ],
    },
    Table {
        name: "sandbox_test",
        key: 1,
        columns: &[
            needed("connection", Kind::Connection),
            needed("confirmed_at", Kind::Time),
            needed("calls", Kind::Json),
        ],
    },
    Table {
        name: "agreement",
        key: 1,
        columns: &[
            needed("connection", Kind::Connection),
            needed("document", Kind::Json),
            needed("digest", Kind::Text),
            needed("enforced", Kind::Text),
            needed("approved_at", Kind::Time),
        ],
    },
    Table {
        name: "suspension",
        key: 2,
        columns: &[
            needed("connection", Kind::Connection),
            needed("number", Kind::Number),
            needed("planned", Kind::Number),
            needed("announced_at", Kind::Time),
            needed("takes_force_at", Kind::Time),
            optional("expected_recovery", Kind::Time),
            needed("content", Kind::Text),
            optional("measures", Kind::Text),
            optional("restored_when", Kind::Text),
            optional("told_at", Kind::Time),
            optional("over_at", Kind::Time),
            needed("organisation", Kind::Organisation),
            needed("role", Kind::Text),
            needed("credential", Kind::Text),
        ],
    },
    Table {
        name: "dispute",
        key: 1,
        columns: &[
            needed("id", Kind::Dispute),
            needed("connection", Kind::Connection),
            needed("about", Kind::Text),
            optional("step", Kind::Number),
            needed("opened_by", Kind::Text),
            needed("against", Kind::Text),
            needed("state", Kind::Text),
            needed("claim", Kind::Text),
            needed("wanted", Kind::Text),
            optional("outcome", Kind::Text),
            optional("effect", Kind::Text),
            optional("due", Kind::Time),
            needed("verified", Kind::Number),
            optional("passed_at", Kind::Time),
            needed("opened_at", Kind::Time),
        ],
    },
    Table {
        name: "dispute_step",
        key: 2,
        columns: &[
            needed("dispute", Kind::Dispute),
            needed("number", Kind::Number),
            needed("step", Kind::Text),
            needed("state", Kind::Text),
            needed("organisation", Kind::Organisation),
            needed("role", Kind::Text),
            needed("credential", Kind::Text),
            needed("taken_at", Kind::Time),
            optional("words", Kind::Text),
            needed("sequence", Kind::Record),
        ],
    },
];

/// Columns, and whole tables (`*`), that no document holds, and why.
#[cfg(test)]
pub(crate) const LEFT_OUT: &[(&str, &str, &str)] = &[
    ("credential", "sealed_secret", "a secret is shown once, to its owner"),
    ("node", "*", "of this installation, not of the registry"),
    ("key_rotation", "*", "of this installation, not of the registry"),
    ("organisation_plan", "*", "what is to come is decided anew by whoever imports"),
    ("import", "*", "what was imported is in the registry"),
    ("import_row", "*", "what was imported is in the registry"),
    ("import_change", "*", "what was imported is in the registry"),
];
