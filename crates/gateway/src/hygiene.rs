//! Which header lines end here and which go on.
//!
//! **Invariant**: what one connection negotiates never reaches the other (RFC 9110 §7.6.1), and
//! nothing that the platform alone may say passes from either side.
//! **Trust**: a provider believes `Lgsp-Consumer-*`, a caller believes `Lgsp-Entry`: a line let
//! through here is a lie told in the platform's name.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use wire::header::{
    ACCEPT_SIGNATURE, CONTENT_DIGEST, LGSP_PREFIX, LGSP_PURPOSE, SIGNATURE, SIGNATURE_INPUT,
    is_dropped_from_clients, plain_name,
};

use crate::fields::Fields;

/// Whether a field belongs to one connection (RFC 9110 §7.6.1), which may name further ones, or says
/// what the platform frames anew.
fn is_per_connection(name: &str, named: &[String]) -> bool {
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "proxy-connection"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "proxy-authentication-info"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "http2-settings"
    ) || named.iter().any(|option| option == name)
}

/// The lines of a request that its provider sees. `Host`, `Content-Length` and the caller's
/// identity are set by the one who sends it on.
///
/// Signature lines end here: they sign the platform's URL, so a provider cannot check them, and
/// the platform vouches for the caller instead. The digest goes on: it is about the content.
/// So does what `is_signed` says the caller signed, even if `Connection` names it: whoever stands
/// between caller and platform could have written that `Connection`. Another spelling of what is
/// signed ends here: a program that reads `If_Match` as `If-Match` would believe the wrong one.
pub(crate) fn towards_provider(fields: &Fields, is_signed: impl Fn(&str) -> bool) -> HeaderMap {
    let mut named = connection_options(fields.all("connection"));
    named.retain(|option| !is_signed(option));
    let mut kept = HeaderMap::with_capacity(16);
    for (name, value) in fields.lines() {
        let text = &*plain_name(name.as_str());
        let ends_here = is_per_connection(text, &named)
            || is_per_connection(name.as_str(), &named)
            || is_dropped_from_clients(name.as_str())
            || matches!(text, "host" | "content-length" | "expect" | LGSP_PURPOSE)
            || matches!(text, SIGNATURE | SIGNATURE_INPUT | ACCEPT_SIGNATURE)
            || (text != name.as_str() && (text == CONTENT_DIGEST || is_signed(text)));
        if !ends_here {
            kept.append(name.clone(), value.clone());
        }
    }
    kept
}

/// The lines of an answer that its caller sees, without framing. The provider's digest has been
/// compared by now and the platform states its own; the platform forwards no signature that it
/// has not verified.
pub(crate) fn towards_caller(mut headers: HeaderMap) -> HeaderMap {
    let named = connection_options(headers.get_all("connection").iter());
    let ending: Vec<HeaderName> = headers
        .keys()
        .filter(|name| {
            let text = &*plain_name(name.as_str());
            is_per_connection(text, &named)
                || is_per_connection(name.as_str(), &named)
                || text.starts_with(LGSP_PREFIX)
                || matches!(text, "content-length" | CONTENT_DIGEST)
                || matches!(text, SIGNATURE | SIGNATURE_INPUT | ACCEPT_SIGNATURE)
                || matches!(text, "ratelimit" | "ratelimit-policy")
        })
        .cloned()
        .collect();
    for name in ending {
        headers.remove(name);
    }
    headers
}

/// The field names that `Connection` lists, in small letters.
fn connection_options<'a>(values: impl Iterator<Item = &'a HeaderValue>) -> Vec<String> {
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(|option| option.trim().to_ascii_lowercase())
        .filter(|option| !matches!(option.as_str(), "" | "close" | "keep-alive"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_platform_or_one_connection_says_ends_here() {
        let mut fields = Fields::default();
        for (name, value) in [
            ("connection", "keep-alive, X-Hop"),
            ("x-hop", "1"),
            ("x-stays", "2"),
            ("te", "trailers"),
            ("lgsp-consumer-system", "forged"),
            ("x-forwarded-for", "10.0.0.1"),
            ("signature", "lgsp=:AA==:"),
            ("content-digest", "sha-256=:AA==:"),
            ("lgsp_consumer_system", "forged"),
            ("lgsp_purpose", "forged"),
            ("transfer_encoding", "chunked"),
            ("x-http-method-override", "DELETE"),
        ] {
            fields.push(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let kept = towards_provider(&fields, |_| false);
        let names: Vec<_> = kept.keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["x-stays", "content-digest"]);
    }

    #[test]
    fn what_the_caller_signed_is_not_ended_by_an_unsigned_connection_line() {
        let mut fields = Fields::default();
        for (name, value) in [("connection", "if-match, x-hop"), ("if-match", "1"), ("x-hop", "2")]
        {
            fields.push(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let kept = towards_provider(&fields, |name| name == "if-match");
        let names: Vec<_> = kept.keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["if-match"]);
    }

    #[test]
    fn another_spelling_of_what_the_caller_signed_ends_here() {
        let mut fields = Fields::default();
        for (name, value) in [("if-match", "1"), ("if_match", "2"), ("content.digest", "3")] {
            fields.push(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let kept = towards_provider(&fields, |name| name == "if-match");
        let names: Vec<_> = kept.keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["if-match"]);
    }

    #[test]
    fn a_provider_cannot_speak_for_the_platform() {
        let mut headers = HeaderMap::new();
        headers.insert("lgsp-entry", HeaderValue::from_static("forged/1"));
        headers.insert("lgsp_entry", HeaderValue::from_static("forged/1"));
        headers.insert("connection", HeaderValue::from_static("x-private"));
        headers.insert("x-private", HeaderValue::from_static("1"));
        headers.insert("content-type", HeaderValue::from_static("text/plain"));
        let kept = towards_caller(headers);
        assert_eq!(kept.len(), 1);
        assert!(kept.contains_key("content-type"));
    }
}
