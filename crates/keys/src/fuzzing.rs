//! The door through which fuzz targets reach the readers of files in the key folder. Only there with
//! the feature `fuzzing`, which nothing that is shipped names.

use crate::{platform_keys, symmetric};

/// What `platform.json` with these bytes says, written again; `None`: it is refused.
pub fn key_index(bytes: &[u8]) -> Option<Vec<u8>> {
    platform_keys::read_again(bytes)
}

/// A file of symmetric keys with these bytes, written again; `None`: it is refused.
pub fn symmetric_keys(bytes: &[u8]) -> Option<Vec<u8>> {
    let keys = symmetric::decode_file(bytes).ok()?;
    Some(symmetric::encode_file(&keys.iter().collect::<Vec<_>>()).to_vec())
}
