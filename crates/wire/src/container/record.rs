//! The records of a ZIP (PKWARE APPNOTE 6.3.10 §4.3), with every choice fixed: version 1.0,
//! names in UTF-8, method *stored*, 1980-01-01 00:00, no attributes, no extra fields, one disk.

use super::ContainerError;

/// What a local file header starts with: `PK\x03\x04`.
pub(super) const LOCAL_SIGNATURE: [u8; 4] = *b"PK\x03\x04";
const CENTRAL_SIGNATURE: [u8; 4] = *b"PK\x01\x02";
const END_SIGNATURE: [u8; 4] = *b"PK\x05\x06";

/// How many files the form can count.
pub(super) const MAX_FILES: usize = u16::MAX as usize;

/// Version needed to extract: 1.0, the least there is.
const VERSION: u16 = 10;
/// General purpose bit 11: names are UTF-8.
const FLAGS: u16 = 1 << 11;
const STORED: u16 = 0;
const TIME: u16 = 0;
/// 1980-01-01, the first day this form knows.
const DATE: u16 = (1 << 5) | 1;

/// What is said about one file.
pub(super) struct Header<'a> {
    pub(super) name: &'a str,
    pub(super) crc32: u32,
    pub(super) length: u32,
    name_length: u16,
    offset: u32,
}

impl<'a> Header<'a> {
    /// The header of a file whose local header stands at `offset`.
    pub(super) fn of(name: &'a str, bytes: &[u8], offset: usize) -> Result<Self, ContainerError> {
        Ok(Self {
            name,
            crc32: crc32fast::hash(bytes),
            length: fit(bytes.len())?,
            name_length: u16::try_from(name.len()).map_err(|_| ContainerError::TooLarge)?,
            offset: fit(offset)?,
        })
    }

    /// Reads the local header at the start of `bytes` (APPNOTE §4.3.7), for name, length and
    /// CRC-32 only; gives also what follows it.
    pub(super) fn read_local(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (fixed, rest) = bytes.split_first_chunk::<30>()?;
        let [.., c0, c1, c2, c3, _, _, _, _, l0, l1, l2, l3, n0, n1, x0, x1] = *fixed;
        let name_length = u16::from_le_bytes([n0, n1]);
        let (name, rest) = rest.split_at_checked(usize::from(name_length))?;
        let (_, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes([x0, x1])))?;
        let header = Self {
            name: std::str::from_utf8(name).ok()?,
            crc32: u32::from_le_bytes([c0, c1, c2, c3]),
            length: u32::from_le_bytes([l0, l1, l2, l3]),
            name_length,
            offset: 0,
        };
        Some((header, rest))
    }

    /// APPNOTE §4.3.7.
    pub(super) fn write_local(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&LOCAL_SIGNATURE);
        self.write_common(out);
        out.extend_from_slice(self.name.as_bytes());
    }

    /// APPNOTE §4.3.12.
    pub(super) fn write_central(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&CENTRAL_SIGNATURE);
        // "Made by": the same version, on MS-DOS, whose file attributes are nobody's.
        put16(out, &[VERSION]);
        self.write_common(out);
        // Comment length, disk, internal attributes; external attributes.
        put16(out, &[0, 0, 0]);
        put32(out, &[0, self.offset]);
        out.extend_from_slice(self.name.as_bytes());
    }

    /// What both headers say.
    fn write_common(&self, out: &mut Vec<u8>) {
        put16(out, &[VERSION, FLAGS, STORED, TIME, DATE]);
        put32(out, &[self.crc32, self.length, self.length]);
        // No extra field.
        put16(out, &[self.name_length, 0]);
    }
}

/// The end of the central directory (APPNOTE §4.3.16).
pub(super) struct CentralEnd {
    count: u16,
    offset: u32,
    length: u32,
}

impl CentralEnd {
    pub(super) fn of(count: u16, offset: usize, length: usize) -> Result<Self, ContainerError> {
        Ok(Self { count, offset: fit(offset)?, length: fit(length)? })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&END_SIGNATURE);
        put16(out, &[0, 0, self.count, self.count]);
        put32(out, &[self.length, self.offset]);
        put16(out, &[0]);
    }
}

/// A length or offset of this form. 0xffffffff would mean ZIP64.
fn fit(number: usize) -> Result<u32, ContainerError> {
    let fits = u32::try_from(number).ok().filter(|number| *number < u32::MAX);
    fits.ok_or(ContainerError::TooLarge)
}

fn put16(out: &mut Vec<u8>, numbers: &[u16]) {
    out.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

fn put32(out: &mut Vec<u8>, numbers: &[u32]) {
    out.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}
