//! What two rows differ in, and which rows are too alike though their keys differ.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::conflict::{ConflictKind, Difference};
use super::super::document::{Document, Key, Row};
use super::super::shape::{Kind, TABLES, Table};
use crate::plain::plain;

/// The columns in which what comes in differs. What it does not say is no difference, and neither is
/// the number of a change, which each platform counts for itself.
pub(super) fn differences(table: &Table, ours: &Row, theirs: &Row) -> Vec<Difference> {
    let told = theirs.iter().filter(|(name, value)| {
        let is_counted = table.column(name).is_some_and(|column| column.kind == Kind::Record);
        !is_counted && ours.get(*name) != Some(*value)
    });
    told.map(|(name, value)| Difference {
        field: (*name).to_owned(),
        ours: ours.get(name).cloned().unwrap_or(Value::Null),
        theirs: value.clone(),
    })
    .collect()
}

/// What rows are known by apart from their keys.
pub(super) struct Neighbours {
    /// Organisations by their name without marks.
    names: BTreeMap<String, String>,
    /// Services by where they stand.
    endpoints: BTreeMap<String, String>,
    /// Connections in force by consumer, service and purpose.
    permissions: BTreeMap<String, String>,
    /// Organisations that the two do not agree on.
    disputed: BTreeSet<String>,
    /// Rows that came in.
    added: BTreeSet<(&'static str, Key)>,
}

impl Neighbours {
    pub(super) fn of(ours: &Document) -> Self {
        let mut neighbours = Self {
            names: BTreeMap::new(),
            endpoints: BTreeMap::new(),
            permissions: BTreeMap::new(),
            disputed: BTreeSet::new(),
            added: BTreeSet::new(),
        };
        for table in TABLES {
            for (key, row) in ours.rows(table.name) {
                neighbours.index(table, key, row);
            }
        }
        neighbours
    }

    /// Takes note of a row that comes in. What a registry holds beside its own rows is its matter.
    pub(super) fn add(&mut self, table: &'static Table, key: &Key) {
        self.added.insert((table.name, key.clone()));
    }

    /// Both have this organisation and say different things of it.
    pub(super) fn dispute(&mut self, code: &Key) {
        self.disputed.insert(code.to_string());
    }

    pub(super) fn is_added(&self, noun: &'static str, key: &Key) -> bool {
        self.added.contains(&(noun, key.clone()))
    }

    fn index(&mut self, table: &Table, key: &Key, row: &Row) {
        let (names, known) = match table.name {
            "organisation" => (&mut self.names, text(row, "name").map(plain)),
            "service" => (&mut self.endpoints, text(row, "upstream").map(ToOwned::to_owned)),
            "connection" => (&mut self.permissions, permission(row)),
            _ => return,
        };
        if let Some(known) = known {
            names.entry(known).or_insert_with(|| key.to_string());
        }
    }

    /// What a new row is too like, and in which way.
    pub(super) fn conflict(
        &self,
        table: &Table,
        key: &Key,
        row: &Row,
    ) -> Option<(ConflictKind, String)> {
        match table.name {
            "organisation" => {
                let above = text(row, "parent").filter(|parent| self.disputed.contains(*parent));
                if let Some(above) = above {
                    return Some((ConflictKind::OverlappingTrees, above.to_owned()));
                }
                let other = self.names.get(&plain(text(row, "name")?))?;
                (*other != key.to_string()).then(|| (ConflictKind::SameName, other.clone()))
            }
            "service" => {
                let other = self.endpoints.get(text(row, "upstream")?)?;
                Some((ConflictKind::SameEndpoint, other.clone()))
            }
            "connection" => {
                let other = self.permissions.get(&permission(row)?)?;
                Some((ConflictKind::SamePermission, other.clone()))
            }
            _ => None,
        }
    }
}

fn text<'r>(row: &'r Row, column: &str) -> Option<&'r str> {
    row.get(column)?.as_str()
}

/// What a connection in force permits, to whom and for what.
fn permission(row: &Row) -> Option<String> {
    let purpose = row.get("asked")?.get("purpose")?.as_str()?;
    let in_force = text(row, "state").is_some_and(|state| matches!(state, "active" | "suspended"));
    let (consumer, service) = (text(row, "consumer")?, text(row, "service")?);
    in_force.then(|| format!("{consumer} {service} {purpose}"))
}
