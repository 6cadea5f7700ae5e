//! The systems of two sample agencies, as plain HTTP services on loopback: what stands behind the
//! platform in the demo. They know nothing of signatures, permissions or evidence.
//!
//! The administrative units are real, public data. The civil-status records are synthetic: made
//! from their own number, about nobody.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

/// Nghị quyết 1669/NQ-UBTVQH15: the city's 114 communes, wards and special zones.
const UNITS: &str = include_str!("../../data/hai-phong-units.json");

/// The routes of both systems. Fails only if the embedded list can't be read.
pub(super) fn routes() -> serde_json::Result<Router> {
    serde_json::from_str(UNITS).map(router)
}

#[derive(Debug, Deserialize)]
struct Register {
    source: String,
    units: Vec<Unit>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
struct Unit {
    #[serde(default)]
    id: String,
    kind: String,
    name: String,
}

fn router(mut register: Register) -> Router {
    name_units(&mut register.units);
    Router::new()
        .route("/units", get(units))
        .route("/units/{id}", get(unit))
        .route("/lookup", post(look_up))
        .with_state(Arc::new(register))
}

#[derive(Debug, Deserialize)]
struct Filter {
    kind: Option<String>,
}

async fn units(
    State(register): State<Arc<Register>>,
    Query(filter): Query<Filter>,
) -> Json<serde_json::Value> {
    let wanted = |unit: &&Unit| filter.kind.as_ref().is_none_or(|kind| *kind == unit.kind);
    let units: Vec<&Unit> = register.units.iter().filter(wanted).collect();
    Json(serde_json::json!({
        "source": register.source, "count": units.len(), "units": units,
    }))
}

async fn unit(
    State(register): State<Arc<Register>>,
    Path(id): Path<String>,
) -> Result<Json<Unit>, StatusCode> {
    let unit = register.units.iter().find(|unit| unit.id == id);
    unit.cloned().map(Json).ok_or(StatusCode::NOT_FOUND)
}

#[derive(Debug, Deserialize)]
struct LookUp {
    /// `HT-2026-000001` to `HT-2026-000999`.
    reference: String,
}

/// A field's value, or why there is none: unknown, absent and "present but not permitted" are
/// different answers.
fn field(state: &str, value: Option<&str>) -> serde_json::Value {
    serde_json::json!({ "state": state, "value": value })
}

async fn look_up(
    State(register): State<Arc<Register>>,
    Json(asked): Json<LookUp>,
) -> Json<serde_json::Value> {
    let number = asked.reference.strip_prefix("HT-2026-").filter(|digits| digits.len() == 6);
    let number = number.and_then(|digits| digits.parse::<usize>().ok());
    let Some(number) = number.filter(|number| (1..=999).contains(number)) else {
        return Json(serde_json::json!({
            "reference": asked.reference, "found": false, "synthetic": true,
        }));
    };
    let kinds = ["birth", "marriage", "change of details"];
    let kind = kinds.get(number % kinds.len()).copied().unwrap_or_default();
    let unit = register.units.get(number % register.units.len().max(1));
    let unit = unit.map(|unit| format!("{} {}", unit.kind, unit.name));
    let date = format!("2026-{:02}-{:02}", number % 12 + 1, number % 28 + 1);
    Json(serde_json::json!({
        "reference": asked.reference,
        "found": true,
        "synthetic": true,
        "fields": {
            "kind": field("known", Some(kind)),
            "registered_on": field("known", Some(&date)),
            "registered_at": field("known", unit.as_deref()),
            "amended_on": field("absent", None),
            "paper_book_page": field("unknown", None),
            "full_name": field("not_permitted", None),
        },
    }))
}

/// Gives each unit an id in plain letters; of two that differ only in their marks (xã Cẩm Giàng, xã
/// Cẩm Giang) the second gets a number.
fn name_units(units: &mut [Unit]) {
    let mut taken = BTreeSet::new();
    for unit in units {
        let slug = ascii_slug(&format!("{} {}", unit.kind, unit.name));
        let numbered = (2..).map(|number| format!("{slug}-{number}"));
        let free = std::iter::once(slug.clone()).chain(numbered).find(|id| !taken.contains(id));
        unit.id = free.unwrap_or(slug);
        taken.insert(unit.id.clone());
    }
}

/// `phường Thủy Nguyên` → `phuong-thuy-nguyen`.
fn ascii_slug(name: &str) -> String {
    let letters = name.to_lowercase();
    letters.chars().map(|letter| if letter == ' ' { '-' } else { ascii_letter(letter) }).collect()
}

fn ascii_letter(letter: char) -> char {
    const FAMILIES: &[(char, &str)] = &[
        ('a', "àáảãạăằắẳẵặâầấẩẫậ"),
        ('e', "èéẻẽẹêềếểễệ"),
        ('i', "ìíỉĩị"),
        ('o', "òóỏõọôồốổỗộơờớởỡợ"),
        ('u', "ùúủũụưừứửữự"),
        ('y', "ỳýỷỹỵ"),
        ('d', "đ"),
    ];
    let family = FAMILIES.iter().find(|(_, family)| family.contains(letter));
    family.map_or(letter, |(plain, _)| *plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_114_units_each_have_an_id_of_their_own_in_plain_letters() {
        let mut register: Register = serde_json::from_str(UNITS).unwrap();
        name_units(&mut register.units);
        let ids: BTreeSet<String> = register.units.into_iter().map(|unit| unit.id).collect();
        assert_eq!(ids.len(), 114);
        let plain =
            |id: &String| id.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '-' | '2'));
        assert!(ids.iter().all(plain), "{ids:?}");
        assert!(ids.contains("dac-khu-bach-long-vi") && ids.contains("xa-cam-giang-2"));
    }
}
