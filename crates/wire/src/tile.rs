//! Tiles (C2SP tlog-tiles): the log cut into files that never change once they are full.
//!
//! A hash tile of level L holds up to 256 hashes, each the root of 256^L leaves; an entry bundle
//! holds up to 256 entries. [`TilePath`] is where a tile stands under the log's prefix, [`Tiles`]
//! reads tree hashes out of tiles, [`encode_entry`] and [`decode_entries`] are the entry bundles.
//!
//! **Invariant**: a partial tile is a prefix of the full one.
//! **Trust**: tiles prove nothing by themselves; only a signed root does.

mod path;
mod reader;

pub use path::{NotATilePath, TileKind, TilePath};
pub use reader::{TileError, Tiles};

/// Levels of the binary tree in one tile.
pub const HEIGHT: u8 = 8;

/// Hashes in a full tile, entries in a full bundle.
pub const WIDTH: u16 = 256;

/// The longest entry that a bundle can hold, in bytes.
pub const MAX_ENTRY_BYTES: usize = u16::MAX as usize;

/// Bytes that are no entry bundle, or an entry that does not fit one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryBundleError {
    /// The bytes end inside an entry.
    #[error("the entry bundle ends inside an entry")]
    Truncated,
    /// More than 256 entries.
    #[error("the entry bundle has more than 256 entries")]
    TooMany,
    /// An entry longer than 65 535 bytes.
    #[error("an entry may have 65535 bytes, not {0}")]
    TooLong(usize),
}

/// Appends one entry to the bytes of a bundle: its length in two bytes, big-endian, then itself.
pub fn encode_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), EntryBundleError> {
    let too_long = |_| EntryBundleError::TooLong(entry.len());
    let length = u16::try_from(entry.len()).map_err(too_long)?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

/// The entries of a bundle, in order.
pub fn decode_entries(bundle: &[u8]) -> Result<Vec<&[u8]>, EntryBundleError> {
    let (mut rest, mut entries) = (bundle, Vec::new());
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk().ok_or(EntryBundleError::Truncated)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, after) = after.split_at_checked(length).ok_or(EntryBundleError::Truncated)?;
        if entries.len() == usize::from(WIDTH) {
            return Err(EntryBundleError::TooMany);
        }
        entries.push(entry);
        rest = after;
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_entry_bundle_is_lengths_and_entries() {
        let mut bundle = Vec::new();
        encode_entry(&mut bundle, b"abc").unwrap();
        encode_entry(&mut bundle, b"").unwrap();
        assert_eq!(bundle, b"\x00\x03abc\x00\x00");
        assert_eq!(decode_entries(&bundle), Ok(vec![&b"abc"[..], b""]));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut bundle = Vec::new();
        let long = vec![0; MAX_ENTRY_BYTES + 1];
        assert_eq!(encode_entry(&mut bundle, &long), Err(EntryBundleError::TooLong(65_536)));
        assert_eq!(bundle, b"");
        assert_eq!(encode_entry(&mut bundle, &long[1..]), Ok(()));
        assert_eq!(decode_entries(b"\x00"), Err(EntryBundleError::Truncated));
        assert_eq!(decode_entries(b"\x00\x02a"), Err(EntryBundleError::Truncated));
        assert_eq!(decode_entries(&[0; 2 * 256]).unwrap().len(), 256);
        assert_eq!(decode_entries(&[0; 2 * 257]), Err(EntryBundleError::TooMany));
    }

    proptest! {
        #[test]
        fn entries_come_back_in_order(
            entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..256)
        ) {
            let mut bundle = Vec::new();
            for entry in &entries {
                encode_entry(&mut bundle, entry).unwrap();
            }
            prop_assert_eq!(decode_entries(&bundle).unwrap(), entries);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = decode_entries(&bytes);
        }
    }
}
