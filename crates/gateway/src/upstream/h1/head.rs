//! The heads of a request that leaves and of an answer that comes.

use std::io::Write as _;
use std::mem::MaybeUninit;

use bytes::{Buf as _, BytesMut};
use http::{Method, StatusCode};

use crate::fields::Fields;
use crate::h1::Chunks;

/// The most header lines of an answer.
const MOST_LINES: usize = 100;

/// How the end of a request's body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    None,
    Length(u64),
    Chunks,
}

/// The head of an answer.
#[derive(Debug)]
pub(super) struct AnswerHead {
    pub(super) status: StatusCode,
    pub(super) headers: Fields,
    pub(super) rest: Rest,
    /// Whether the provider will take another request when this answer is over.
    pub(super) keeps_alive: bool,
}

/// What of an answer's body is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    Nothing,
    Length(u64),
    Chunks(Chunks),
    /// Until the provider closes the connection.
    Close,
}

/// An answer that is not HTTP/1.1 (RFC 9112), or whose end could be found in two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// The head of a request.
pub(super) fn write(method: &Method, target: &str, fields: &Fields, framing: Framing) -> Vec<u8> {
    let mut out = Vec::with_capacity(target.len() + fields.as_bytes().len() + 64);
    for part in [method.as_str(), " ", target, " HTTP/1.1\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
    out.extend_from_slice(fields.as_bytes());
    match framing {
        Framing::None => {}
        // Writing into memory cannot fail.
        Framing::Length(length) => drop(write!(out, "content-length: {length}\r\n")),
        Framing::Chunks => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
    }
    out.extend_from_slice(b"\r\n");
    out
}

/// Takes the head of an answer to `method` from the front of `arrived`; `None`: it is not whole.
pub(super) fn take(
    arrived: &mut BytesMut,
    method: &Method,
) -> Result<Option<AnswerHead>, Malformed> {
    let mut slots = [const { MaybeUninit::<httparse::Header<'_>>::uninit() }; MOST_LINES];
    let mut answer = httparse::Response::new(&mut []);
    let parser = httparse::ParserConfig::default();
    let parsed = parser.parse_response_with_uninit_headers(&mut answer, arrived, &mut slots);
    let length = match parsed {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(Malformed),
    };
    let (code, version) = (answer.code, answer.version);
    let status = code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(Malformed)?;
    let mut headers = Fields::with_capacity(answer.headers.len(), length);
    for line in answer.headers.iter() {
        headers.push(line.name, line.value).map_err(|_| Malformed)?;
    }
    arrived.advance(length);
    let is_old = version == Some(0);
    if is_old && headers.has("transfer-encoding") {
        // HTTP/1.0 has none: who says so anyway is not to be believed (RFC 9112 §6.1).
        return Err(Malformed);
    }
    let rest = rest(status, &headers, method)?;
    let is_switched = status == StatusCode::SWITCHING_PROTOCOLS;
    let keeps_alive = !is_old && !is_switched && !closes(&headers) && rest != Rest::Close;
    Ok(Some(AnswerHead { status, headers, rest, keeps_alive }))
}

/// How the body's end is found: RFC 9112 §6.3; a length beside a coding is two ways. A transfer coding other than one `chunked` is for
/// the passage to refuse; nothing of its body is read.
fn rest(status: StatusCode, headers: &Fields, method: &Method) -> Result<Rest, Malformed> {
    let is_bodiless = *method == Method::HEAD
        || status.is_informational()
        || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if is_bodiless {
        return Ok(Rest::Nothing);
    }
    if let Some(coding) = headers.all("transfer-encoding").last() {
        if headers.has("content-length") {
            return Err(Malformed);
        }
        let is_chunked = coding.trim_ascii().eq_ignore_ascii_case(b"chunked");
        return Ok(if is_chunked { Rest::Chunks(Chunks::Size) } else { Rest::Close });
    }
    match content_length(headers)? {
        None => Ok(Rest::Close),
        Some(0) => Ok(Rest::Nothing),
        Some(length) => Ok(Rest::Length(length)),
    }
}

/// What the head says of the body's length. The same length twice has one meaning (RFC 9110 §8.6).
pub(crate) fn content_length(headers: &Fields) -> Result<Option<u64>, Malformed> {
    let mut lengths = headers.all("content-length");
    let Some(first) = lengths.next() else {
        return Ok(None);
    };
    if lengths.any(|other| other != first) {
        return Err(Malformed);
    }
    decimal(first).map(Some).ok_or(Malformed)
}

fn closes(headers: &Fields) -> bool {
    let mut named = headers.all("connection").flat_map(|value| value.split(|b| *b == b','));
    named.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
}

/// Digits only: `str::parse` would take `+1`. What no body can be as long as is no length.
fn decimal(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| text.parse().ok()).flatten().filter(|length| *length <= u64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<AnswerHead>, Malformed> {
        take(&mut BytesMut::from(text), &Method::GET)
    }

    fn rest_of(lines: &str) -> Result<Rest, Malformed> {
        read(&format!("HTTP/1.1 200 OK\r\n{lines}\r\n")).map(|head| head.unwrap().rest)
    }

    #[test]
    fn the_end_of_a_body_is_found_in_one_way_or_refused() {
        for (lines, rest) in [
            ("content-length: 12\r\n", Ok(Rest::Length(12))),
            ("content-length: 0\r\n", Ok(Rest::Nothing)),
            ("content-length: 12\r\ncontent-length: 12\r\n", Ok(Rest::Length(12))),
            ("content-length: 12\r\ncontent-length: 13\r\n", Err(Malformed)),
            ("content-length: +12\r\n", Err(Malformed)),
            ("content-length: \r\n", Err(Malformed)),
            ("content-length: 18446744073709551615\r\n", Err(Malformed)),
            ("content-length: 99999999999999999999\r\n", Err(Malformed)),
            ("transfer-encoding: Chunked\r\n", Ok(Rest::Chunks(Chunks::Size))),
            ("transfer-encoding: gzip\r\n", Ok(Rest::Close)),
            ("transfer-encoding: chunked\r\ncontent-length: 12\r\n", Err(Malformed)),
            ("content-length: 12\r\ntransfer-encoding: gzip\r\n", Err(Malformed)),
            ("", Ok(Rest::Close)),
        ] {
            assert_eq!(rest_of(lines), rest, "{lines}");
        }
    }

    #[test]
    fn what_has_no_body_ends_with_its_head() {
        for status in ["204 No Content", "304 Not Modified", "101 Switching Protocols"] {
            let head = read(&format!("HTTP/1.1 {status}\r\ncontent-length: 9\r\n\r\n"));
            assert_eq!(head.unwrap().unwrap().rest, Rest::Nothing, "{status}");
        }
        let mut arrived = BytesMut::from("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n");
        let head = take(&mut arrived, &Method::HEAD).unwrap().unwrap();
        assert_eq!((head.rest, head.keeps_alive), (Rest::Nothing, true));
    }

    #[test]
    fn a_connection_is_kept_only_where_both_sides_say_so() {
        let keeps = |text: &str| read(text).unwrap().unwrap().keeps_alive;
        assert!(keeps("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n"));
        assert!(!keeps("HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\n"));
        assert!(!keeps("HTTP/1.1 200 OK\r\ncontent-length: 1\r\nConnection: x, Close\r\n\r\n"));
        assert!(!keeps("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"));
        assert!(!keeps("HTTP/1.1 200 OK\r\n\r\n"), "its end is the connection's");
    }

    #[test]
    fn what_is_no_head_is_refused_and_half_a_head_is_awaited() {
        for text in
            ["SSH-2.0-x\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\na b: 1\r\n\r\n"]
        {
            assert!(read(text).is_err(), "{text}");
        }
        for text in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\na: b\r\n"] {
            assert!(read(text).unwrap().is_none(), "{text}");
        }
        let many = "a: b\r\n".repeat(MOST_LINES + 1);
        assert!(read(&format!("HTTP/1.1 200 OK\r\n{many}\r\n")).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            let _ = take(&mut BytesMut::from(&*bytes), &Method::GET);
        }
    }
}
