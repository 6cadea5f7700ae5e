//! An entry: what a code means in one period.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use utoipa::ToSchema;
use web::field;
use wire::problem::Text;

use super::NAME_CHARS;
use crate::calendar::Day;
use crate::plain::plain;

/// The longest code, in characters.
const CODE_CHARS: usize = 64;
const MAX_SUCCESSORS: usize = 100;
const MAX_ATTRIBUTES: usize = 20;
const ATTRIBUTE_CHARS: usize = 500;

/// A code in one period. A code may be given again when its first period is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CodeListEntry)]
pub(crate) struct Entry {
    /// The code: 1 to 64 letters, digits, `.`, `_` and `-`.
    #[schema(example = "10510")]
    pub code: String,
    /// What it stands for.
    #[schema(example = "Phường Bình Hàn")]
    pub name: String,
    /// The code of this list that it lies below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "288")]
    pub parent: Option<String>,
    /// The first day on which it is valid; absent: ever since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_from: Option<Day>,
    /// The first day on which it is not valid any more; absent: until further notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date, example = "2025-07-01")]
    pub valid_until: Option<Day>,
    /// The codes that take its place, as they are valid on the day `valid_until`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["10507"]))]
    pub successors: Vec<String>,
    /// What else is to be known of it: at most 20.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(example = json!({"loai": "phường"}))]
    pub attributes: BTreeMap<String, String>,
}

/// What tells entries of a list apart: the code, and the day from which it means this. Nothing
/// (ever since) sorts before every day.
pub(crate) type Key = (String, Option<Day>);

impl Entry {
    pub(crate) fn key(&self) -> Key {
        (self.code.clone(), self.valid_from)
    }

    /// Whether it is valid on this day.
    pub(crate) fn is_valid_on(&self, day: Day) -> bool {
        self.valid_from.is_none_or(|from| from <= day)
            && self.valid_until.is_none_or(|until| day < until)
    }

    /// Whether the two are ever valid on the same day.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let begins_before_end = |one: &Self, other: &Self| {
            other.valid_until.is_none_or(|until| one.valid_from < Some(until))
        };
        begins_before_end(self, other) && begins_before_end(other, self)
    }

    /// The name in small letters, with and without its marks, each word after a space.
    pub(super) fn words(&self) -> (String, String) {
        let small: String = self.name.nfc().flat_map(char::to_lowercase).collect();
        let words = small.split(|letter: char| !letter.is_alphanumeric());
        let written = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        (format!(" {written}"), format!(" {}", plain(&self.name)))
    }

    /// The same with its texts trimmed; or the member that breaks a rule, and the rule.
    pub(super) fn checked(mut self) -> Result<Self, (String, Text)> {
        self.code = code("code", &self.code)?;
        self.name = sentence("name", &self.name, NAME_CHARS)?;
        self.parent = self.parent.as_deref().map(|text| code("parent", text)).transpose()?;
        if self.valid_until.is_some_and(|until| Some(until) <= self.valid_from) {
            return Err(("valid_until".to_owned(), ends_before_it_begins()));
        }
        if self.successors.len() > MAX_SUCCESSORS {
            return Err(("successors".to_owned(), at_most(MAX_SUCCESSORS)));
        }
        for successor in &mut self.successors {
            *successor = code("successors", successor)?;
        }
        self.successors.sort();
        self.successors.dedup();
        if !self.successors.is_empty() && self.valid_until.is_none() {
            return Err(("successors".to_owned(), successors_of_what_goes_on()));
        }
        if self.attributes.len() > MAX_ATTRIBUTES {
            return Err(("attributes".to_owned(), at_most(MAX_ATTRIBUTES)));
        }
        for (name, value) in &mut self.attributes {
            if !is_attribute(name) {
                return Err((name.clone(), attribute_rule()));
            }
            *value = sentence(name, value, ATTRIBUTE_CHARS)?;
        }
        Ok(self)
    }
}

/// Whether a column or member of this name can be an attribute.
pub(super) fn is_attribute(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !name.is_empty() && name.len() <= CODE_CHARS && name.bytes().all(plain)
}

/// Whether a text can be a code.
pub(super) fn is_code(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    // As a segment of a path these two would be steps.
    !matches!(text, "" | "." | "..") && text.len() <= CODE_CHARS && text.bytes().all(allowed)
}

pub(super) fn code_rule() -> Text {
    Text::new(
        "mã gồm 1 đến 64 chữ cái không dấu, chữ số, «.», «_», «-».",
        "a code of 1 to 64 letters, digits, `.`, `_` and `-`.",
    )
}

fn code(member: &str, text: &str) -> Result<String, (String, Text)> {
    let text = text.trim();
    if is_code(text) { Ok(text.to_owned()) } else { Err((member.to_owned(), code_rule())) }
}

fn sentence(member: &str, text: &str, most: usize) -> Result<String, (String, Text)> {
    field::sentence(member, text, most).map_err(|_| {
        let rule = Text::new(
            format!("một dòng chữ từ 1 đến {most} ký tự, không có ký tự điều khiển."),
            format!("a line of 1 to {most} characters, no control characters."),
        );
        (member.to_owned(), rule)
    })
}

fn ends_before_it_begins() -> Text {
    Text::new("một ngày sau ngày có hiệu lực.", "a day after the first on which it is valid.")
}

fn successors_of_what_goes_on() -> Text {
    Text::new(
        "trống khi mã chưa hết hiệu lực; mã có mã kế thừa phải có ngày hết hiệu lực.",
        "empty as long as the code does not end; what has successors has a day on which it ends.",
    )
}

fn attribute_rule() -> Text {
    Text::new(
        "thuộc tính có tên gồm a-z, 0-9 và «_».",
        "an attribute with a name of a-z, 0-9 and `_`.",
    )
}

fn at_most(most: usize) -> Text {
    Text::new(format!("tối đa {most} mục."), format!("at most {most} of them."))
}
