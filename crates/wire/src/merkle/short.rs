//! SHA-256 of what is short: salts, lines, nodes, of which every call has some dozens.
//!
//! They are padded here (FIPS 180-4 §5.1.1) and given to the bare compression function, for a general
//! interface costs as many instructions around such a hash as the hash itself
//! (`docs/decisions/0045-short-hashes-are-padded-here.md`).
//!
//! **Invariant**: the same value as by aws-lc, for every length: a test compares them.

use sha2::block_api::compress256;

use super::Hash;

const BLOCK: usize = 64;
/// With its padding, what is short has no more bytes.
const ROOM: usize = 6 * BLOCK;

/// FIPS 180-4 §5.3.3.
const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// SHA-256 over the concatenation of `parts`; `None` if that is not short.
pub(crate) fn sha256(parts: &[&[u8]]) -> Option<Hash> {
    let mut room = [0; ROOM];
    padded(parts, &mut room).map(compressed)
}

/// SHA-256 of 37 bytes: those of a salt.
pub(crate) fn salt(secret: &[u8; 32], label: u8, index: u32) -> Hash {
    let mut block = [0; BLOCK];
    block[..32].copy_from_slice(secret);
    block[32] = label;
    block[33..37].copy_from_slice(&index.to_be_bytes());
    block[37] = ONE_BIT;
    block[56..].copy_from_slice(&(8 * 37_u64).to_be_bytes());
    compressed(&[block])
}

/// SHA-256 of 65 bytes: those of an inner node.
pub(crate) fn node(left: &Hash, right: &Hash) -> Hash {
    let mut blocks = [0; 2 * BLOCK];
    blocks[0] = 0x01;
    blocks[1..33].copy_from_slice(left);
    blocks[33..65].copy_from_slice(right);
    blocks[65] = ONE_BIT;
    blocks[120..].copy_from_slice(&(8 * 65_u64).to_be_bytes());
    compressed(blocks.as_chunks().0)
}

fn compressed(padded: &[[u8; BLOCK]]) -> Hash {
    let mut state = INITIAL;
    compress256(&mut state, padded);
    let mut hash = [0; 32];
    for (bytes, word) in hash.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    hash
}

/// What stands behind a message.
const ONE_BIT: u8 = 0x80;

/// The parts one after the other, a one bit, zeros, and how many bits they are.
fn padded<'r>(parts: &[&[u8]], room: &'r mut [u8; ROOM]) -> Option<&'r [[u8; BLOCK]]> {
    let mut length = 0;
    for part in parts {
        let end = length + part.len();
        room.get_mut(length..end)?.copy_from_slice(part);
        length = end;
    }
    *room.get_mut(length)? = ONE_BIT;
    let end = (length + 1 + size_of::<u64>()).next_multiple_of(BLOCK);
    let blocks = room.get_mut(..end)?;
    *blocks.last_chunk_mut()? = (8 * length as u64).to_be_bytes();
    Some(blocks.as_chunks().0)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest;

    use super::*;

    #[test]
    fn a_short_hash_is_the_one_that_aws_lc_makes() {
        let bytes: Vec<u8> = (0..=255).cycle().take(ROOM + 1).collect();
        for length in 0..=bytes.len() {
            let (text, _) = bytes.split_at(length);
            let (one, other) = text.split_at(length / 3);
            let hash = sha256(&[one, &[], other]);
            assert_eq!(hash.is_some(), length + 9 <= ROOM, "{length}");
            if let Some(hash) = hash {
                assert_eq!(by_aws_lc(text), hash, "{length}");
            }
        }
    }

    fn by_aws_lc(text: &[u8]) -> Hash {
        digest::digest(&digest::SHA256, text).as_ref().try_into().unwrap()
    }

    #[test]
    fn salts_and_nodes_are_hashes_of_their_parts() {
        let (left, right) = ([7; 32], by_aws_lc(b"right"));
        let salted = [&right[..], &[5], &[0, 1, 2, 3]].concat();
        assert_eq!(salt(&right, 5, 0x0001_0203), by_aws_lc(&salted));
        assert_eq!(node(&left, &right), by_aws_lc(&[&[1], &left[..], &right].concat()));
    }
}
