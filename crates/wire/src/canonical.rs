//! Canonical JSON (RFC 8785) for the values that occur here.
//!
//! Those are objects, lists, texts, true, false, null and whole numbers below 2^53: numbers with
//! a fraction are refused, so no rule about writing them can be got wrong.
//!
//! **Invariant**: equal values give equal bytes; the bytes parse to the value they came from.
//! **Trust**: hashes stand over these bytes; two spellings of one value would be two truths.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// How deep lists and objects may be nested; `serde_json` reads no deeper either.
const MAX_DEPTH: usize = 100;

/// The largest whole number that every JSON reader keeps exactly (RFC 8785 §3.2.2.3): 2^53 − 1.
pub const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Why a value has no canonical form here, or bytes are not in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotCanonical {
    /// A number with a fraction, or one beyond ±(2^53 − 1).
    #[error("only whole numbers below 2^53 have a canonical form here, not {0}")]
    Number(String),
    /// Nested too deeply.
    #[error("nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
    /// The value cannot be written as JSON, or the bytes are not JSON of the shape asked for.
    #[error("{0}")]
    Json(String),
    /// JSON, but spelt in another way than the canonical one.
    #[error("the JSON is not in its canonical form (RFC 8785)")]
    OtherSpelling,
}

/// The canonical bytes of `value`.
pub fn to_canonical(value: &Value) -> Result<Vec<u8>, NotCanonical> {
    let mut out = String::new();
    write(value, &mut out, 0)?;
    Ok(out.into_bytes())
}

/// The canonical bytes of what `value` is in JSON.
pub fn canonical_of(value: &impl Serialize) -> Result<Vec<u8>, NotCanonical> {
    let value =
        serde_json::to_value(value).map_err(|error| NotCanonical::Json(error.to_string()))?;
    to_canonical(&value)
}

/// Reads `bytes`, which must be exactly the canonical bytes of what they say: unknown members,
/// other orders and other spellings are refused.
pub fn from_canonical<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Result<T, NotCanonical> {
    let value: T =
        serde_json::from_slice(bytes).map_err(|error| NotCanonical::Json(error.to_string()))?;
    if canonical_of(&value)? == bytes { Ok(value) } else { Err(NotCanonical::OtherSpelling) }
}

fn write(value: &Value, out: &mut String, depth: usize) -> Result<(), NotCanonical> {
    if depth > MAX_DEPTH {
        return Err(NotCanonical::TooDeep);
    }
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => write_number(number, out)?,
        Value::String(text) => write_string(out, text),
        Value::Array(items) => {
            let mut before = '[';
            for item in items {
                out.push(before);
                write(item, out, depth + 1)?;
                before = ',';
            }
            out.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            // RFC 8785 §3.2.3: by UTF-16 code units, which is not the order of UTF-8 bytes.
            members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            let mut before = '{';
            for (name, member) in &members {
                out.push(before);
                write_string(out, name);
                out.push(':');
                write(member, out, depth + 1)?;
                before = ',';
            }
            out.push_str(if members.is_empty() { "{}" } else { "}" });
        }
    }
    Ok(())
}

fn write_number(number: &serde_json::Number, out: &mut String) -> Result<(), NotCanonical> {
    let size = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
    if size.is_none_or(|size| size > MAX_INTEGER) {
        return Err(NotCanonical::Number(number.to_string()));
    }
    out.push_str(&number.to_string());
    Ok(())
}

/// Appends `text` as a JSON string (RFC 8785 §3.2.2.2): only what must be escaped is.
pub fn write_string(out: &mut String, text: &str) {
    out.push('"');
    if text.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        text.chars().for_each(|character| write_escaped(out, character));
    } else {
        out.push_str(text);
    }
    out.push('"');
}

fn write_escaped(out: &mut String, character: char) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\u{8}' => out.push_str("\\b"),
        '\t' => out.push_str("\\t"),
        '\n' => out.push_str("\\n"),
        '\u{c}' => out.push_str("\\f"),
        '\r' => out.push_str("\\r"),
        control @ '\0'..='\u{1f}' => {
            out.push_str("\\u00");
            out.push(if control < '\u{10}' { '0' } else { '1' });
            out.extend(char::from_digit(u32::from(control) % 16, 16));
        }
        other => out.push(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn canonical(value: &Value) -> String {
        String::from_utf8(to_canonical(value).unwrap()).unwrap()
    }

    /// The examples of RFC 8785 §3.2.2 and §3.2.3, without their fractions.
    #[test]
    fn the_examples_of_the_rfc_come_out_as_printed() {
        let value: Value = serde_json::from_str(
            r#"{"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#,
        )
        .unwrap();
        assert_eq!(
            canonical(&value),
            r#"{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}"#
        );
        let value = json!({
            "\u{20ac}": "Euro Sign", "\r": "Carriage Return",
            "\u{fb33}": "Hebrew Letter Dalet With Dagesh", "1": "One",
            "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control",
            "\u{f6}": "Latin Small Letter O With Diaeresis",
        });
        let names: Vec<String> = canonical(&value)
            .trim_matches(['{', '}'])
            .split("\",\"")
            .map(|member| member.split("\":\"").nth(1).unwrap().trim_matches('"').to_owned())
            .collect();
        assert_eq!(
            names,
            [
                "Carriage Return",
                "One",
                "Control",
                "Latin Small Letter O With Diaeresis",
                "Euro Sign",
                "Emoji: Grinning Face",
                "Hebrew Letter Dalet With Dagesh",
            ]
        );
    }

    #[test]
    fn numbers_that_readers_may_change_are_refused() {
        let largest = i64::try_from(MAX_INTEGER).unwrap();
        assert_eq!(
            canonical(&json!([0, -1, largest, -largest])),
            "[0,-1,9007199254740991,-9007199254740991]"
        );
        for number in
            [json!(0.5), json!(1.0), json!(largest + 1), json!(-largest - 1), json!(u64::MAX)]
        {
            assert!(matches!(to_canonical(&number), Err(NotCanonical::Number(_))), "{number}");
        }
    }

    #[test]
    fn empty_and_deep_values_are_written_or_refused() {
        assert_eq!(canonical(&json!([{}, [], ""])), r#"[{},[],""]"#);
        let deep = (0..=MAX_DEPTH).fold(Value::Null, |inner, _| json!([inner]));
        assert_eq!(to_canonical(&deep), Err(NotCanonical::TooDeep));
        assert!(to_canonical(&deep[0]).is_ok());
    }

    #[test]
    fn only_the_canonical_spelling_is_read() {
        type Numbers = std::collections::BTreeMap<String, u8>;
        assert_eq!(from_canonical::<Numbers>(br#"{"a":1,"b":2}"#).unwrap().len(), 2);
        for other in [&br#"{"b":2,"a":1}"#[..], br#"{"a":1,"a":1}"#, br#"{"a": 1}"#, b"{} "] {
            assert_eq!(from_canonical::<Numbers>(other), Err(NotCanonical::OtherSpelling));
        }
        assert!(matches!(from_canonical::<Numbers>(b"{"), Err(NotCanonical::Json(_))));
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn canonical_bytes_parse_to_the_value_they_came_from(value in values()) {
            let bytes = to_canonical(&value).unwrap();
            prop_assert_eq!(&serde_json::from_slice::<Value>(&bytes).unwrap(), &value);
            prop_assert_eq!(from_canonical::<Value>(&bytes).unwrap(), value);
        }
    }
}
