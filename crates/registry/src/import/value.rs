//! One value: its written form in a document, and as the database holds it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use store::{Row as SqlRow, StoreError, Value as SqlValue};
use web::field::Field;
use wire::ambient::UtcMicros;
use wire::directory::AliasName;
use wire::id::{ConnectionId, DisputeId, KeyId, ServiceCode, ServiceId, SystemId};
use wire::network::Network;
use wire::organisation_code::{LegacyCode, OrganisationCode};
use wire::problem::Text;

use super::shape::{Column, Kind};
use crate::column::corrupt;
use crate::credential::sql::read_document;

/// The longest text, in bytes: a description of a service is one.
const MAX_TEXT_BYTES: usize = 4 * 1024 * 1024;

/// The one written form of a value of this kind, or the rule that it breaks.
pub(crate) fn normal(kind: Kind, value: &Value) -> Result<Value, Text> {
    match kind {
        Kind::Free if value.as_str() == Some("") => Ok(value.clone()),
        Kind::Text | Kind::Free => text(value),
        Kind::Organisations => list_of::<OrganisationCode>(value),
        Kind::Networks => list_of::<Network>(value),
        Kind::Organisation => written::<OrganisationCode>(value),
        Kind::Former | Kind::Successor => written::<AliasName>(value),
        Kind::LegacyCode => written::<LegacyCode>(value),
        Kind::System => written::<SystemId>(value),
        Kind::Service => written::<ServiceId>(value),
        Kind::Credential => written::<KeyId>(value),
        Kind::Connection => written::<ConnectionId>(value),
        Kind::Dispute => written::<DisputeId>(value),
        Kind::CodeList => written::<ServiceCode>(value),
        Kind::Time => written::<UtcMicros>(value),
        Kind::Number | Kind::Record => number(value),
        Kind::Bytes => bytes(value),
        Kind::KeyDocument => key_document(value),
        Kind::Json if value.is_object() || value.is_array() => Ok(value.clone()),
        Kind::Json => Err(Text::new("Phải là JSON.", "It must be a JSON object or list.")),
    }
}

fn written<T: Field + ToString>(value: &Value) -> Result<Value, Text> {
    let rule = || {
        let rule = T::rule();
        Text::new(format!("Phải là {}", rule.vi), format!("It must be {}", rule.en))
    };
    let parsed = value.as_str().and_then(|text| text.trim().parse::<T>().ok()).ok_or_else(rule)?;
    Ok(Value::String(parsed.to_string()))
}

fn list_of<T: Field + ToString>(value: &Value) -> Result<Value, Text> {
    let items = value.as_str().unwrap_or_default().split_whitespace();
    let items = items.map(|item| written::<T>(&Value::String(item.to_owned())));
    let items: Vec<_> = items.collect::<Result<_, _>>()?;
    let items: Vec<_> = items.iter().filter_map(Value::as_str).collect();
    Ok(Value::String(items.join(" ")))
}

/// As it stands: what an export wrote must read back as the same.
fn text(value: &Value) -> Result<Value, Text> {
    let fits = |text: &&str| {
        !text.is_empty() && text.len() <= MAX_TEXT_BYTES && !text.chars().any(is_hidden)
    };
    let checked = value.as_str().filter(fits);
    checked.map(|text| Value::String(text.to_owned())).ok_or_else(|| {
        Text::new(
            "Phải là văn bản không rỗng, tối đa 4 MiB, không có ký tự điều khiển.",
            "It must be text that is not empty, at most 4 MiB, without control characters.",
        )
    })
}

/// Controls, and what turns the direction of writing, by which a text can pass for another.
fn is_hidden(character: char) -> bool {
    let breaks = matches!(character, '\n' | '\r' | '\t');
    (character.is_control() && !breaks)
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Spreadsheets write numbers as text.
fn number(value: &Value) -> Result<Value, Text> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_i64(),
    };
    number
        .map(|number: i64| number.into())
        .ok_or_else(|| Text::new("Phải là một số nguyên.", "It must be a whole number."))
}

fn bytes(value: &Value) -> Result<Value, Text> {
    let decoded = value.as_str().and_then(|text| STANDARD.decode(text.trim()).ok());
    decoded.map(|bytes| Value::String(STANDARD.encode(bytes))).ok_or_else(|| {
        Text::new("Phải là base64 (RFC 4648 §4).", "It must be base64 (RFC 4648 §4).")
    })
}

/// In the one form in which it is written.
fn key_document(value: &Value) -> Result<Value, Text> {
    let read = read_document(value.as_str().unwrap_or_default());
    read.map(|document| Value::String(document.to_pem())).ok_or_else(|| {
        Text::new(
            "Phải là một chứng thư X.509 hoặc một yêu cầu cấp chứng thư dạng PEM.",
            "It must be an X.509 certificate or a certificate request in PEM.",
        )
    })
}

/// The value as the database takes it.
pub(crate) fn to_sql(kind: Kind, value: &Value) -> SqlValue {
    match (kind, value) {
        (_, Value::Null) => SqlValue::Null,
        (Kind::Number | Kind::Record, value) => {
            SqlValue::Integer(value.as_i64().unwrap_or_default())
        }
        (Kind::Time, value) => {
            let time = value.as_str().and_then(|text| text.parse::<UtcMicros>().ok());
            time.map_or(SqlValue::Null, Into::into)
        }
        (Kind::Bytes, value) => {
            let bytes = value.as_str().and_then(|text| STANDARD.decode(text).ok());
            bytes.map_or(SqlValue::Null, SqlValue::Bytes)
        }
        (Kind::Json, value) => SqlValue::Text(value.to_string()),
        (_, value) => SqlValue::Text(value.as_str().unwrap_or_default().to_owned()),
    }
}

/// The value as the database gives it.
pub(crate) fn from_sql(column: &Column, row: &SqlRow) -> Result<Value, StoreError> {
    let name = column.name;
    Ok(match column.kind {
        Kind::Number | Kind::Record => row.optional_integer(name)?.into(),
        Kind::Time => row.optional_time(name)?.map(|time| time.to_string()).into(),
        Kind::Bytes => row.optional_bytes(name)?.map(|bytes| STANDARD.encode(bytes)).into(),
        Kind::Json => match row.optional_text(name)? {
            None => Value::Null,
            Some(text) => serde_json::from_str(&text).map_err(|error| corrupt(name, error))?,
        },
        Kind::Text
        | Kind::Free
        | Kind::Organisations
        | Kind::Organisation
        | Kind::Networks
        | Kind::Former
        | Kind::Successor
        | Kind::LegacyCode
        | Kind::System
        | Kind::Service
        | Kind::Credential
        | Kind::KeyDocument
        | Kind::Connection
        | Kind::Dispute
        | Kind::CodeList => row.optional_text(name)?.into(),
    })
}
