//! The signature base (RFC 9421 §2.5): the text that is really signed.

use std::borrow::Cow;

use super::structured::{dictionary_members, inner_list_items, parser};
use super::{Component, Name, SignatureError, SignatureInput, query};

/// What a base needs of a message. Implemented by whoever holds one: a gateway over the bytes it
/// received, a client over the request it is about to send.
pub trait Message {
    /// The value of a derived component (RFC 9421 §2.2); none if this kind of message has none.
    /// Never asked for fields and `@query-param`, which is found in `@query`.
    fn derived(&self, name: &Name<'_>) -> Option<Cow<'_, str>>;

    /// The field of this name (in small letters): its lines, each without white space at its
    /// ends, joined by `", "` (RFC 9421 §2.1). None if it is absent or not ASCII.
    fn field(&self, name: &str) -> Option<Cow<'_, str>>;

    /// The same of a trailer. None of a message without trailers, or before they came.
    fn trailer(&self, _name: &str) -> Option<Cow<'_, str>> {
        None
    }

    /// Of a response: the request that it answers, for `;req`.
    fn request(&self) -> Option<&dyn Message> {
        None
    }
}

/// The base of `input` over `message`, without a line feed at its end.
pub fn signature_base(
    input: &SignatureInput<'_>,
    message: &dyn Message,
) -> Result<Vec<u8>, SignatureError> {
    // Enough for the usual request, so that the base grows in one allocation.
    let mut base = Vec::with_capacity(2 * input.raw.len() + 256);
    let mut identifiers = inner_list_items(input.raw);
    for component in &input.components {
        let identifier = identifiers.next().ok_or(SignatureError::NotComponents)?;
        let absent = || SignatureError::ComponentAbsent(identifier.to_owned());
        let source = if component.req { message.request().ok_or_else(absent)? } else { message };
        let value = value_of(component, source).ok_or_else(absent)?;
        // A line break inside a value would let it pass for further lines of the base.
        // Looks at all of them, for several bytes are judged at once where none ends the search.
        let is_foreign = |byte: u8| !matches!(byte, b'\t' | b' '..=b'~');
        if value.bytes().fold(false, |found, byte| found | is_foreign(byte)) {
            return Err(absent());
        }
        base.extend_from_slice(identifier.as_bytes());
        base.extend_from_slice(b": ");
        base.extend_from_slice(value.as_bytes());
        base.push(b'\n');
    }
    // `sfv` and our own cutting must agree, or a covered component would stand for another.
    if identifiers.next().is_some() {
        return Err(SignatureError::NotComponents);
    }
    base.extend_from_slice(b"\"@signature-params\": ");
    base.extend_from_slice(input.raw.as_bytes());
    Ok(base)
}

fn value_of<'m>(component: &Component<'_>, source: &'m dyn Message) -> Option<Cow<'m, str>> {
    match (&component.name, &component.key) {
        (Name::Field(name), key) => {
            let value = if component.tr { source.trailer(name) } else { source.field(name) }?;
            match key {
                None => Some(value),
                Some(key) => member_of(&value, key).map(Cow::Owned),
            }
        }
        (Name::QueryParam(name), _) => {
            query::parameter(&source.derived(&Name::Query)?, name).map(Cow::Owned)
        }
        (derived, _) => source.derived(derived),
    }
}

/// One member of a dictionary field (RFC 9421 §2.1.2), as the bytes that came.
fn member_of(field: &str, key: &str) -> Option<String> {
    parser(field).parse_dictionary_with_visitor(sfv::visitor::Ignored).ok()?;
    // Of a repeated key the last counts (RFC 9651 §3.2).
    let (_, raw) = dictionary_members(field).filter(|(found, _)| *found == key).last()?;
    let is_true = raw.is_empty() || raw.starts_with(';');
    Some(if is_true { format!("?1{raw}") } else { raw.to_owned() })
}
