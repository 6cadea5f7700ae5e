//! What rows need not say, and the order in which they can be written.

use serde_json::Value;
use wire::ambient::UtcMicros;

use super::{RowChange, Terms};
use crate::import::document::{Key, Row, Rows, key_of};
use crate::import::shape::{Kind, Table};

/// The code was issued: what the history of an organisation begins with.
pub(super) fn first_event(table: &'static Table, organisation: &RowChange) -> RowChange {
    let told = |name: &str| organisation.after.get(name).cloned().unwrap_or(Value::Null);
    let mut after = Row::new();
    for column in table.columns {
        let value = match column.name {
            "organisation" => told("code"),
            "number" => 1.into(),
            "kind" => "issued".into(),
            "effective_at" => told("issued_at"),
            "recorded_at" => told("registered_at"),
            "name" | "name_en" | "legacy_code" => told(column.name),
            "counterparts" => "".into(),
            _ => Value::Null,
        };
        after.insert(column.name, value);
    }
    RowChange { table, key: key_of(table, &after), before: None, after }
}

/// Rows so that each comes after the one of the same noun that it refers to, and the keys of those
/// that refer to each other in a circle.
pub(super) fn referred_first(table: &Table, mut rows: Rows) -> (Vec<(Key, Row)>, Vec<Key>) {
    let own =
        table.columns.iter().skip(table.key).find(|it| it.kind.refers_to() == Some(table.name));
    let Some(column) = own else {
        return (rows.into_iter().collect(), Vec::new());
    };
    let mut ordered = Vec::with_capacity(rows.len());
    while !rows.is_empty() {
        let waits = |row: &Row| {
            let other = row.get(column.name).and_then(Value::as_str);
            other.is_some_and(|other| rows.contains_key(&Key(vec![other.to_owned()])))
        };
        let free: Vec<_> =
            rows.iter().filter(|(_, row)| !waits(row)).map(|(key, _)| key.clone()).collect();
        if free.is_empty() {
            return (ordered, rows.into_keys().collect());
        }
        ordered.extend(free.into_iter().filter_map(|key| rows.remove_entry(&key)));
    }
    (ordered, Vec::new())
}

/// Puts in what a new row need not say: what its key says already, and what is usual.
pub(super) fn complete(table: &Table, key: &Key, row: &mut Row, now: UtcMicros) {
    if let Some((column, value)) = derived(table, key) {
        row.entry(column).or_insert(value);
    }
    let usual: [(&str, Value); 6] = [
        ("timeout_ms", 10_000.into()),
        ("record_mode", "before_answer".into()),
        ("max_body_bytes", (1 << 20).into()),
        ("signed_answers", "not_required".into()),
        ("signed_requests", "not_required".into()),
        // Documents from before services had stages hold published ones only.
        ("stage", "published".into()),
    ];
    for column in table.columns.iter().filter(|column| column.is_needed) {
        if matches!(column.name, "registered_at" | "issued_at" | "published_at" | "changed_at") {
            row.entry(column.name).or_insert_with(|| now.to_string().into());
        }
        if table.name == "service"
            && let Some((_, value)) = usual.iter().find(|(name, _)| *name == column.name)
        {
            row.entry(column.name).or_insert_with(|| value.clone());
        }
        if table.name == "credential" && column.name == "environment" {
            row.entry(column.name).or_insert_with(|| "production".into());
        }
        if table.name == "data_set" && column.name == "version" {
            row.entry(column.name).or_insert_with(|| 0.into());
        }
        if matches!(column.kind, Kind::Organisations | Kind::Networks) {
            row.entry(column.name).or_insert_with(|| "".into());
        }
        if column.kind == Kind::Record {
            row.insert(column.name, 0.into());
        }
    }
}

/// An old name that leads to the new one from the import on.
pub(super) fn alias(table: &'static Table, old: &str, new: &str, terms: Terms<'_>) -> RowChange {
    let mut after = Row::new();
    for column in table.columns {
        let value = match column.name {
            "name" => old.into(),
            "successor" => new.into(),
            "from_at" | "made_at" => terms.at.to_string().into(),
            "same_organisation" => 1.into(),
            "decision" => terms.decision.into(),
            _ => Value::Null,
        };
        after.insert(column.name, value);
    }
    RowChange { table, key: key_of(table, &after), before: None, after }
}

/// What the key of a row says of another column: whose it is, and what it lies below.
pub(in crate::import) fn derived(table: &Table, key: &Key) -> Option<(&'static str, Value)> {
    let id = key.0.first().map_or("", String::as_str);
    let before = |separator: char| id.rsplit_once(separator).map(|(before, _)| before);
    match table.name {
        "organisation" => Some(("parent", before('.').into())),
        "system" => Some(("organisation", before('/').into())),
        "service" => {
            let system = id.match_indices('/').nth(1).map(|(at, _)| id.split_at(at).0);
            Some(("system", system.into()))
        }
        _ => None,
    }
}
