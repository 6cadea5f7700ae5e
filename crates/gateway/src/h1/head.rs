//! Reading a request head, strictly.
//!
//! **Invariant**: what two readers could understand differently is refused, never repaired: two
//! lengths, a length beside a transfer coding, bare line feeds, folded lines (RFC 9112 §§2.2, 5, 6.1).
//! **Trust**: a head that this reader and a provider's reader split differently would let one
//! caller's bytes pass as another's call.

use std::mem::MaybeUninit;

use http::Method;

use crate::config::MOST_FIELDS;
use crate::fields::Fields;
use crate::request::{BadHead, Framing, Head};

/// A head and what it says about its connection.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) head: Head,
    pub(super) connection: ConnectionTerms,
}

/// What a head says about its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ConnectionTerms {
    /// HTTP/1.0: no chunks, no second call.
    pub(super) is_old: bool,
    /// Another call may follow.
    pub(super) keep_alive: bool,
    /// The caller waits for `100 Continue` before it sends the body.
    pub(super) expects_continue: bool,
}

impl ConnectionTerms {
    /// After a head that cannot be understood, nothing can.
    pub(super) const LAST: Self =
        Self { is_old: false, keep_alive: false, expects_continue: false };
}

/// Where a head ends in what has arrived so far.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// Not yet; look again from this offset.
    Incomplete(usize),
    /// Right before this offset.
    End(usize),
    /// A line ends in a bare line feed.
    BareLineFeed,
}

/// Looks for the empty line, starting at `from`.
pub(super) fn scan(arrived: &[u8], from: usize) -> Scan {
    let mut offset = from;
    while let Some(found) = arrived.get(offset..).and_then(|rest| memchr::memchr(b'\n', rest)) {
        let feed = offset + found;
        let line = arrived.get(..feed).unwrap_or_default();
        if line.ends_with(b"\r\n\r") {
            return Scan::End(feed + 1);
        }
        if !line.ends_with(b"\r") {
            return Scan::BareLineFeed;
        }
        offset = feed + 1;
    }
    Scan::Incomplete(arrived.len())
}

/// Reads one whole head, its empty line included.
pub(super) fn parse(bytes: &[u8], max_fields: usize) -> Result<Parsed, BadHead> {
    let mut slots = [const { MaybeUninit::<httparse::Header<'_>>::uninit() }; MOST_FIELDS];
    let mut request = httparse::Request::new(&mut []);
    match request.parse_with_uninit_headers(bytes, &mut slots) {
        Ok(httparse::Status::Complete(length)) if length == bytes.len() => {}
        Err(httparse::Error::TooManyHeaders) => return Err(BadHead::TooLarge),
        Ok(_) | Err(_) => return Err(BadHead::Malformed),
    }
    if request.headers.len() > max_fields {
        return Err(BadHead::TooLarge);
    }
    let method = request.method.map(|method| Method::from_bytes(method.as_bytes()));
    let (Some(Ok(method)), Some(target)) = (method, request.path) else {
        return Err(BadHead::Malformed);
    };
    if !target.is_ascii() {
        return Err(BadHead::Malformed);
    }
    let mut fields = Fields::with_capacity(request.headers.len(), bytes.len());
    for line in request.headers.iter() {
        fields.push(line.name, line.value).map_err(|_| BadHead::Malformed)?;
    }
    let is_old = request.version == Some(0);
    let framing = framing(&fields, is_old)?;
    let connection = ConnectionTerms {
        is_old,
        keep_alive: !is_old && !fields.names_token("connection", "close"),
        expects_continue: !is_old && fields.names_token("expect", "100-continue"),
    };
    let head = Head { method, target: target.into(), fields, framing };
    Ok(Parsed { head, connection })
}

/// How the body's end is found: RFC 9112 §6.3, refusing wherever it lets a server choose.
fn framing(fields: &Fields, is_old: bool) -> Result<Framing, BadHead> {
    let coding = fields.single("transfer-encoding").map_err(|_| BadHead::Framing)?;
    let length = fields.single("content-length").map_err(|_| BadHead::Framing)?;
    match (coding, length) {
        (None, None) => Ok(Framing::None),
        (None, Some(length)) => match decimal(length) {
            Some(0) => Ok(Framing::None),
            Some(length) => Ok(Framing::Length(length)),
            None => Err(BadHead::Framing),
        },
        (Some(coding), None) if !is_old && coding.eq_ignore_ascii_case("chunked") => {
            Ok(Framing::Chunked)
        }
        (Some(_), _) => Err(BadHead::Framing),
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

    fn read(text: &str) -> Result<Parsed, BadHead> {
        parse(text.as_bytes(), MOST_FIELDS)
    }

    fn framing_of(lines: &str) -> Result<Framing, BadHead> {
        read(&format!("POST / HTTP/1.1\r\nHost: a\r\n{lines}\r\n"))
            .map(|parsed| parsed.head.framing)
    }

    #[test]
    fn a_head_keeps_its_target_as_sent() {
        let parsed = read("GET /a%2Fb?q=%20#frag HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        assert_eq!(&*parsed.head.target, "/a%2Fb?q=%20#frag");
        assert!(parsed.connection.keep_alive);
    }

    #[test]
    fn the_end_of_a_head_is_found_across_reads() {
        let head = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nrest";
        let first = scan(&head[..25], 0);
        assert_eq!(first, Scan::Incomplete(25));
        assert_eq!(scan(head, 25), Scan::End(head.len() - 4));
        assert_eq!(scan(b"GET / HTTP/1.1\nHost: a\n\n", 0), Scan::BareLineFeed);
    }

    #[test]
    fn an_ambiguous_end_of_body_is_refused() {
        for lines in [
            "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
            "Content-Length: 3\r\nContent-Length: 3\r\n",
            "Content-Length: 3, 3\r\n",
            "Content-Length: +3\r\n",
            "Content-Length: \r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: identity\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        ] {
            assert_eq!(framing_of(lines).err(), Some(BadHead::Framing), "{lines}");
        }
    }

    #[test]
    fn a_plain_framing_is_read() {
        assert_eq!(framing_of(""), Ok(Framing::None));
        assert_eq!(framing_of("Content-Length: 0\r\n"), Ok(Framing::None));
        assert_eq!(framing_of("Content-Length: 12\r\n"), Ok(Framing::Length(12)));
        assert_eq!(framing_of("Transfer-Encoding: Chunked\r\n"), Ok(Framing::Chunked));
    }

    #[test]
    fn what_is_not_http_1_is_refused() {
        for text in [
            "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
            "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\n",
            "GET /\0 HTTP/1.1\r\n\r\n",
            "GET /\u{e9} HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nX: a\0b\r\n\r\n",
            "\r\n\r\n",
        ] {
            assert_eq!(read(text).err(), Some(BadHead::Malformed), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            let _ = scan(&bytes, 0);
            let _ = parse(&bytes, MOST_FIELDS);
        }
    }
}
