//! What comes in as a whole or not at all: what was published in versions, each of which says what
//! the one before did not. Two such histories are not mixed row by row: nobody published the result.

use serde_json::Value;
use wire::problem::Text;

use super::RowChange;
use crate::import::document::{Document, Key, Row};
use crate::import::shape::Table;

const CODE_LIST: [&str; 3] = ["code_list", "code_list_version", "code_list_entry"];
const PROFILES: [&str; 3] = ["profile_version", "profile_assignment", "profile_sunset"];

/// Why what is here stays as it is, and a row that says something else does not come in.
pub(super) fn stays(ours: &Document, table: &Table, key: &Key) -> Option<Text> {
    let has_rows = |noun: &str| ours.tables.get(noun).is_some_and(|rows| !rows.is_empty());
    if PROFILES.contains(&table.name) {
        return has_rows("profile_version").then(own_profiles);
    }
    let list = key.0.first().filter(|_| CODE_LIST.contains(&table.name))?;
    let here = ours.row("code_list", &Key(vec![list.clone()])).is_some();
    here.then(|| own_list(list))
}

/// The profile that an assignment names.
pub(super) fn profile_of<'r>(table: &Table, row: &'r Row) -> Option<&'r str> {
    let profile = row.get("profile").filter(|_| table.name == "profile_assignment")?;
    profile.as_str()
}

/// Whether a row to write is a version of the profile.
pub(super) fn is_version_of(change: &RowChange, profile: &str) -> bool {
    change.table.name == "profile_version"
        && change.after.get("code").and_then(Value::as_str) == Some(profile)
}

fn own_profiles() -> Text {
    Text::new(
        "Hướng dẫn kỹ thuật đang áp dụng được giữ nguyên; nội dung khác được công bố sau khi xem trước.",
        "The technical profiles that are here stay; others are published after a preview.",
    )
}

fn own_list(list: &str) -> Text {
    Text::new(
        format!("Danh mục «{list}» đã có; nội dung khác được công bố thành phiên bản sau."),
        format!(
            "The code list `{list}` is here already; what differs is published as its next version."
        ),
    )
}
