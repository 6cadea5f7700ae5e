//! Reads HTTP/1.1 answers as they come in pieces.

use std::fmt;

/// A whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Bytes of its body, without the framing of chunks.
    pub length: u64,
}

/// Why what came is no answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed(&'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The longest head, or line of a chunk, that is waited for.
const LONGEST_LINE: usize = 16 * 1024;
const MOST_FIELDS: usize = 64;

/// Reads one answer after the other from a connection on which one request at a time is under way.
#[derive(Debug, Default)]
pub struct AnswerReader {
    /// What has come of a head, or of a line between chunks, that is not whole.
    begun: Vec<u8>,
    answer: Option<Answer>,
    rest: Rest,
}

/// What of the answer is still to come.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Rest {
    #[default]
    Head,
    /// So many bytes, then nothing.
    Body(u64),
    ChunkSize,
    /// So many bytes of a chunk, its line end included.
    Chunk(u64),
    Trailers,
}

impl AnswerReader {
    /// Takes the next bytes; the answer, if they end one.
    pub fn read(&mut self, mut bytes: &[u8]) -> Result<Option<Answer>, Malformed> {
        loop {
            match self.rest {
                Rest::Body(0) => return self.end(bytes),
                Rest::Head if bytes.is_empty() => return Ok(None),
                Rest::Head => match self.head(bytes)? {
                    Some(rest) => bytes = rest,
                    None => return Ok(None),
                },
                _ if bytes.is_empty() => return Ok(None),
                Rest::Body(left) => {
                    let left = left - skip(&mut bytes, left);
                    self.rest = Rest::Body(left);
                }
                Rest::Chunk(left) => {
                    let left = left - skip(&mut bytes, left);
                    self.rest = if left == 0 { Rest::ChunkSize } else { Rest::Chunk(left) };
                }
                Rest::ChunkSize | Rest::Trailers => match self.line(bytes)? {
                    Some(rest) => bytes = rest,
                    None => return Ok(None),
                },
            }
        }
    }

    fn end(&mut self, rest: &[u8]) -> Result<Option<Answer>, Malformed> {
        if !rest.is_empty() {
            return Err(Malformed("more came than the answer"));
        }
        self.rest = Rest::Head;
        Ok(self.answer.take())
    }

    /// Reads a head, if it is whole; returns what follows it.
    fn head<'b>(&mut self, bytes: &'b [u8]) -> Result<Option<&'b [u8]>, Malformed> {
        let before = self.begun.len();
        let all = if before == 0 {
            bytes
        } else {
            self.begun.extend_from_slice(bytes);
            &self.begun
        };
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut head = httparse::Response::new(&mut fields);
        let parsed = head.parse(all).map_err(|_| Malformed("no head of an answer"))?;
        let httparse::Status::Complete(length) = parsed else {
            if all.len() > LONGEST_LINE {
                return Err(Malformed("a head without end"));
            }
            if before == 0 {
                self.begun.extend_from_slice(bytes);
            }
            return Ok(None);
        };
        let status = head.code.ok_or(Malformed("no status"))?;
        let (framing, length_of_body) = framing(head.headers)?;
        self.answer = Some(Answer { status, length: length_of_body });
        self.rest = framing;
        self.begun.clear();
        Ok(Some(&bytes[length - before..]))
    }

    /// Reads a line between chunks, if it is whole; returns what follows it.
    fn line<'b>(&mut self, bytes: &'b [u8]) -> Result<Option<&'b [u8]>, Malformed> {
        let Some(end) = bytes.iter().position(|&byte| byte == b'\n') else {
            self.begun.extend_from_slice(bytes);
            return if self.begun.len() > LONGEST_LINE {
                Err(Malformed("a line without end"))
            } else {
                Ok(None)
            };
        };
        self.begun.extend_from_slice(&bytes[..end]);
        let line = std::mem::take(&mut self.begun);
        let line = line.strip_suffix(b"\r").ok_or(Malformed("a line without CR"))?;
        self.rest = match self.rest {
            Rest::ChunkSize => match chunk_size(line)? {
                0 => Rest::Trailers,
                size => {
                    self.answer.as_mut().ok_or(Malformed("a chunk without head"))?.length += size;
                    Rest::Chunk(size + 2)
                }
            },
            _ if line.is_empty() => Rest::Body(0),
            trailers => trailers,
        };
        Ok(Some(&bytes[end + 1..]))
    }
}

/// Steps over at most so many bytes; returns how many.
fn skip(bytes: &mut &[u8], most: u64) -> u64 {
    let step = usize::try_from(most).unwrap_or(usize::MAX).min(bytes.len());
    *bytes = &bytes[step..];
    u64::try_from(step).unwrap_or(u64::MAX)
}

/// How the body is framed, and its length as far as the head tells it.
fn framing(fields: &[httparse::Header<'_>]) -> Result<(Rest, u64), Malformed> {
    let value = |name: &str| {
        let mut found = fields.iter().filter(|field| field.name.eq_ignore_ascii_case(name));
        found.next().map(|field| field.value)
    };
    if let Some(coding) = value("transfer-encoding") {
        let chunked = coding.eq_ignore_ascii_case(b"chunked");
        return if chunked { Ok((Rest::ChunkSize, 0)) } else { Err(Malformed("another coding")) };
    }
    let length = value("content-length").ok_or(Malformed("a body of unknown length"))?;
    let length = std::str::from_utf8(length).ok().and_then(|text| text.parse().ok());
    let length = length.ok_or(Malformed("no length"))?;
    Ok((Rest::Body(length), length))
}

fn chunk_size(line: &[u8]) -> Result<u64, Malformed> {
    let digits = line.split(|&byte| byte == b';').next().unwrap_or_default();
    let digits = std::str::from_utf8(digits).unwrap_or_default().trim();
    u64::from_str_radix(digits, 16).map_err(|_| Malformed("no size of a chunk"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &[u8] = b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 12\r\n\r\nhere you are";
    const CHUNKED: &[u8] = b"HTTP/1.1 401 No\r\ntransfer-encoding: chunked\r\n\r\n\
        4;x=y\r\nhere\r\nA\r\n you are  \r\n0\r\ndigest: z\r\n\r\n";

    fn read_in_pieces(bytes: &[u8], size: usize) -> Vec<Answer> {
        let mut reader = AnswerReader::default();
        let read = bytes.chunks(size).filter_map(|piece| reader.read(piece).unwrap());
        read.collect()
    }

    #[test]
    fn answers_are_read_whatever_pieces_they_come_in() {
        for size in 1..=CHUNKED.len() {
            let plain = Answer { status: 200, length: 12 };
            assert_eq!(read_in_pieces(PLAIN, size), [plain], "in pieces of {size}");
            let chunked = Answer { status: 401, length: 14 };
            assert_eq!(read_in_pieces(CHUNKED, size), [chunked], "in pieces of {size}");
        }
    }

    #[test]
    fn one_answer_follows_the_other_on_a_connection() {
        let mut reader = AnswerReader::default();
        for bytes in [PLAIN, CHUNKED, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", PLAIN] {
            assert!(reader.read(bytes).unwrap().is_some());
        }
    }

    #[test]
    fn what_is_no_answer_or_more_than_one_is_told() {
        let read = |bytes: &[u8]| AnswerReader::default().read(bytes);
        assert_eq!(read(b"ICY 200 OK\r\n\r\n"), Err(Malformed("no head of an answer")));
        assert_eq!(
            read(b"HTTP/1.1 200 OK\r\n\r\nwithout length"),
            Err(Malformed("a body of unknown length"))
        );
        assert_eq!(read(&[PLAIN, b"x"].concat()), Err(Malformed("more came than the answer")));
        let size = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n";
        assert_eq!(read(size), Err(Malformed("no size of a chunk")));
    }
}
