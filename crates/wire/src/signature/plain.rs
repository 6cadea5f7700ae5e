//! The usual forms of `Signature-Input` and `Signature`, read without the general machinery.
//!
//! Nearly every call carries one signature, its components without parameters, its texts without
//! escapes. Reading that is a tenth of the work of reading any structured field.
//!
//! **Invariant**: what is read here reads the same by `parse` and `bytes`; whatever is unusual in
//! any way is `None`, and left to them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Component, MAX_COMPONENTS, Name, Parameters, SignatureInput};

/// `label=("name" "name");created=1;…`, and nothing else in the field.
pub(super) fn signature_input<'a>(field: &'a str, tag: &str) -> Option<SignatureInput<'a>> {
    let (label, raw) = cut(field, b'=').filter(|(label, _)| is_key(label))?;
    let (list, mut rest) = cut(raw.strip_prefix('(')?, b')')?;
    let mut components = Vec::with_capacity(8);
    let mut items = Some(list);
    while let Some(text) = items {
        let (item, others) = cut(text, b' ').map_or((text, None), |(it, rest)| (it, Some(rest)));
        items = others;
        let name = item.strip_prefix('"')?.strip_suffix('"').filter(|name| is_plain(name))?;
        let component = Component::named(name)?;
        let is_unusual = matches!(component.name, Name::QueryParam(_))
            || components.contains(&component)
            || components.len() == MAX_COMPONENTS;
        if is_unusual {
            return None;
        }
        components.push(component);
    }
    let mut parameters = Parameters::default();
    while !rest.is_empty() {
        rest = parameter(rest.strip_prefix(';')?, &mut parameters)?;
    }
    let is_meant = parameters.tag.as_deref() == Some(tag);
    is_meant.then_some(SignatureInput { label, components, parameters, raw })
}

/// Reads a parameter that is known and new; answers what stands behind it.
fn parameter<'a>(text: &'a str, parameters: &mut Parameters<'a>) -> Option<&'a str> {
    let (key, value) = cut(text, b'=')?;
    let number = match key {
        "created" => &mut parameters.created,
        "expires" => &mut parameters.expires,
        _ => {
            let slot = match key {
                "nonce" => &mut parameters.nonce,
                "keyid" => &mut parameters.keyid,
                "alg" => &mut parameters.alg,
                "tag" => &mut parameters.tag,
                _ => return None,
            };
            let (value, rest) = cut(value.strip_prefix('"')?, b'"')?;
            let is_new = slot.replace(value.into()).is_none();
            return (is_new && is_plain(value)).then_some(rest);
        }
    };
    let end = value.bytes().position(|byte| byte == b';').unwrap_or(value.len());
    let (value, rest) = value.split_at_checked(end)?;
    let is_digits = (1..=15).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
    let is_new = number.replace(value.parse().ok().filter(|_| is_digits)?).is_none();
    is_new.then_some(rest)
}

/// `label=:base64:`, and nothing else in the field.
pub(super) fn signature_bytes(field: &str, label: &str) -> Option<Vec<u8>> {
    let value = field.strip_prefix(label)?.strip_prefix("=:")?.strip_suffix(':')?;
    STANDARD.decode(value).ok()
}

/// What stands before and behind the first such byte. The texts are short: no search for long ones.
fn cut(text: &str, byte: u8) -> Option<(&str, &str)> {
    let (before, after) = text.split_at_checked(text.bytes().position(|it| it == byte)?)?;
    Some((before, after.get(1..)?))
}

/// A key of a dictionary (RFC 9651 §3.1.2).
fn is_key(text: &str) -> bool {
    let is_other = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'.' | b'*');
    text.starts_with(|first: char| first.is_ascii_lowercase() || first == '*')
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || is_other(byte))
}

/// Text whose spelling in quotes is the text itself.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'\\' && byte != b'"')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{bytes, parse};
    use super::*;

    const USUAL: &str = "lgsp=(\"@method\" \"@target-uri\" \"content-digest\");created=1795420800;\
        expires=1795420860;nonce=\"6wq3\";keyid=\"k1\";alg=\"ed25519\";tag=\"lgsp\"";

    #[test]
    fn the_usual_forms_are_read_here_and_the_same_as_elsewhere() {
        let read = signature_input(USUAL, "lgsp").unwrap();
        assert_eq!(Ok(Some(read)), parse::find_any(USUAL, "lgsp"));
        let read = signature_bytes("lgsp=:AAEC:", "lgsp").unwrap();
        assert_eq!(Ok(Some(read)), bytes::find_any("lgsp=:AAEC:", "lgsp"));
    }

    #[test]
    fn what_is_unusual_is_left_to_others() {
        for (usual, other) in [
            ("lgsp=(", "Lgsp=("),
            ("\"@method\" ", "\"@method\"  "),
            ("\"@method\"", "\"@method\";req"),
            ("\"@method\"", "\"@query-param\""),
            ("\"@method\"", "\"@target-uri\""),
            ("\"@method\"", "\"Date\""),
            ("(\"@method\" \"@target-uri\" \"content-digest\")", "()"),
            ("created=1795420800", "created=1795420800.5"),
            ("created=1795420800", "created=-5"),
            ("created=1795420800", "created=1795420800000000"),
            ("created=1795420800", "created= 1795420800"),
            ("created=1795420800;", "created=1;created=2;"),
            ("created=1795420800;", "created;"),
            ("nonce=\"6wq3\"", "nonce=\"6\\\"q3\""),
            ("nonce=\"6wq3\"", "nonce=6wq3"),
            ("keyid=\"k1\"", "keyid=\"k1\";x=1"),
            ("tag=\"lgsp\"", "tag=\"lgsp\", b=()"),
            ("tag=\"lgsp\"", "tag=\"other\""),
            ("tag=\"lgsp\"", "tag=\"lgsp\" "),
        ] {
            let field = USUAL.replacen(usual, other, 1);
            assert_ne!(field, USUAL);
            assert_eq!(signature_input(&field, "lgsp"), None, "{other}");
        }
        for field in ["lgsp=:AAE:", "lgsp=:AA:EC:", "lgsp=:AAEC:;a", " lgsp=:AAEC:", "b=:AAEC:"] {
            assert_eq!(signature_bytes(field, "lgsp"), None, "{field}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_here_reads_the_same_elsewhere(
            start in 0..USUAL.len(), length in 0..4_usize, other in "[ -~]{0,6}",
        ) {
            let end = (start + length).min(USUAL.len());
            let field = [&USUAL[..start], &other, &USUAL[end..]].concat();
            if let Some(read) = signature_input(&field, "lgsp") {
                prop_assert_eq!(Ok(Some(read)), parse::find_any(&field, "lgsp"));
            }
        }

        #[test]
        fn bytes_that_are_read_here_read_the_same_elsewhere(value in "[A-Za-z0-9+/=:; ]{0,12}") {
            let field = format!("lgsp=:{value}:");
            if let Some(read) = signature_bytes(&field, "lgsp") {
                prop_assert_eq!(Ok(Some(read)), bytes::find_any(&field, "lgsp"));
            }
        }
    }
}
