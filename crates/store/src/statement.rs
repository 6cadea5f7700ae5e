//! What a statement needs before any kind of database sees it: the right number of values, each
//! of which every kind can keep.

use crate::{StoreError, Value};

/// Refuses a wrong number of values (SQLite takes a missing one for null) and a text with a NUL
/// (PostgreSQL keeps none): what one kind of database refuses, all refuse.
pub(crate) fn check(sql: &str, values: &[Value]) -> Result<(), StoreError> {
    let (wanted, given) = (parameters(sql), values.len());
    if wanted != given {
        return Err(StoreError::Misuse(format!(
            "it has {wanted} parameters and was given {given} values"
        )));
    }
    let has_nul = |value: &Value| matches!(value, Value::Text(text) if text.contains('\0'));
    if values.iter().any(has_nul) {
        return Err(StoreError::Misuse("a text holds the character NUL".to_owned()));
    }
    Ok(())
}

/// The highest number after a `$`.
fn parameters(sql: &str) -> usize {
    sql.split('$')
        .skip(1)
        .filter_map(|rest| {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            rest.get(..digits)?.parse().ok()
        })
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_counted_by_their_highest_number() {
        assert_eq!(parameters("SELECT 1"), 0);
        assert_eq!(parameters("a = $1 AND b = $2 OR c = $1"), 2);
        assert_eq!(parameters("VALUES ($1,$2,$10)"), 10);
        assert_eq!(parameters("price in $"), 0);
    }
}
