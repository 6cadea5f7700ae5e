//! Hashes as text in JSON: base64 with padding, one spelling only.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serializer, de::Error};

use super::Hash;

/// For `#[serde(with = …)]`: writes a hash as base64.
pub fn serialize<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(hash))
}

/// For `#[serde(with = …)]`: reads a hash from base64.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
    let text = String::deserialize(deserializer)?;
    hash_of(&text).ok_or_else(|| D::Error::custom("not the base64 of 32 bytes"))
}

/// A hash in base64, on the stack: every entry of a call holds half a dozen.
pub fn spelling(hash: &Hash) -> [u8; 44] {
    let mut sextets = [0; 44];
    let (whole, rest) = hash.as_chunks();
    let mut last = [0; 3];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    for (quad, [a, b, c]) in sextets.as_chunks_mut().0.iter_mut().zip(whole.iter().chain([&last])) {
        *quad = [a >> 2, a << 4 | b >> 4, b << 2 | c >> 6, *c];
    }
    let mut spelling = sextets.map(base64_digit);
    // Two bytes are three digits.
    spelling[43] = b'=';
    spelling
}

/// RFC 4648 §4, of the last six bits; without a table, so that many are made at once.
fn base64_digit(bits: u8) -> u8 {
    let number = bits & 63;
    let mut digit = number.wrapping_add(b'A');
    for (from, shift) in [(26, 6), (52, 181), (62, 241), (63, 3)] {
        // From here on: small letters, digits, `+`, `/`.
        digit = digit.wrapping_add(if number >= from { shift } else { 0 });
    }
    digit
}

/// The hash that `text` is the base64 of.
pub fn hash_of(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// One hash as an element of a list, a map or an `Option`.
#[derive(serde::Serialize, serde::Deserialize)]
struct Element(#[serde(with = "self")] Hash);

/// Lists of hashes.
pub mod list {
    use super::{Deserialize, Deserializer, Element, Hash, Serializer};

    /// For `#[serde(with = …)]`: writes hashes as a list of base64.
    pub fn serialize<S: Serializer>(hashes: &[Hash], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(hashes.iter().map(|hash| Element(*hash)))
    }

    /// For `#[serde(with = …)]`: reads hashes from a list of base64.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Hash>, D::Error> {
        let elements = Vec::<Element>::deserialize(deserializer)?;
        Ok(elements.into_iter().map(|element| element.0).collect())
    }
}

/// Hashes that may be absent.
pub mod option {
    use super::{Deserialize, Deserializer, Element, Hash, Serializer};
    use serde::Serialize;

    /// For `#[serde(with = …)]`: writes the hash as base64, or null.
    pub fn serialize<S: Serializer>(hash: &Option<Hash>, serializer: S) -> Result<S::Ok, S::Error> {
        hash.map(Element).serialize(serializer)
    }

    /// For `#[serde(with = …)]`: reads a hash from base64, or null.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Hash>, D::Error> {
        let element = Option::<Element>::deserialize(deserializer)?;
        Ok(element.map(|element| element.0))
    }
}

/// Hashes by some key.
pub mod map {
    use super::{Deserialize, Deserializer, Element, Hash, Serializer};
    use serde::Serialize;
    use std::collections::BTreeMap;

    /// For `#[serde(with = …)]`: writes the values as base64.
    pub fn serialize<K: Serialize, S: Serializer>(
        hashes: &BTreeMap<K, Hash>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(hashes.iter().map(|(key, hash)| (key, Element(*hash))))
    }

    /// For `#[serde(with = …)]`: reads the values from base64.
    pub fn deserialize<'de, K: Deserialize<'de> + Ord, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<K, Hash>, D::Error> {
        let elements = BTreeMap::<K, Element>::deserialize(deserializer)?;
        Ok(elements.into_iter().map(|(key, element)| (key, element.0)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_hash_is_spelt_as_base64_is(hash: Hash) {
            let text = str::from_utf8(&spelling(&hash)).unwrap().to_owned();
            proptest::prop_assert_eq!(text, STANDARD.encode(hash));
        }
    }
}
