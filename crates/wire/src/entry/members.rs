//! Members of a JSON object within an entry, spelt as they will stand there.
//!
//! A call writes two entries that say nearly the same: who called, what it was about, what it
//! committed to. Those parts are spelt once, as they become known, and copied into both.

use std::collections::BTreeMap;

use crate::canonical::write_string;
use crate::commitment::CommitmentLabel;
use crate::merkle::{Hash, base64_text};

/// Names with texts, in the order of the names, spelt.
///
/// **Invariant**: each name stands once; the order is that of canonical JSON for names that may stand
/// in an entry (`misnamed`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members {
    /// `,"name":"text"` for each.
    text: Vec<u8>,
    places: Vec<Place>,
    misnamed: Option<String>,
}

/// Where a member stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    start: usize,
    name_length: usize,
}

/// What stands before a name, and between it and its text.
const BEFORE: &[u8] = b",\"";
const BETWEEN: &[u8] = b"\":\"";

impl Members {
    /// None so far, with room for some.
    pub fn with_capacity(members: usize, bytes: usize) -> Self {
        let (text, places) = (Vec::with_capacity(bytes), Vec::with_capacity(members));
        Self { text, places, misnamed: None }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether there is one of this name.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }

    /// Adds a member, in place of one that has its name.
    pub fn insert(&mut self, name: impl AsRef<str>, text: impl AsRef<str>) {
        let (name, text) = (name.as_ref(), text.as_ref());
        if !is_name(name) {
            self.misnamed.get_or_insert_with(|| name.to_owned());
        }
        self.put(name, |out| write_text(out, text));
    }

    /// Adds a commitment.
    pub fn commit(&mut self, label: CommitmentLabel, hash: &Hash) {
        self.put(label.as_str(), |out| out.extend_from_slice(&base64_text::spelling(hash)));
    }

    /// What is no name of a member, if that was given as one; then this cannot stand in an entry.
    pub(super) fn misnamed(&self) -> Option<&str> {
        self.misnamed.as_deref()
    }

    /// The members with commas between them.
    pub(super) fn spelling(&self) -> &[u8] {
        self.text.get(1..).unwrap_or_default()
    }

    /// The place of the member of this name, or where it would stand.
    fn find(&self, name: &str) -> Result<usize, usize> {
        // Nearly always they come in their order.
        let is_last = self.places.last().is_none_or(|last| self.name(*last) < name.as_bytes());
        if is_last {
            return Err(self.places.len());
        }
        self.places.binary_search_by(|place| self.name(*place).cmp(name.as_bytes()))
    }

    fn name(&self, place: Place) -> &[u8] {
        let start = place.start + BEFORE.len();
        self.text.get(start..start + place.name_length).unwrap_or_default()
    }

    /// Puts in a member; `write_text` writes its text, escaped.
    fn put(&mut self, name: &str, write_text: impl FnOnce(&mut Vec<u8>)) {
        let at = self.find(name);
        let at = at.unwrap_or_else(std::convert::identity).min(self.places.len());
        if self.places.get(at).is_some_and(|place| self.name(*place) == name.as_bytes()) {
            self.remove(at);
        }
        let end = self.text.len();
        self.text.extend_from_slice(BEFORE);
        self.text.extend_from_slice(name.as_bytes());
        self.text.extend_from_slice(BETWEEN);
        write_text(&mut self.text);
        self.text.push(b'"');
        let length = self.text.len() - end;
        let start = self.places.get(at).map_or(end, |place| place.start);
        if let Some(from_here) = self.text.get_mut(start..) {
            from_here.rotate_right(length);
        }
        self.places.iter_mut().skip(at).for_each(|place| place.start += length);
        self.places.insert(at, Place { start, name_length: name.len() });
    }

    fn remove(&mut self, at: usize) {
        let start = self.places.remove(at).start;
        let end = self.places.get(at).map_or(self.text.len(), |next| next.start);
        self.text.drain(start..end);
        self.places.iter_mut().skip(at).for_each(|place| place.start -= end - start);
    }
}

/// Appends a text as it stands between quotes.
pub(super) fn write_text(out: &mut Vec<u8>, text: &str) {
    // Looks at all of them, for several bytes are judged at once where none ends the search.
    let is_special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    if !text.bytes().fold(false, |found, byte| found | is_special(byte)) {
        return out.extend_from_slice(text.as_bytes());
    }
    let mut quoted = String::new();
    write_string(&mut quoted, text);
    let inner = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    out.extend_from_slice(inner.unwrap_or_default().as_bytes());
}

/// Small ASCII names sort the same by UTF-8 and UTF-16.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

impl<N: AsRef<str>, T: AsRef<str>> FromIterator<(N, T)> for Members {
    fn from_iter<I: IntoIterator<Item = (N, T)>>(members: I) -> Self {
        let mut spelt = Self::default();
        members.into_iter().for_each(|(name, text)| spelt.insert(name, text));
        spelt
    }
}

impl<N: AsRef<str>, T: AsRef<str>, const COUNT: usize> From<[(N, T); COUNT]> for Members {
    fn from(members: [(N, T); COUNT]) -> Self {
        members.into_iter().collect()
    }
}

impl From<&BTreeMap<String, String>> for Members {
    fn from(members: &BTreeMap<String, String>) -> Self {
        members.iter().collect()
    }
}

impl FromIterator<(CommitmentLabel, Hash)> for Members {
    fn from_iter<I: IntoIterator<Item = (CommitmentLabel, Hash)>>(commitments: I) -> Self {
        let mut spelt = Self::default();
        commitments.into_iter().for_each(|(label, hash)| spelt.commit(label, &hash));
        spelt
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn in_whatever_order_they_come_they_stand_as_in_a_map(
            members in prop::collection::vec(("[a-c][a-c0_]{0,2}", any::<String>()), 0..12)
        ) {
            let map: BTreeMap<_, _> = members.iter().cloned().collect();
            let spelt: Members = members.into_iter().collect();
            let value = serde_json::to_value(&map).unwrap();
            let canonical = crate::canonical::to_canonical(&value).unwrap();
            prop_assert_eq!([b"{", spelt.spelling(), b"}"].concat(), canonical);
            prop_assert_eq!(spelt.is_empty(), map.is_empty());
            prop_assert!(map.keys().all(|name| spelt.has(name)) && !spelt.has("d"));
        }
    }
}
