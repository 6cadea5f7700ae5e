//! The lines of a head as a record holds them.

use super::codec::Cursor;

/// The lines of a head, in order, in one text: each behind its length, as it stands in a detail.
///
/// **Invariant**: all of them are UTF-8.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HeadLines {
    count: u32,
    /// For each line its length in four bytes, little-endian, and the line.
    encoded: Vec<u8>,
}

impl HeadLines {
    /// None so far, with room for some.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { count: 0, encoded: Vec::with_capacity(bytes) }
    }

    /// Adds a line made of these parts; what is not UTF-8 in them is replaced.
    pub fn push(&mut self, parts: &[&[u8]]) {
        let start = self.encoded.len();
        self.encoded.extend_from_slice(&[0; 4]);
        for part in parts {
            // Nearly always ASCII, for which there is a quick check.
            if part.is_ascii() {
                self.encoded.extend_from_slice(part);
            } else {
                self.encoded.extend_from_slice(String::from_utf8_lossy(part).as_bytes());
            }
        }
        let length = self.encoded.len() - start - 4;
        if let Some(to) = self.encoded.get_mut(start..).and_then(<[u8]>::first_chunk_mut) {
            *to = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
            self.count += 1;
        }
    }

    /// Every line, as bytes.
    pub fn bytes(&self) -> impl Iterator<Item = &[u8]> {
        let mut cursor = Cursor(&self.encoded);
        std::iter::from_fn(move || cursor.sized())
    }

    /// Every line.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.bytes().map(|line| std::str::from_utf8(line).unwrap_or_default())
    }

    /// How many bytes [`Self::put`] writes.
    pub(super) fn put_length(&self) -> usize {
        4 + self.encoded.len()
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.count.to_le_bytes());
        out.extend_from_slice(&self.encoded);
    }

    pub(super) fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let mut lines = Self::default();
        for _ in 0..cursor.u32()? {
            lines.push(&[cursor.text()?.as_bytes()]);
        }
        Some(lines)
    }
}

impl<L: AsRef<[u8]>> FromIterator<L> for HeadLines {
    fn from_iter<I: IntoIterator<Item = L>>(lines: I) -> Self {
        let mut head = Self::default();
        lines.into_iter().for_each(|line| head.push(&[line.as_ref()]));
        head
    }
}
