//! The frame that every question and every answer stands in.

/// The longest frame, its length included.
pub(in crate::cluster) const MOST_BYTES: usize = 512;

/// One frame as it came.
#[derive(Debug, Clone, Copy)]
pub(in crate::cluster) struct Frame<'a> {
    pub(in crate::cluster) number: u32,
    pub(super) kind: u8,
    pub(super) body: &'a [u8],
}

/// What comes first in what was received.
#[derive(Debug)]
pub(in crate::cluster) enum Next<'a> {
    /// A frame, and how many bytes it takes.
    Frame(Frame<'a>, usize),
    /// Not all of it is there yet.
    Incomplete,
    /// No frame begins so.
    Malformed,
}

pub(in crate::cluster) fn next(received: &[u8]) -> Next<'_> {
    let mut cursor = Cursor(received);
    let Some(length) = cursor.array().map(u16::from_be_bytes) else {
        return Next::Incomplete;
    };
    let length = usize::from(length);
    if !(5..=MOST_BYTES - 2).contains(&length) {
        return Next::Malformed;
    }
    let Some(frame) = cursor.0.get(..length) else {
        return Next::Incomplete;
    };
    let mut cursor = Cursor(frame);
    match (cursor.byte(), cursor.array().map(u32::from_be_bytes)) {
        (Some(kind), Some(number)) => {
            Next::Frame(Frame { number, kind, body: cursor.rest() }, length + 2)
        }
        _ => Next::Malformed,
    }
}

/// Takes bytes from the front.
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}

/// Writes a frame around what `body` writes.
pub(super) fn frame(out: &mut Vec<u8>, kind: u8, number: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0, 0, kind]);
    out.extend_from_slice(&number.to_be_bytes());
    body(out);
    // A body has at most 112 bytes: a key id has at most 64.
    let length = u16::try_from(out.len() - start - 2).unwrap_or(u16::MAX).to_be_bytes();
    for (to, from) in out.iter_mut().skip(start).zip(length) {
        *to = from;
    }
}
