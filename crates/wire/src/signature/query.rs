//! `@query-param` (RFC 9421 §2.2.8): one parameter of the query, in one spelling.

/// The value of the parameter whose encoded name this is, encoded anew. None if the query has no
/// such parameter, or has it more than once, which the RFC forbids to cover.
pub(super) fn parameter(query: &str, encoded_name: &str) -> Option<String> {
    let mut found = query
        .strip_prefix('?')
        .unwrap_or(query)
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter(|(name, _)| encode(&decode(name)) == encoded_name);
    let (_, value) = found.next()?;
    if found.next().is_some() { None } else { Some(encode(&decode(value))) }
}

/// Undoes `application/x-www-form-urlencoded`, as the WHATWG URL standard §5.1 says.
fn decode(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        rest = tail;
        let escaped = match tail {
            [high, low, after @ ..] if *byte == b'%' => {
                hex(*high).zip(hex(*low)).map(|(high, low)| (high << 4 | low, after))
            }
            _ => None,
        };
        match (byte, escaped) {
            (_, Some((value, after))) => {
                decoded.push(value);
                rest = after;
            }
            (b'+', None) => decoded.push(b' '),
            (other, None) => decoded.push(*other),
        }
    }
    String::from_utf8_lossy(&decoded).into_owned().into_bytes()
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Percent-encodes all but letters, digits and `*-._`; a space as `%20`.
fn encode(bytes: &[u8]) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"*-._".contains(byte) {
            encoded.push(char::from(*byte));
        } else {
            encoded.push('%');
            for nibble in [byte >> 4, byte & 15] {
                encoded.extend(HEX.get(usize::from(nibble)).map(|b| char::from(*b)));
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rfc_9421_examples_match() {
        let query = "?param=value&foo=bar&baz=batman&qux=";
        assert_eq!(parameter(query, "baz").as_deref(), Some("batman"));
        assert_eq!(parameter(query, "qux").as_deref(), Some(""));
        let query = "?var=this%20is%20a%20big%0Amultiline%20value&\
                     bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something";
        assert_eq!(
            parameter(query, "var").as_deref(),
            Some("this%20is%20a%20big%0Amultiline%20value")
        );
        assert_eq!(parameter(query, "bar").as_deref(), Some("with%20plus%20whitespace"));
        assert_eq!(parameter(query, "fa%C3%A7ade%22%3A%20").as_deref(), Some("something"));
    }

    #[test]
    fn a_parameter_that_is_repeated_or_absent_cannot_be_covered() {
        assert_eq!(parameter("?a=1&a=2", "a"), None);
        assert_eq!(parameter("?a=1", "b"), None);
        assert_eq!(parameter("?", ""), None);
        assert_eq!(parameter("?a=%4", "a").as_deref(), Some("%254"));
    }
}
