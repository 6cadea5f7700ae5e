//! What stands inside frames: small binary records, numbers little-endian, lengths before bytes.
//!
//! **Invariant**: what does not read back whole is `None`, never a guess.

use std::collections::HashSet;

use wire::ambient::UtcMicros;
use wire::id::{KeyId, RequestId};

use super::draft::SpentNonce;

/// The rest of a record that is being read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// Bytes after their length.
    pub(super) fn sized(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()?;
        self.take(usize::try_from(length).ok()?)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.sized()?).ok()
    }

    fn nonce(&mut self, names: &mut KeyNames) -> Option<SpentNonce> {
        let length = usize::from(self.u8()?);
        let keyid = names.of(std::str::from_utf8(self.take(length)?).ok()?)?;
        let fingerprint = self.array()?;
        let expires = i64::from_le_bytes(self.array()?);
        Some(SpentNonce { keyid, fingerprint, expires })
    }
}

/// Key ids that were read: each stands in memory once, however many nonces name it.
#[derive(Debug, Default)]
pub(super) struct KeyNames(HashSet<KeyId>);

impl KeyNames {
    fn of(&mut self, text: &str) -> Option<KeyId> {
        if let Some(known) = self.0.get(text) {
            return Some(known.clone());
        }
        let keyid: KeyId = text.parse().ok()?;
        self.0.insert(keyid.clone());
        Some(keyid)
    }
}

pub(super) fn put_sized(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(bytes);
}

fn put_nonce(out: &mut Vec<u8>, nonce: &SpentNonce) {
    let keyid: &str = KeyId::as_ref(&nonce.keyid);
    out.push(u8::try_from(keyid.len()).unwrap_or(u8::MAX)); // a key id has 64 bytes at most
    out.extend_from_slice(keyid.as_bytes());
    out.extend_from_slice(&nonce.fingerprint);
    out.extend_from_slice(&nonce.expires.to_le_bytes());
}

/// First record of a segment of the write-ahead file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SegmentHead {
    pub(super) serial: u64,
    /// The index of its first entry.
    pub(super) start: u64,
    /// The segment before, and how many bytes of it count: what stands after them was never
    /// acknowledged.
    pub(super) predecessor: Option<(u64, u64)>,
    pub(super) origin: String,
}

impl SegmentHead {
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.push(1); // version
        let (serial, length) = self.predecessor.unwrap_or((u64::MAX, 0));
        for number in [self.serial, self.start, serial, length] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(self.origin.as_bytes());
    }

    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        let mut cursor = Cursor(payload);
        let 1 = cursor.u8()? else { return None };
        let (serial, start) = (cursor.u64()?, cursor.u64()?);
        let (before, length) = (cursor.u64()?, cursor.u64()?);
        let origin = std::str::from_utf8(cursor.0).ok()?.to_owned();
        let predecessor = match (before, length) {
            (u64::MAX, 0) => None,
            (u64::MAX, _) => return None,
            before => Some(before),
        };
        Some(Self { serial, start, predecessor, origin })
    }
}

/// An entry as it stands in the write-ahead file.
#[derive(Debug, Clone)]
pub(super) struct EntryRecord<'a> {
    pub(super) index: u64,
    pub(super) time: UtcMicros,
    pub(super) request_id: Option<RequestId>,
    pub(super) resolves_intent: bool,
    pub(super) nonce: Option<SpentNonce>,
    /// The canonical JSON that is hashed.
    pub(super) entry: &'a [u8],
    /// The sealed detail, empty if there is none.
    pub(super) detail: &'a [u8],
}

const RESOLVES: u8 = 1;
const HAS_NONCE: u8 = 2;

impl<'a> EntryRecord<'a> {
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.index.to_le_bytes());
        out.extend_from_slice(&self.time.as_micros().to_le_bytes());
        let request_id = self.request_id.map_or([0; 16], |request_id| *request_id.as_bytes());
        out.extend_from_slice(&request_id);
        let resolves = if self.resolves_intent { RESOLVES } else { 0 };
        out.push(resolves | if self.nonce.is_some() { HAS_NONCE } else { 0 });
        if let Some(nonce) = &self.nonce {
            put_nonce(out, nonce);
        }
        put_sized(out, self.entry);
        out.extend_from_slice(self.detail);
    }

    pub(super) fn read(payload: &'a [u8], names: &mut KeyNames) -> Option<Self> {
        let mut cursor = Cursor(payload);
        let index = cursor.u64()?;
        let micros = i64::from_le_bytes(cursor.array()?);
        // A moment beyond what a time can be would be read as another.
        let time =
            Some(UtcMicros::from_micros(micros)).filter(|time| time.as_micros() == micros)?;
        let request_id = match cursor.array()? {
            nobody if nobody == [0; 16] => None,
            bytes => Some(RequestId::from_bytes(bytes)?),
        };
        let flags = cursor.u8()?;
        if flags & !(RESOLVES | HAS_NONCE) != 0 {
            return None;
        }
        let nonce = if flags & HAS_NONCE == 0 { None } else { Some(cursor.nonce(names)?) };
        let entry = cursor.sized()?;
        let resolves_intent = flags & RESOLVES != 0;
        Some(Self { index, time, request_id, resolves_intent, nonce, entry, detail: cursor.0 })
    }
}

/// A call that is about to be forwarded.
#[derive(Debug, Clone)]
pub(super) struct IntentRecord<'a> {
    pub(super) request_id: RequestId,
    pub(super) nonce: SpentNonce,
    /// The entry `call.unknown` that stands for the call if nothing else ever does.
    pub(super) entry: &'a [u8],
}

impl<'a> IntentRecord<'a> {
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.request_id.as_bytes());
        put_nonce(out, &self.nonce);
        out.extend_from_slice(self.entry);
    }

    pub(super) fn read(payload: &'a [u8], names: &mut KeyNames) -> Option<Self> {
        let mut cursor = Cursor(payload);
        let request_id = RequestId::from_bytes(cursor.array()?)?;
        let nonce = cursor.nonce(names)?;
        Some(Self { request_id, nonce, entry: cursor.0 })
    }
}

/// What became durable in the write-ahead file, noted beside the intents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SettledRecord {
    /// How many entries the log had by then.
    pub(super) size: u64,
    /// Calls whose outcome is in the log.
    pub(super) calls: Vec<RequestId>,
    /// Nonces that came with entries and without an intent.
    pub(super) nonces: Vec<SpentNonce>,
}

impl SettledRecord {
    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty() && self.nonces.is_empty()
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.size.to_le_bytes());
        out.extend_from_slice(&u32::try_from(self.calls.len()).unwrap_or(u32::MAX).to_le_bytes());
        for call in &self.calls {
            out.extend_from_slice(call.as_bytes());
        }
        for nonce in &self.nonces {
            put_nonce(out, nonce);
        }
    }

    pub(super) fn read(payload: &[u8], names: &mut KeyNames) -> Option<Self> {
        let mut cursor = Cursor(payload);
        let size = cursor.u64()?;
        let calls = (0..cursor.u32()?)
            .map(|_| RequestId::from_bytes(cursor.array()?))
            .collect::<Option<_>>()?;
        let mut nonces = Vec::new();
        while !cursor.0.is_empty() {
            nonces.push(cursor.nonce(names)?);
        }
        Some(Self { size, calls, nonces })
    }
}

#[cfg(test)]
mod tests;
