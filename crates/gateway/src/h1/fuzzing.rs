//! What this module reads, for [`crate::fuzzing`].

use bytes::BytesMut;

use super::chunked::{Chunks, Step};
use super::head::{self, Scan};
use crate::config::MOST_FIELDS;
use crate::fuzzing::{ReadBody, ReadHead, Unreadable};
use crate::request::Framing;

pub(crate) fn head(arrived: &[u8], step: usize) -> Result<Option<ReadHead>, Unreadable> {
    let mut scanned = 0;
    for length in (0..arrived.len()).step_by(step.max(1)).chain([arrived.len()]) {
        let so_far = arrived.get(..length).unwrap_or_default();
        match head::scan(so_far, scanned) {
            Scan::Incomplete(next) => scanned = next,
            Scan::BareLineFeed => return Err(Unreadable),
            Scan::End(end) => return parsed(so_far.get(..end).unwrap_or_default()).map(Some),
        }
    }
    Ok(None)
}

fn parsed(bytes: &[u8]) -> Result<ReadHead, Unreadable> {
    let parsed = head::parse(bytes, MOST_FIELDS);
    let parsed = parsed.map_err(|_| Unreadable)?;
    let fields = parsed.head.fields.lines();
    Ok(ReadHead {
        method: parsed.head.method.as_str().to_owned(),
        target: parsed.head.target.into(),
        fields: fields
            .map(|line| (String::from_utf8_lossy(line.name()).into_owned(), line.value().to_vec()))
            .collect(),
        content_length: match parsed.head.framing {
            Framing::None => Some(0),
            Framing::Length(length) => Some(length),
            Framing::Chunked => None,
        },
        keep_alive: parsed.connection.keep_alive,
        length: bytes.len(),
    })
}

pub(crate) fn chunks(body: &[u8], step: usize) -> Result<Option<ReadBody>, Unreadable> {
    let (mut chunks, mut arrived, mut data) = (Chunks::Size, BytesMut::new(), Vec::new());
    let mut taken = 0;
    for part in body.chunks(step.max(1)) {
        arrived.extend_from_slice(part);
        taken += part.len();
        loop {
            match chunks.take(&mut arrived).map_err(|_| Unreadable)? {
                Step::NeedMore => break,
                Step::Data(bytes) => data.extend_from_slice(&bytes),
                Step::End(trailers) => {
                    let trailers = trailers.lines().count();
                    return Ok(Some(ReadBody { data, trailers, length: taken - arrived.len() }));
                }
            }
        }
    }
    Ok(None)
}
