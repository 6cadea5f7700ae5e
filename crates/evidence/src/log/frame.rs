//! Frames: how the write-ahead and intent segments tell whole records from torn ones.
//!
//! ```text
//! 0  magic   FF 'L' 'g' 00
//! 4  length  u32, of the payload
//! 8  crc32c  u32, over everything after it
//! 12 kind    u8, then three zero bytes
//! 16 synced  u64: how many bytes of this segment were known to be durable when it was written
//! 24 payload
//! ```
//! All numbers are little-endian. The magic cannot stand inside JSON text (FF is not UTF-8), so no
//! caller can smuggle a frame into a payload for [`scan`] to find.
//!
//! **Invariant**: a frame that does not check, *before* a later frame's `synced` mark, is damage
//! to bytes that were acknowledged. After the last such mark it is a write that power or `kill -9`
//! cut short, which nobody was told of.

/// Bytes of a frame before its payload.
const HEADER: usize = 24;

const MAGIC: [u8; 4] = [0xFF, b'L', b'g', 0x00];

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// First of each segment: what segment this is.
    Segment = 1,
    /// An entry of the log, with its sealed detail.
    Entry = 2,
    /// A call that is about to be forwarded.
    Intent = 3,
    /// Calls whose outcome is in the log, and nonces that came without an intent.
    Settled = 4,
}

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        [Self::Segment, Self::Entry, Self::Intent, Self::Settled]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }
}

/// A frame that checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// Where it begins in its segment.
    pub(super) at: usize,
    pub(super) kind: Kind,
    pub(super) synced: u64,
    pub(super) payload: &'a [u8],
}

/// Appends a frame to `out`; `payload` writes what it holds.
pub(super) fn write(
    out: &mut Vec<u8>,
    kind: Kind,
    synced: u64,
    payload: impl FnOnce(&mut Vec<u8>),
) {
    let start = out.len();
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&[kind as u8, 0, 0, 0]);
    out.extend_from_slice(&synced.to_le_bytes());
    payload(out);
    let Some(frame) = out.get_mut(start..) else {
        return;
    };
    let length = u32::try_from(frame.len() - HEADER).unwrap_or(u32::MAX);
    let crc = frame.get(12..).map_or(0, crc32c::crc32c);
    for (to, from) in
        frame.iter_mut().skip(4).zip(length.to_le_bytes().into_iter().chain(crc.to_le_bytes()))
    {
        *to = from;
    }
}

/// What a segment holds.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    /// The frames that stand one after the other from the beginning.
    pub(super) whole: Vec<Frame<'a>>,
    /// Where they end: the length of the segment that can be relied on.
    pub(super) valid: usize,
    /// Frames that check, found after the first that did not.
    pub(super) stranded: Vec<Frame<'a>>,
}

impl Scan<'_> {
    /// Whether the first bad frame stands before a mark that says it was durable.
    pub(super) fn is_damaged(&self) -> bool {
        self.stranded.iter().any(|frame| frame.synced > self.valid as u64)
    }
}

/// Reads the frames of a segment.
pub(super) fn scan(segment: &[u8]) -> Scan<'_> {
    let mut whole = Vec::new();
    let mut at = 0;
    while let Some((frame, end)) = frame_at(segment, at) {
        whole.push(frame);
        at = end;
    }
    let valid = at;
    let mut stranded = Vec::new();
    while at < segment.len() {
        if let Some((frame, end)) = frame_at(segment, at) {
            stranded.push(frame);
            at = end;
        } else {
            at = next_magic(segment, at + 1);
        }
    }
    Scan { whole, valid, stranded }
}

fn frame_at(segment: &[u8], at: usize) -> Option<(Frame<'_>, usize)> {
    let rest = segment.get(at..)?;
    let (header, after) = rest.split_first_chunk::<HEADER>()?;
    let [m0, m1, m2, m3, l0, l1, l2, l3, c0, c1, c2, c3, kind, 0, 0, 0, synced @ ..] = *header
    else {
        return None;
    };
    let length = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])).ok()?;
    let payload = after.get(..length)?;
    let checked = rest.get(12..HEADER + length)?;
    let is_whole = [m0, m1, m2, m3] == MAGIC
        && u32::from_le_bytes([c0, c1, c2, c3]) == crc32c::crc32c(checked);
    if !is_whole {
        return None;
    }
    let frame = Frame { at, kind: Kind::of(kind)?, synced: u64::from_le_bytes(synced), payload };
    Some((frame, at + HEADER + length))
}

fn next_magic(segment: &[u8], from: usize) -> usize {
    let rest = segment.get(from..).unwrap_or_default();
    let found = rest.windows(MAGIC.len()).position(|window| window == MAGIC);
    found.map_or(segment.len(), |offset| from + offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(frames: &[(u64, &[u8])]) -> Vec<u8> {
        let mut out = Vec::new();
        for (synced, payload) in frames {
            write(&mut out, Kind::Entry, *synced, |out| out.extend_from_slice(payload));
        }
        out
    }

    #[test]
    fn what_was_written_is_read_back() {
        let bytes = segment(&[(0, b"one"), (0, b""), (51, b"three")]);
        let scan = scan(&bytes);
        let payloads: Vec<_> = scan.whole.iter().map(|frame| frame.payload).collect();
        assert_eq!(payloads, [b"one".as_slice(), b"", b"three"]);
        assert_eq!(scan.valid, bytes.len());
        assert!(!scan.is_damaged());
    }

    #[test]
    fn a_torn_tail_is_cut_wherever_it_is_torn() {
        let bytes = segment(&[(0, b"one"), (27, b"two")]);
        for length in 27..bytes.len() {
            let scan = scan(bytes.get(..length).unwrap());
            assert_eq!((scan.whole.len(), scan.valid), (1, 27), "torn at {length}");
            assert!(!scan.is_damaged());
        }
    }

    #[test]
    fn a_flipped_bit_before_a_synced_mark_is_damage_and_after_it_is_not() {
        let bytes = segment(&[(0, b"one"), (27, b"two"), (27, b"three")]);
        for at in 0..27 {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            let scan = scan(&bytes);
            assert!(scan.is_damaged(), "flipped at {at}");
            assert_eq!(scan.stranded.len(), 2);
        }
        for at in 27..54 {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            assert!(!scan(&bytes).is_damaged(), "flipped at {at}");
        }
    }
}
