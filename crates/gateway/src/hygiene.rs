//! Which header lines end here and which go on.
//!
//! **Invariant**: what one connection negotiates never reaches the other (RFC 9110 §7.6.1), and
//! nothing that the platform alone may say passes from either side.
//! **Trust**: a provider believes `Lgsp-Consumer-*`, a caller believes `Lgsp-Entry`: a line let
//! through here is a lie told in the platform's name.

use wire::header::{CONTENT_DIGEST, LGSP_PREFIX, is_dropped_from_clients, plain_name};

use crate::fields::{Fields, visible};

/// Whether a field belongs to one connection (RFC 9110 §7.6.1), which may name further ones, or says
/// what the platform frames anew.
fn is_per_connection(name: &[u8], named: &[String]) -> bool {
    matches!(
        name,
        b"connection"
            | b"keep-alive"
            | b"proxy-connection"
            | b"proxy-authenticate"
            | b"proxy-authorization"
            | b"proxy-authentication-info"
            | b"te"
            | b"trailer"
            | b"transfer-encoding"
            | b"upgrade"
            | b"http2-settings"
    ) || named.iter().any(|option| option.as_bytes() == name)
}

/// The lines of a request that its provider sees. `Host`, `Content-Length` and the caller's
/// identity are set by the one who sends it on.
///
/// Signature lines end here: they sign the platform's URL, so a provider cannot check them, and
/// the platform vouches for the caller instead. The digest goes on: it is about the content.
/// So does what `is_signed` says the caller signed, even if `Connection` names it: whoever stands
/// between caller and platform could have written that `Connection`. Another spelling of what is
/// signed ends here: a program that reads `If_Match` as `If-Match` would believe the wrong one.
pub(crate) fn towards_provider(fields: &Fields, is_signed: impl Fn(&[u8]) -> bool) -> Fields {
    let mut named = connection_options(fields);
    named.retain(|option| !is_signed(option.as_bytes()));
    let mut kept = with_room_beside(fields);
    for line in fields.lines() {
        let name = line.name();
        let plain = &*plain_name(name);
        let ends_here = is_per_connection(plain, &named)
            || is_per_connection(name, &named)
            || is_dropped_from_clients(name)
            || matches!(plain, b"host" | b"content-length" | b"expect" | b"lgsp-purpose")
            || is_signature(plain)
            || (plain != name && (plain == CONTENT_DIGEST.as_bytes() || is_signed(plain)));
        if !ends_here {
            kept.push_line(line);
        }
    }
    kept
}

/// The lines of an answer that its caller sees, without framing. The provider's digest has been
/// compared by now and the platform states its own; the platform forwards no signature that it
/// has not verified.
pub(crate) fn towards_caller(fields: &Fields) -> Fields {
    let named = connection_options(fields);
    let mut kept = with_room_beside(fields);
    for line in fields.lines() {
        let name = line.name();
        let plain = &*plain_name(name);
        let ends_here = is_per_connection(plain, &named)
            || is_per_connection(name, &named)
            || plain.starts_with(LGSP_PREFIX.as_bytes())
            || matches!(plain, b"content-length" | b"content-digest")
            || is_signature(plain)
            || matches!(plain, b"ratelimit" | b"ratelimit-policy");
        if !ends_here {
            kept.push_line(line);
        }
    }
    kept
}

fn is_signature(name: &[u8]) -> bool {
    matches!(name, b"signature" | b"signature-input" | b"accept-signature")
}

/// What the platform says of a call beside the lines of others.
const OWN_LINES: usize = 8;
const OWN_BYTES: usize = 512;

fn with_room_beside(others: &Fields) -> Fields {
    Fields::with_capacity(others.count() + OWN_LINES, others.as_bytes().len() + OWN_BYTES)
}

/// The field names that `Connection` lists, in small letters.
fn connection_options(fields: &Fields) -> Vec<String> {
    fields
        .all("connection")
        .filter_map(visible)
        .flat_map(|list| list.split(','))
        .map(|option| option.trim().to_ascii_lowercase())
        .filter(|option| !matches!(option.as_str(), "" | "close" | "keep-alive"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::tests::fields;

    fn names(fields: &Fields) -> Vec<&str> {
        fields.lines().map(|line| str::from_utf8(line.name()).unwrap()).collect()
    }

    #[test]
    fn what_the_platform_or_one_connection_says_ends_here() {
        let fields = fields(&[
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
        ]);
        let kept = towards_provider(&fields, |_| false);
        assert_eq!(names(&kept), ["x-stays", "content-digest"]);
    }

    #[test]
    fn what_the_caller_signed_is_not_ended_by_an_unsigned_connection_line() {
        let fields =
            fields(&[("connection", "if-match, x-hop"), ("if-match", "1"), ("x-hop", "2")]);
        let kept = towards_provider(&fields, |name| name == b"if-match");
        assert_eq!(names(&kept), ["if-match"]);
    }

    #[test]
    fn another_spelling_of_what_the_caller_signed_ends_here() {
        let fields = fields(&[("if-match", "1"), ("if_match", "2"), ("content.digest", "3")]);
        let kept = towards_provider(&fields, |name| name == b"if-match");
        assert_eq!(names(&kept), ["if-match"]);
    }

    #[test]
    fn a_provider_cannot_speak_for_the_platform() {
        let kept = towards_caller(&fields(&[
            ("lgsp-entry", "forged/1"),
            ("lgsp_entry", "forged/1"),
            ("connection", "x-private"),
            ("x-private", "1"),
            ("content-type", "text/plain"),
        ]));
        assert_eq!(kept.as_bytes(), b"content-type: text/plain\r\n");
    }
}
