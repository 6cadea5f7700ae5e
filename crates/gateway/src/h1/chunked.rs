//! Chunked bodies (RFC 9112 §7.1), strictly: lines end in CRLF, sizes are plain hex digits.

use bytes::{Buf, Bytes, BytesMut};

use crate::fields::Fields;
use crate::request::BodyFault;

/// The longest chunk-size line, extensions included; those are read over (RFC 9112 §7.1.1).
const LONGEST_SIZE_LINE: usize = 256;
/// The longest trailer section.
const LONGEST_TRAILERS: usize = 8 * 1024;
/// The most trailer lines.
const MOST_TRAILERS: usize = 32;

/// What has been said in the head, and would now be said a second time (RFC 9110 §6.5.1).
const SAID_BEFORE: [&str; 3] = ["content-length", "host", "transfer-encoding"];

/// Where in the chunks the reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chunks {
    /// Before a chunk-size line.
    Size,
    /// Inside a chunk with so many bytes left.
    Data(u64),
    /// Before the line end after a chunk.
    DataEnd,
    /// After the last chunk.
    Trailers,
}

/// What the bytes so far gave.
#[derive(Debug)]
pub(crate) enum Step {
    /// More bytes are needed.
    NeedMore,
    /// Part of a chunk.
    Data(Bytes),
    /// The end, with the trailers that stood there.
    End(Fields),
}

impl Chunks {
    /// Takes the next part from the front of `arrived`.
    pub(crate) fn take(&mut self, arrived: &mut BytesMut) -> Result<Step, BodyFault> {
        loop {
            match *self {
                Self::Size => {
                    let Some(line) = take_line(arrived, LONGEST_SIZE_LINE)? else {
                        return Ok(Step::NeedMore);
                    };
                    *self = match size(&line)? {
                        0 => Self::Trailers,
                        size => Self::Data(size),
                    };
                }
                Self::Data(_) if arrived.is_empty() => return Ok(Step::NeedMore),
                Self::Data(left) => {
                    let here = usize::try_from(left).unwrap_or(usize::MAX).min(arrived.len());
                    let left = left - here as u64;
                    *self = if left == 0 { Self::DataEnd } else { Self::Data(left) };
                    return Ok(Step::Data(arrived.split_to(here).freeze()));
                }
                Self::DataEnd => match arrived.first_chunk() {
                    None => return Ok(Step::NeedMore),
                    Some(b"\r\n") => {
                        arrived.advance(2);
                        *self = Self::Size;
                    }
                    Some(_) => return Err(BodyFault::Malformed),
                },
                Self::Trailers => return take_trailers(arrived),
            }
        }
    }
}

/// Takes one line without its CRLF.
fn take_line(arrived: &mut BytesMut, longest: usize) -> Result<Option<BytesMut>, BodyFault> {
    let Some(feed) = arrived.iter().take(longest).position(|byte| *byte == b'\n') else {
        let is_too_long = arrived.len() >= longest;
        return if is_too_long { Err(BodyFault::Malformed) } else { Ok(None) };
    };
    let mut line = arrived.split_to(feed + 1);
    if !line.ends_with(b"\r\n") {
        return Err(BodyFault::Malformed);
    }
    line.truncate(feed - 1);
    Ok(Some(line))
}

/// The size in a chunk-size line: up to 15 hex digits, then perhaps `;` and extensions.
fn size(line: &[u8]) -> Result<u64, BodyFault> {
    let line = std::str::from_utf8(line).map_err(|_| BodyFault::Malformed)?;
    let (digits, is_plain) = match line.split_once(';') {
        Some((before, extensions)) => (before.trim_end_matches(BLANKS), is_plain(extensions)),
        None => (line, true),
    };
    let is_hex = (1..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_hex || !is_plain {
        return Err(BodyFault::Malformed);
    }
    u64::from_str_radix(digits, 16).map_err(|_| BodyFault::Malformed)
}

const BLANKS: [char; 2] = [' ', '\t'];

/// Whether extensions are printable ASCII in which every quoted string ends: one that stays open
/// would, for a reader that honours quotes, reach over the end of the line.
fn is_plain(extensions: &str) -> bool {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for one in extensions.chars() {
        if !matches!(one, ' '..='~' | '\t') {
            return false;
        }
        match one {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = is_quoted,
            '"' => is_quoted = !is_quoted,
            _ => {}
        }
    }
    !is_quoted
}

fn take_trailers(arrived: &mut BytesMut) -> Result<Step, BodyFault> {
    if arrived.starts_with(b"\r\n") {
        arrived.advance(2);
        return Ok(Step::End(Fields::default()));
    }
    let Some(end) = arrived.windows(4).position(|window| window == b"\r\n\r\n") else {
        let is_too_long = arrived.len() >= LONGEST_TRAILERS;
        return if is_too_long { Err(BodyFault::Malformed) } else { Ok(Step::NeedMore) };
    };
    let section = arrived.split_to(end + 4).freeze();
    // httparse takes a bare line feed for the end of a line (RFC 9112 §2.2 lets it); another
    // reader does not.
    if section.split(|byte| *byte == b'\n').any(|line| !line.is_empty() && !line.ends_with(b"\r")) {
        return Err(BodyFault::Malformed);
    }
    let mut slots = [httparse::EMPTY_HEADER; MOST_TRAILERS];
    let lines = match httparse::parse_headers(&section, &mut slots) {
        Ok(httparse::Status::Complete((length, lines))) if length == section.len() => lines,
        Ok(_) | Err(_) => return Err(BodyFault::Malformed),
    };
    let mut trailers = Fields::with_capacity(lines.len(), section.len());
    for line in lines {
        trailers.push(line.name, line.value).map_err(|_| BodyFault::Malformed)?;
    }
    if SAID_BEFORE.iter().any(|name| trailers.has(name)) {
        return Err(BodyFault::Malformed);
    }
    Ok(Step::End(trailers))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a body that arrives `step` bytes at a time.
    fn read(body: &[u8], step: usize) -> Result<(Vec<u8>, Option<Fields>), BodyFault> {
        let (mut chunks, mut arrived, mut data) = (Chunks::Size, BytesMut::new(), Vec::new());
        for part in body.chunks(step) {
            arrived.extend_from_slice(part);
            loop {
                match chunks.take(&mut arrived)? {
                    Step::NeedMore => break,
                    Step::Data(bytes) => data.extend_from_slice(&bytes),
                    Step::End(trailers) => return Ok((data, Some(trailers))),
                }
            }
        }
        Ok((data, None))
    }

    #[test]
    fn chunks_are_read_however_they_arrive() {
        let body = b"3\r\nabc\r\nA;ext=1\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n";
        for step in 1..body.len() {
            let (data, trailers) = read(body, step).unwrap();
            assert_eq!(data, b"abc0123456789");
            assert!(trailers.unwrap().has("x-t"));
        }
    }

    #[test]
    fn an_unfinished_body_has_no_end() {
        assert!(read(b"3\r\nabc\r\n0\r\n", 64).unwrap().1.is_none());
    }

    #[test]
    fn crooked_chunks_are_refused() {
        for body in [
            &b"3\nabc\n0\n\n"[..],
            b"+3\r\nabc\r\n0\r\n\r\n",
            b"0x3\r\nabc\r\n",
            b"\r\nabc\r\n",
            b"3\r\nabcd\r\n",
            b"1000000000000000\r\n",
            b"3 \rx\r\nabc",
            b"3 \r\nabc\r\n0\r\n\r\n",
            b"3;a=\"\r\nabc\r\n0\r\n\r\n",
            b"3;a=\0\r\nabc\r\n0\r\n\r\n",
            b"0\r\nA: 1\nB: 2\r\n\r\n",
            b"0\r\nHost: a\r\n\r\n",
            b"0\r\nno colon\r\n\r\n",
        ] {
            assert_eq!(read(body, 64).err(), Some(BodyFault::Malformed), "{body:?}");
        }
        let endless = [b'1'; 300];
        assert_eq!(read(&endless, 300).err(), Some(BodyFault::Malformed));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>, step in 1_usize..9) {
            let _ = read(&bytes, step);
        }
    }
}
