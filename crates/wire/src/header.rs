//! Names of the HTTP fields this platform speaks, in small letters.
//!
//! **Invariant**: the only field of ours that a client sends is [`LGSP_PURPOSE`]; every other
//! name with [`LGSP_PREFIX`], and every name in [`FORWARDING`], is set by the platform alone and
//! dropped when it comes from a client.
//! **Trust**: a provider believes what these fields say about the caller, so a gateway that let
//! one through would let a caller choose its name.

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

/// Fields by which intermediaries tell who called: dropped when they come from a client.
pub const FORWARDING: [&str; 12] = [
    FORWARDED,
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-real-ip",
    "x-client-ip",
    "x-original-url",
    "x-rewrite-url",
];

/// Whether a field of this name, in small letters, from a client must not reach a provider.
pub fn is_dropped_from_clients(name: &str) -> bool {
    (name.starts_with(LGSP_PREFIX) && name != LGSP_PURPOSE) || FORWARDING.contains(&name)
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
        assert!(!is_dropped_from_clients("content-type"));
    }
}
