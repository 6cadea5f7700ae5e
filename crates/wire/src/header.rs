//! Names of the HTTP fields this platform speaks, in small letters.
//!
//! **Invariant**: the only field of ours that a client sends is [`LGSP_PURPOSE`]; every other
//! name with [`LGSP_PREFIX`], whatever tells who called, and whatever asks for another operation
//! than the request line is dropped when it comes from a client.
//! **Trust**: a provider believes what these fields say about the caller, so a gateway that let
//! one through would let a caller choose its name.

use std::borrow::Cow;

/// Prefix of all fields of the platform.
pub const LGSP_PREFIX: &str = "lgsp-";
/// To client and provider: the call's [`RequestId`](crate::id::RequestId).
pub const LGSP_REQUEST_ID: &str = "lgsp-request-id";
/// To the client: where the call's entry stands, `<log origin>/<index>`.
pub const LGSP_ENTRY: &str = "lgsp-entry";
/// From the client (if its connections name several) and to the provider: the purpose code.
pub const LGSP_PURPOSE: &str = "lgsp-purpose";
/// To the provider: the calling organisation's code.
pub const LGSP_CONSUMER_ORGANISATION: &str = "lgsp-consumer-organisation";
/// To the provider: the calling system's code.
pub const LGSP_CONSUMER_SYSTEM: &str = "lgsp-consumer-system";

/// RFC 9530 §2.
pub const CONTENT_DIGEST: &str = "content-digest";
/// RFC 9421 §4.2.
pub const SIGNATURE: &str = "signature";
/// RFC 9421 §4.1.
pub const SIGNATURE_INPUT: &str = "signature-input";
/// RFC 9421 §5.1.
pub const ACCEPT_SIGNATURE: &str = "accept-signature";
/// RFC 7239.
pub const FORWARDED: &str = "forwarded";

/// The value of the `tag` parameter by which our signatures are told from others (RFC 9421 §2.3).
pub const SIGNATURE_TAG: &str = "lgsp";

/// Whether intermediaries tell by this field who called.
fn tells_who_called(name: &[u8]) -> bool {
    name.starts_with(b"x-forwarded")
        || matches!(
            name,
            b"forwarded"
                | b"via"
                | b"x-real-ip"
                | b"x-client-ip"
                | b"x-cluster-client-ip"
                | b"x-original-forwarded-for"
                | b"x-original-host"
                | b"client-ip"
                | b"true-client-ip"
                | b"cf-connecting-ip"
                | b"fastly-client-ip"
        )
}

/// Whether many servers perform by this field another operation than the one that was permitted.
fn asks_for_another(name: &[u8]) -> bool {
    matches!(
        name,
        b"x-original-url"
            | b"x-rewrite-url"
            | b"x-http-method"
            | b"x-http-method-override"
            | b"x-method-override"
    )
}

/// The name as programs behind a server see it. CGI and its heirs (WSGI, Rack, PHP, servlets) write
/// every `-` as `_`, so to them `Lgsp_Purpose` is `Lgsp-Purpose`; here it is too.
pub fn plain_name(name: &[u8]) -> Cow<'_, [u8]> {
    let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    // Looks at all of them, for several bytes are judged at once where none ends the search.
    if name.iter().fold(true, |all, byte| all & is_plain(*byte)) {
        return Cow::Borrowed(name);
    }
    let plain =
        |one: &u8| if one.is_ascii_alphanumeric() { one.to_ascii_lowercase() } else { b'-' };
    Cow::Owned(name.iter().map(plain).collect())
}

/// Whether a field of this name from a client must not reach a provider.
pub fn is_dropped_from_clients(name: impl AsRef<[u8]>) -> bool {
    let name = name.as_ref();
    let plain = &*plain_name(name);
    let is_ours = plain.starts_with(LGSP_PREFIX.as_bytes()) && name != LGSP_PURPOSE.as_bytes();
    is_ours || tells_who_called(plain) || asks_for_another(plain)
}

/// Whether a field of this name may carry a secret: its value may open doors elsewhere, so no record
/// may hold it.
pub fn carries_secret(name: impl AsRef<[u8]>) -> bool {
    matches!(
        &*plain_name(name.as_ref()),
        b"authorization" | b"proxy-authorization" | b"cookie" | b"set-cookie" | b"x-api-key"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_purpose_passes_of_our_own_fields() {
        assert!(!is_dropped_from_clients(LGSP_PURPOSE));
        assert!(is_dropped_from_clients(LGSP_REQUEST_ID));
        assert!(is_dropped_from_clients("lgsp-anything"));
        assert!(is_dropped_from_clients("x-forwarded-for"));
        assert!(is_dropped_from_clients("x-http-method-override"));
        assert!(!is_dropped_from_clients("content-type"));
        assert!(!is_dropped_from_clients("x_custom"));
    }

    #[test]
    fn another_spelling_of_a_name_is_the_same_name() {
        for name in ["lgsp_purpose", "lgsp_consumer-system", "x_forwarded_for", "x.real.ip", "Via"]
        {
            assert!(is_dropped_from_clients(name), "{name}");
        }
        for name in ["Authorization", "cookie", "X_Api_Key"] {
            assert!(carries_secret(name), "{name}");
        }
        assert!(!carries_secret("x-cookie"));
    }
}
