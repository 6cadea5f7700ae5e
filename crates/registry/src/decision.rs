//! The number of the decision by which something is done (số, ký hiệu văn bản): `1669/NQ-UBTVQH15`.
//!
//! It stands in the entry of the change, so it must not be able to hold a person's name: no spaces,
//! and a digit first.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use web::field::Field;
use wire::problem::Text;

/// Number and symbol of a legal document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct DecisionNumber(String);

/// Not the number of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the number of a decision is like 1669/NQ-UBTVQH15")]
pub struct NotADecision;

/// The longest one, in characters.
const MAX_CHARS: usize = 60;

impl DecisionNumber {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DecisionNumber {
    type Err = NotADecision;

    fn from_str(text: &str) -> Result<Self, NotADecision> {
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, '/' | '-' | '.');
        let begins_with_digit = text.starts_with(|first: char| first.is_ascii_digit());
        let is_one = begins_with_digit
            && text.contains('/')
            && text.chars().count() <= MAX_CHARS
            && text.chars().all(allowed);
        if is_one { Ok(Self(text.to_owned())) } else { Err(NotADecision) }
    }
}

impl fmt::Display for DecisionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Field for DecisionNumber {
    fn rule() -> Text {
        Text::new(
            "số, ký hiệu văn bản, tối đa 60 ký tự, không có dấu cách (ví dụ 1669/NQ-UBTVQH15).",
            "the number of a decision, at most 60 characters without spaces (example: \
             1669/NQ-UBTVQH15).",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_named_by_its_number_and_never_by_a_sentence() {
        for text in ["1669/NQ-UBTVQH15", "01/2025/QĐ-UBND", "20/2020/QĐ-TTg"] {
            assert_eq!(text.parse::<DecisionNumber>().unwrap().to_string(), text);
        }
        let long = format!("1/{}", "x".repeat(60));
        for text in ["", "1669", "QĐ/1", "12/QĐ của ông A", "12/QĐ\n", &long] {
            assert_eq!(text.parse::<DecisionNumber>(), Err(NotADecision), "{text}");
        }
    }
}
