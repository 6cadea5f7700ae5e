//! Names that are in force and former names that lead elsewhere at once: calls and people that mean
//! the one would be taken for the other's.

use std::collections::BTreeSet;

use serde_json::Value;

use super::RowChange;
use crate::import::document::{Document, Key, Row};

/// The organisations in force and the systems that an alias would hide after `changes`, and the
/// aliases that would hide one, as far as the changes bring either.
pub(super) fn hidden(ours: &Document, changes: &[RowChange]) -> Vec<(&'static str, Key)> {
    let brought: BTreeSet<_> =
        changes.iter().filter(|one| bears(one.table.name, &one.after)).map(named).collect();
    let told: BTreeSet<_> = changes.iter().map(named).collect();
    let is_there = |noun: &'static str, key: &Key| {
        let stays = || ours.row(noun, key).is_some_and(|row| bears(noun, row));
        brought.contains(&(noun, key)) || (!told.contains(&(noun, key)) && stays())
    };
    let hides = |noun: &str, key: &Key| match noun {
        "alias" => ["organisation", "system"].iter().any(|other| is_there(other, key)),
        _ => is_there("alias", key),
    };
    let hidden = brought.iter().filter(|(noun, key)| hides(noun, key));
    hidden.map(|(noun, key)| (*noun, (*key).clone())).collect()
}

fn named(change: &RowChange) -> (&'static str, &Key) {
    (change.table.name, &change.key)
}

/// Whether a row of this noun bears its name: an organisation does while its code is in force.
fn bears(noun: &str, row: &Row) -> bool {
    match noun {
        "organisation" => row.get("closed_at").is_none_or(Value::is_null),
        "system" | "alias" => true,
        _ => false,
    }
}
