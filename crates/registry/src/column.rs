//! Columns that hold what only this crate wrote.

use store::{Row, StoreError};

/// What stands in our own table cannot be read as what was written there.
pub(crate) fn corrupt(table: &str, what: impl std::fmt::Display) -> StoreError {
    StoreError::corrupt(&format!("{table}: {what}"))
}

/// A column whose text, if there is one, is a type.
pub(crate) fn parsed_optional<T: std::str::FromStr>(
    row: &Row,
    column: &str,
) -> Result<Option<T>, StoreError> {
    let read =
        |text: String| text.parse().map_err(|_| corrupt(column, "does not read as its type"));
    row.optional_text(column)?.map(read).transpose()
}
