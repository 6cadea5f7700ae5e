//! Names, codes and times: what parses prints again byte for byte.

use std::fmt::Display;
use std::str::FromStr;

use wire::ambient::UtcMicros;
use wire::error_code::ErrorCode;
use wire::problem::{Language, Problem, Text};

fn one_spelling<T: FromStr + Display>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        assert_eq!(value.to_string(), text);
    }
}

/// Every text form that comes from outside.
pub(crate) fn identifiers(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    one_spelling::<wire::id::SystemCode>(text);
    one_spelling::<wire::id::SystemId>(text);
    one_spelling::<wire::id::ServiceId>(text);
    one_spelling::<wire::id::KeyId>(text);
    one_spelling::<wire::id::PurposeCode>(text);
    one_spelling::<wire::id::RequestId>(text);
    one_spelling::<wire::id::EntryId>(text);
    one_spelling::<wire::id::ConnectionId>(text);
    one_spelling::<wire::organisation_code::OrganisationCode>(text);
    one_spelling::<wire::organisation_code::LegacyCode>(text);
    // Times may be written shorter than they print, for people; they mean the same.
    if let Ok(time) = text.parse::<UtcMicros>() {
        assert_eq!(time.to_string().parse(), Ok(time));
    }
    one_spelling::<wire::checkpoint::Origin>(text);
    one_spelling::<wire::signature::Algorithm>(text);
    one_spelling::<client::EntryPlace>(text);
    if let Ok(code) = text.parse::<ErrorCode>() {
        assert_eq!(code.as_str(), text);
    }
    if let Ok(code) = text.parse::<wire::organisation_code::OrganisationCode>() {
        if let Some(parent) = code.parent() {
            assert!(code.is_within(&parent) && parent.to_string().len() < text.len());
        }
        let _ = (code.kind(), code.suggest_legacy());
    }
}

/// Whatever a refusal quotes, its JSON says it and nothing else; any `Accept-Language` is a wish.
pub(crate) fn problem(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let language = Language::from_accept_language(Some(&text));
    let mut problem =
        Problem::new(ErrorCode::RequestMalformed, Text::new(text.clone(), text.clone()));
    problem.instance = Some(text.clone());
    let json: serde_json::Value = serde_json::from_slice(&problem.to_json(language)).expect("JSON");
    assert_eq!(json["detail"], text);
    assert_eq!(json["code"], "request.malformed");
}

/// The place of an entry, as an answer names it to its caller, has one spelling.
pub(crate) fn entry_place(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(place) = text.parse::<client::EntryPlace>() {
        assert_eq!(place.to_string(), text);
    }
}
