//! Keys that seal and open, and the file they stand in.
//!
//! A file of keys is text: a first line that says what it is, one line per key (its id and 32
//! bytes in base64, the newest last), and a last line with their number. So a file cut anywhere
//! is known as cut, and since a key's id is a hash of it, an altered key is known as altered.
//!
//! **Invariant**: every value is sealed under a nonce of its own; AES-256-GCM-SIV (RFC 8452)
//! keeps even a repeated nonce from revealing more than that two values were equal.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, Tag, UnboundKey};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use wire::ambient::Randomness;
use zeroize::{Zeroize as _, Zeroizing};

use crate::KeyError;

/// How much longer than a value it is sealed: [`NONCE_LEN`] bytes before it, these behind it.
pub const TAG_LEN: usize = 16;

const FIRST_LINE: &str = "lgsp keys 1";

/// One AES-256-GCM-SIV key with its id: the first 8 bytes of its hash in hex.
pub(crate) struct SymmetricKey {
    id: String,
    bytes: Zeroizing<[u8; 32]>,
    key: LessSafeKey,
}

impl SymmetricKey {
    pub(crate) fn generate(randomness: &dyn Randomness) -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        randomness.fill(bytes.as_mut());
        Self::from_bytes(bytes)
    }

    pub(crate) fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Result<Self, KeyError> {
        let key = UnboundKey::new(&AES_256_GCM_SIV, bytes.as_ref())
            .map_err(|_| KeyError::NotAKey("an AES-256 key has 32 bytes"))?;
        Ok(Self { id: id_of(&bytes), bytes, key: LessSafeKey::new(key) })
    }

    /// The key itself, to be wrapped by another.
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Nonce, ciphertext and tag, in this order.
    pub(crate) fn seal(
        &self,
        randomness: &dyn Randomness,
        aad: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, KeyError> {
        // Room for the tag at once: moving the buffer would leave a copy of the plain text behind.
        let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + TAG_LEN);
        sealed.extend_from_slice(&[0; NONCE_LEN]);
        sealed.extend_from_slice(plain);
        self.seal_in_place(randomness, aad, &mut sealed, 0)?;
        Ok(sealed)
    }

    /// Seals what stands in `record` after `at` and room for a nonce; what stands before `at` stays
    /// as it is. After an error `record` is wiped.
    pub(crate) fn seal_in_place(
        &self,
        randomness: &dyn Randomness,
        aad: &[u8],
        record: &mut Vec<u8>,
        at: usize,
    ) -> Result<(), KeyError> {
        let sealed = self.encipher(randomness, aad, record.get_mut(at..).unwrap_or_default());
        match sealed {
            Ok(tag) => {
                record.extend_from_slice(tag.as_ref());
                Ok(())
            }
            Err(error) => {
                record.zeroize();
                Err(error)
            }
        }
    }

    fn encipher(
        &self,
        randomness: &dyn Randomness,
        aad: &[u8],
        record: &mut [u8],
    ) -> Result<Tag, KeyError> {
        let (room, text) =
            record.split_first_chunk_mut::<NONCE_LEN>().ok_or(KeyError::DoesNotOpen)?;
        randomness.fill(room);
        self.key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(*room), Aad::from(aad), text)
            .map_err(|_| KeyError::NotAKey("the value is too long to be sealed"))
    }

    pub(crate) fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(KeyError::DoesNotOpen)?;
        let mut bytes = Zeroizing::new(text.to_vec());
        let length = self
            .key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(aad), &mut bytes)
            .map_err(|_| KeyError::DoesNotOpen)?
            .len();
        bytes.truncate(length);
        Ok(bytes)
    }
}

impl fmt::Debug for SymmetricKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SymmetricKey({})", self.id)
    }
}

fn id_of(bytes: &[u8; 32]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"lgsp key id\0");
    context.update(bytes);
    hex::encode(context.finish().as_ref().iter().take(8).copied().collect::<Vec<u8>>())
}

/// Writes a file of keys, the newest last.
pub(crate) fn encode_file(keys: &[&SymmetricKey]) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(64 * (keys.len() + 2)));
    text.extend_from_slice(FIRST_LINE.as_bytes());
    text.push(b'\n');
    for key in keys {
        let bytes = Zeroizing::new(STANDARD.encode(key.bytes.as_ref()));
        text.extend_from_slice(key.id.as_bytes());
        text.push(b' ');
        text.extend_from_slice(bytes.as_bytes());
        text.push(b'\n');
    }
    text.extend_from_slice(format!("end {}\n", keys.len()).as_bytes());
    text
}

/// Reads a file of keys; the reason if it is not whole.
pub(crate) fn decode_file(bytes: &[u8]) -> Result<Vec<SymmetricKey>, &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is no text")?;
    let text = text.strip_suffix('\n').ok_or("its end is missing")?;
    let mut lines = text.split('\n');
    if lines.next() != Some(FIRST_LINE) {
        return Err("it does not begin as a file of keys");
    }
    let mut keys = Vec::new();
    for line in &mut lines {
        if let Some(count) = line.strip_prefix("end ") {
            let whole = count == keys.len().to_string() && lines.next().is_none();
            return if whole && !keys.is_empty() {
                Ok(keys)
            } else {
                Err("its number of keys is not what its last line says")
            };
        }
        keys.push(decode_line(line)?);
    }
    Err("its end is missing")
}

fn decode_line(line: &str) -> Result<SymmetricKey, &'static str> {
    let (id, text) = line.split_once(' ').ok_or("a line holds no key")?;
    let mut bytes = Zeroizing::new([0; 32]);
    let length = STANDARD.decode_slice(text, bytes.as_mut());
    if length != Ok(32) {
        return Err("a key has not 32 bytes");
    }
    let key = SymmetricKey::from_bytes(bytes).map_err(|_| "a key has not 32 bytes")?;
    if key.id != id {
        return Err("a key does not fit its id");
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandomness;

    fn keys(count: usize) -> Vec<SymmetricKey> {
        (0..count).map(|_| SymmetricKey::generate(&SystemRandomness).unwrap()).collect()
    }

    #[test]
    fn a_file_of_keys_is_read_as_it_was_written() {
        let keys = keys(3);
        let file = encode_file(&keys.iter().collect::<Vec<_>>());
        let read = decode_file(&file).unwrap();
        for (one, other) in keys.iter().zip(&read) {
            assert_eq!(one.bytes, other.bytes);
            assert_eq!(one.id(), other.id());
        }
        assert_eq!(read.len(), 3);
    }

    #[test]
    fn a_file_cut_anywhere_is_refused() {
        let keys = keys(2);
        let file = encode_file(&keys.iter().collect::<Vec<_>>());
        for length in 0..file.len() {
            assert!(decode_file(&file[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn a_file_with_any_bit_flipped_is_refused() {
        let keys = keys(1);
        let file = encode_file(&keys.iter().collect::<Vec<_>>());
        for position in 0..file.len() {
            for bit in 0..8 {
                let mut altered = file.to_vec();
                altered[position] ^= 1 << bit;
                assert!(decode_file(&altered).is_err(), "byte {position} bit {bit}");
            }
        }
        assert!(decode_file(&vec![0; file.len()]).is_err());
    }

    #[test]
    fn a_sealed_value_opens_only_whole_and_for_what_it_was_sealed() {
        let key = &keys(1)[0];
        let sealed = key.seal(&SystemRandomness, b"for", b"plain").unwrap();
        assert_eq!(&**key.open(b"for", &sealed).unwrap(), b"plain");
        assert!(key.open(b"other", &sealed).is_err());
        assert!(keys(1)[0].open(b"for", &sealed).is_err());
        for position in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[position] ^= 1;
            assert!(key.open(b"for", &altered).is_err(), "{position}");
            assert!(key.open(b"for", &sealed[..position]).is_err());
        }
    }

    #[test]
    fn sealing_twice_gives_two_texts() {
        let key = &keys(1)[0];
        let seal = || key.seal(&SystemRandomness, b"", b"plain").unwrap();
        assert_ne!(seal(), seal());
    }

    /// RFC 8452 appendix C.2, the vector with 8 bytes of plain text and no further data.
    #[test]
    fn the_vector_of_rfc_8452_is_opened() {
        let mut bytes = [0; 32];
        bytes[0] = 1;
        let key = SymmetricKey::from_bytes(Zeroizing::new(bytes)).unwrap();
        let mut sealed = hex::decode("030000000000000000000000").unwrap();
        sealed.extend(hex::decode("c2ef328e5c71c83b843122130f7364b761e0b97427e3df28").unwrap());
        let plain = key.open(b"", &sealed).unwrap();
        assert_eq!(hex::encode(&*plain), "0100000000000000");
    }
}
