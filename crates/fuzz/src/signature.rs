//! `Signature-Input`, `Signature`, `Accept-Signature`, the signature base, `Content-Digest`.

use std::borrow::Cow;

use wire::ambient::UtcMicros;
use wire::digest::ContentDigest;
use wire::signature::policy::{Carried, check_request};
use wire::signature::{
    Message, Name, find_requested, find_tagged, serialise_signature, signature_base,
    signature_bytes,
};

/// The first line is `Signature-Input`, the rest `Signature`.
fn two(bytes: &[u8]) -> Option<(&str, &str)> {
    let text = std::str::from_utf8(bytes).ok()?;
    Some(text.split_once('\n').unwrap_or((text, text)))
}

/// What is found stands in the field byte for byte, and another reader of structured fields finds
/// a member of that label too.
pub(crate) fn fields(bytes: &[u8]) {
    let Some((input, signature)) = two(bytes) else {
        return;
    };
    if let Ok(Some(found)) = find_tagged(input, "lgsp") {
        assert_eq!(found.parameters.tag.as_deref(), Some("lgsp"));
        let others: sfv::Dictionary = sfv::Parser::new(input).parse().expect("a dictionary");
        let other = others.get(found.label).expect("the member");
        let sfv::ListEntry::InnerList(list) = other else { panic!("an inner list") };
        assert_eq!(list.items.len(), found.components.len());
        let created = list.params.get("created").and_then(sfv::BareItem::as_integer);
        assert_eq!(created.map(i64::from), found.parameters.created);
        let nonce = list.params.get("nonce").and_then(sfv::BareItem::as_string);
        assert_eq!(nonce.map(sfv::StringRef::as_str), found.parameters.nonce.as_deref());
        let keyid = list.params.get("keyid").and_then(sfv::BareItem::as_string);
        assert_eq!(keyid.map(sfv::StringRef::as_str), found.parameters.keyid.as_deref());
        assert!(input.contains(found.raw));
        // Alone, it is found again.
        let alone = format!("{}={}", found.label, found.raw);
        assert_eq!(find_tagged(&alone, "lgsp"), Ok(Some(found.clone())));
        for body in [false, true] {
            let carried = Carried { body, purpose: body };
            let now = UtcMicros::from_seconds(found.parameters.created.unwrap_or_default());
            if let Ok(claims) = check_request(&found, carried, now) {
                assert!(claims.expires >= claims.created && claims.expires - claims.created <= 300);
                assert!(!claims.nonce.is_empty());
            }
        }
        if let Ok(Some(value)) = signature_bytes(signature, found.label) {
            let again = serialise_signature(found.label, &value);
            assert_eq!(signature_bytes(&again, found.label), Ok(Some(value)));
        }
    }
    let _ = find_requested(input, "lgsp");
}

/// A message whose every value is told by its name.
struct Telling<'a>(&'a str);

impl Message for Telling<'_> {
    fn derived(&self, name: &Name<'_>) -> Option<Cow<'_, str>> {
        match name {
            Name::Status => None,
            Name::Query => Some(self.0.into()),
            _ => Some("v".into()),
        }
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        (name != "absent").then_some(self.0.into())
    }
}

/// A base has a line for each component and one for the parameters, and nothing from the message
/// makes another.
pub(crate) fn base(bytes: &[u8]) {
    let Some((input, value)) = two(bytes) else {
        return;
    };
    let Ok(Some(found)) = find_tagged(input, "lgsp") else {
        return;
    };
    let Ok(base) = signature_base(&found, &Telling(value)) else {
        return;
    };
    let base = String::from_utf8(base).expect("a base is ASCII");
    assert!(base.is_ascii());
    let lines: Vec<_> = base.split('\n').collect();
    assert_eq!(lines.len(), found.components.len() + 1);
    assert_eq!(lines[lines.len() - 1], format!("\"@signature-params\": {}", found.raw));
    for (line, component) in lines.iter().zip(&found.components) {
        assert!(line.starts_with(&format!("\"{}\"", component.name.as_str())), "{line}");
    }
    // Read again from its last line, the same input gives the same base.
    let again = format!("x={}", found.raw);
    let read = find_tagged(&again, "lgsp").expect("readable").expect("there");
    assert_eq!(signature_base(&read, &Telling(value)).as_deref(), Ok(base.as_bytes()));
}

/// A digest prints as it reads.
pub(crate) fn content_digest(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(digest) = ContentDigest::parse(text) {
        assert_eq!(ContentDigest::parse(&digest.to_string()), Ok(digest.clone()));
        assert!(matches!(digest.value().len(), 32 | 64));
        let all: sfv::Dictionary = sfv::Parser::new(text).parse().expect("a dictionary");
        assert!(all.contains_key(digest.algorithm().as_str()));
    }
}
