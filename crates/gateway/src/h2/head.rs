//! From a request of HTTP/2 to the same head that HTTP/1.1 gives.
//!
//! **Invariant**: scheme and authority, method, path and fields reach the same checks as those of
//! a head in text: the target is written in its absolute form, `Host` stands beside it.
//! **Trust**: `h2` has refused pseudo-fields that are missing or doubled, names in capitals, and
//! fields of one connection (RFC 9113 §8.2). It also drops a fragment from `:path`, which HTTP/1.1
//! callers are refused for: what is permitted, signed and forwarded is the path without it.

use http::header::{CONTENT_LENGTH, COOKIE, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Uri};

use crate::config::Limits;
use crate::fields::Fields;
use crate::request::{BadHead, Framing, Head};

/// What a field costs beside its name and value in a head of HTTP/1.1: colon, space, line end.
const LINE_BYTES: usize = 4;

/// Reads a request's head; `is_whole`: no body follows.
pub(super) fn read(parts: Parts, is_whole: bool, limits: &Limits) -> Result<Head, BadHead> {
    let Parts { method, uri, headers, .. } = parts;
    let target = target(&uri);
    let lines = headers.iter();
    let bytes = lines.map(|(name, value)| name.as_str().len() + value.len() + LINE_BYTES);
    if target.len() + bytes.sum::<usize>() > limits.max_head_bytes
        || headers.len() > limits.max_fields
    {
        return Err(BadHead::TooLarge);
    }
    let fields = fields(&uri, &headers)?;
    let framing = framing(&fields, is_whole)?;
    Ok(Head { method, target: target.into(), fields, framing })
}

/// `https://authority/path?query`; what has no scheme or no authority is as it stands.
fn target(uri: &Uri) -> String {
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    match (uri.scheme_str(), uri.authority()) {
        (Some(scheme), Some(authority)) => format!("{scheme}://{authority}{path}"),
        (_, Some(authority)) => authority.to_string(),
        (_, None) => path.to_owned(),
    }
}

fn fields(uri: &Uri, headers: &HeaderMap) -> Result<Fields, BadHead> {
    let mut fields = Fields::default();
    let mut push =
        |name: &str, value: &[u8]| fields.push(name, value).map_err(|_| BadHead::Malformed);
    if let Some(authority) = uri.authority()
        && !headers.contains_key(HOST)
    {
        push(HOST.as_str(), authority.as_str().as_bytes())?;
    }
    for (name, value) in headers {
        let value = value.as_bytes();
        // Such a value is malformed here (RFC 9113 §8.2.1), and reads otherwise in HTTP/1.1.
        if value.trim_ascii().len() != value.len() {
            return Err(BadHead::Malformed);
        }
        if name != COOKIE {
            push(name.as_str(), value)?;
        }
    }
    // Cookies may come one by one and are one field elsewhere (RFC 9113 §8.2.3).
    let crumbs: Vec<_> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if !crumbs.is_empty() {
        push(COOKIE.as_str(), &crumbs.join(&b"; "[..]))?;
    }
    Ok(fields)
}

/// The body ends with its stream; `h2` sees to it that it is as long as it was said to be.
fn framing(fields: &Fields, is_whole: bool) -> Result<Framing, BadHead> {
    let length = fields.single(CONTENT_LENGTH.as_str()).map_err(|_| BadHead::Framing)?;
    match (length.map(decimal), is_whole) {
        (None, true) | (Some(Some(0)), _) => Ok(Framing::None),
        (None, false) => Ok(Framing::Chunked),
        (Some(Some(length)), false) => Ok(Framing::Length(length)),
        (Some(None), _) | (Some(Some(_)), true) => Err(BadHead::Framing),
    }
}

/// Digits only: `str::parse` would take `+1`.
fn decimal(text: &str) -> Option<u64> {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(
        uri: &str,
        lines: &[(&'static str, &'static str)],
        is_whole: bool,
    ) -> Result<Head, BadHead> {
        let mut request = http::Request::builder().uri(uri);
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        read(request.body(()).unwrap().into_parts().0, is_whole, &Limits::default())
    }

    #[test]
    fn the_authority_stands_in_the_target_and_as_host() {
        let read = head("https://a.example/x%41?q", &[("accept", "*/*")], true).unwrap();
        assert_eq!(&*read.target, "https://a.example/x%41?q");
        assert_eq!(read.fields.single("host"), Ok(Some("a.example")));
        let read = head("https://a.example/", &[("host", "b.example")], true).unwrap();
        assert_eq!(read.fields.single("host"), Ok(Some("b.example")));
    }

    #[test]
    fn the_length_is_digits_that_fit_the_stream() {
        let framing =
            |lines: &[_], is_whole| head("https://a/", lines, is_whole).map(|head| head.framing);
        assert_eq!(framing(&[], true), Ok(Framing::None));
        assert_eq!(framing(&[], false), Ok(Framing::Chunked));
        assert_eq!(framing(&[("content-length", "3")], false), Ok(Framing::Length(3)));
        assert_eq!(framing(&[("content-length", "0")], true), Ok(Framing::None));
        for (lines, is_whole) in [
            (&[("content-length", "3")][..], true),
            (&[("content-length", "+3")], false),
            (&[("content-length", "3, 3")], false),
            (&[("content-length", "3"), ("content-length", "3")], false),
        ] {
            assert_eq!(framing(lines, is_whole), Err(BadHead::Framing), "{lines:?}");
        }
    }

    #[test]
    fn crumbs_of_a_cookie_are_one_field_and_padded_values_are_refused() {
        let read = head("https://a/", &[("cookie", "a=1"), ("cookie", "b=2")], true).unwrap();
        assert_eq!(read.fields.single("cookie"), Ok(Some("a=1; b=2")));
        assert_eq!(head("https://a/", &[("x", " 1")], true).err(), Some(BadHead::Malformed));
    }

    #[test]
    fn a_head_beyond_its_bounds_is_refused() {
        let many: Vec<_> = (0..=Limits::default().max_fields).map(|_| ("x", "1")).collect();
        assert_eq!(head("https://a/", &many, true).err(), Some(BadHead::TooLarge));
        let long: &'static str = "x".repeat(Limits::default().max_head_bytes).leak();
        assert_eq!(head("https://a/", &[("x", long)], true).err(), Some(BadHead::TooLarge));
    }
}
