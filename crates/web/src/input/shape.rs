//! Why a body or query string does not have the shape its type asks for, field by field.
//!
//! serde says it in one English sentence whose beginnings are part of its derive macro ("unknown
//! field `x`, expected …"); the tests pin those beginnings, so an update that changes them is seen.
//! Nothing of that sentence is shown: it speaks of Rust's types, and of English only.

mod expected;
mod strict;

use serde::de::DeserializeOwned;
use wire::error_code::ErrorCode;
use wire::problem::Text;

use self::strict::Strict;
use super::field;
use crate::refusal::Refusal;

/// Reads all of `body` as one `T`.
pub fn from_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(Strict::new(&mut json)).map_err(|error| {
        if error.inner().is_data() {
            wrong_field(&error.path().to_string(), &error.inner().to_string())
        } else {
            not_json(error.inner())
        }
    })?;
    json.end().map_err(|error| not_json(&error))?;
    Ok(value)
}

/// Reads all of a query string as one `T`.
pub fn from_query<T: DeserializeOwned>(query: &str) -> Result<T, Refusal> {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let pairs = serde_urlencoded::Deserializer::new(pairs);
    serde_path_to_error::deserialize(pairs)
        .map_err(|error| wrong_field(&error.path().to_string(), &error.inner().to_string()))
}

fn not_json(error: &serde_json::Error) -> Refusal {
    let (line, column) = (error.line(), error.column());
    Refusal::new(
        ErrorCode::BodyMalformed,
        Text::new(
            format!("Phần thân không phải JSON hợp lệ (dòng {line}, cột {column})."),
            format!("The body is not well-formed JSON (line {line}, column {column})."),
        ),
    )
}

fn wrong_field(path: &str, message: &str) -> Refusal {
    let message = message.split(" at line ").next().unwrap_or(message);
    // The whole is written as a dot.
    let path = if path == "." { "" } else { path };
    if let Some((name, rest)) = quoted(message, "unknown field `") {
        return unknown(&joined(path, name), rest);
    }
    if let Some((name, _)) = quoted(message, "missing field `") {
        return field::missing(&joined(path, name));
    }
    if let Some((name, _)) = quoted(message, "duplicate field `") {
        let name = joined(path, name);
        return invalid(
            ErrorCode::FieldInvalid,
            format!("Trường «{name}» có hai lần."),
            format!("The field `{name}` stands there twice."),
        );
    }
    let (vi, en) = if path.is_empty() {
        ("Nội dung gửi lên".to_owned(), "What was sent".to_owned())
    } else {
        (format!("Trường «{path}»"), format!("The field `{path}`"))
    };
    let (vi, en) = match expected::read(message) {
        Some(expected) => (
            format!("{vi} không hợp lệ; phải là {}.", expected.vi),
            format!("{en} is not valid; it must be {}.", expected.en),
        ),
        None => (format!("{vi} không hợp lệ."), format!("{en} is not valid.")),
    };
    invalid(ErrorCode::FieldInvalid, vi, en)
}

/// `expected` names the known fields, each between backticks.
fn unknown(name: &str, expected: &str) -> Refusal {
    let known: Vec<_> = expected.split('`').skip(1).step_by(2).collect();
    let known = known.join(", ");
    invalid(
        ErrorCode::FieldUnknown,
        format!("Không có trường «{name}». Các trường được nhận: {known}."),
        format!("There is no field `{name}`. Fields that are taken: {known}."),
    )
}

fn invalid(code: ErrorCode, vi: String, en: String) -> Refusal {
    Refusal::new(code, Text::new(vi, en))
}

/// The name between the opening `` ` `` that ends `beginning` and the next one, and what follows.
fn quoted<'a>(message: &'a str, beginning: &str) -> Option<(&'a str, &'a str)> {
    message.strip_prefix(beginning)?.split_once('`')
}

/// The path of the field `name` inside what stands at `path`, which may name the field already.
fn joined(path: &str, name: &str) -> String {
    let inside = path.strip_suffix(name).map_or(path, |parent| parent.trim_end_matches('.'));
    if inside.is_empty() { name.to_owned() } else { format!("{inside}.{name}") }
}
