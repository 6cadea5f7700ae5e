//! Keys for what must be deletable: one per class of detail and day.
//!
//! Salts, head details and payloads stand encrypted in append-only segments. Deleting a day's
//! details is destroying its key, which leaves every proof intact.
//!
//! **Invariant**: a destroyed key never comes back: what marks it as destroyed is durable before
//! the key goes, and no new key is made for that class and day.
//! **Trust**: whoever has a key reads that class and day, and no other.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use wire::ambient::Randomness;
use zeroize::{Zeroize as _, Zeroizing};

pub use aws_lc_rs::aead::NONCE_LEN;

pub use crate::symmetric::TAG_LEN;
use crate::symmetric::{SymmetricKey, decode_file, encode_file};
use crate::{KeyDirectory, KeyError};

/// Files `<class>-<day>.key` in a folder of their own; clones share them.
#[derive(Clone)]
pub struct DetailKeys(Arc<Shared>);

struct Shared {
    folder: KeyDirectory,
    randomness: Arc<dyn Randomness>,
    /// What was loaded, by file name without its ending.
    loaded: Mutex<HashMap<String, Arc<SymmetricKey>>>,
}

impl DetailKeys {
    /// Uses `folder`; makes no key yet.
    pub fn new(folder: KeyDirectory, randomness: Arc<dyn Randomness>) -> Self {
        Self(Arc::new(Shared { folder, randomness, loaded: Mutex::default() }))
    }

    /// Seals `plain` for `class` (e.g. `call`) and `day` (UTC, `2026-11-23`), bound to `aad`.
    /// The first use makes the key, durable before it seals. Nonce, ciphertext, tag.
    pub fn seal(
        &self,
        class: &str,
        day: &str,
        aad: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, KeyError> {
        self.key(class, day, true)?.seal(self.0.randomness.as_ref(), aad, plain)
    }

    /// Like [`Self::seal`], in place: what stands in `record` after `at` and [`NONCE_LEN`] bytes of
    /// room is sealed where it stands, so that no copy of it is made. [`TAG_LEN`] bytes are appended;
    /// with room for them nothing is moved either.
    pub fn seal_in_place(
        &self,
        class: &str,
        day: &str,
        aad: &[u8],
        record: &mut Vec<u8>,
        at: usize,
    ) -> Result<(), KeyError> {
        let key = self.key(class, day, true).inspect_err(|_| record.zeroize())?;
        key.seal_in_place(self.0.randomness.as_ref(), aad, record, at)
    }

    /// Opens what was sealed; [`KeyError::Destroyed`] once the key was destroyed.
    pub fn open(
        &self,
        class: &str,
        day: &str,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        self.key(class, day, false)?.open(aad, sealed)
    }

    /// Destroys the key: what it sealed is gone for good. Doing it again is nothing.
    pub fn destroy(&self, class: &str, day: &str) -> Result<(), KeyError> {
        let name = name_of(class, day)?;
        // Held to the end, so that nobody loads or makes the key meanwhile.
        let mut loaded = self.0.loaded.lock();
        self.0.folder.replace(&mark(&name), b"")?;
        // A crash here leaves mark and key; the mark decides, and the next look destroys the key.
        loaded.remove(&name);
        self.0.folder.destroy(&file(&name))
    }

    fn key(&self, class: &str, day: &str, make: bool) -> Result<Arc<SymmetricKey>, KeyError> {
        let name = name_of(class, day)?;
        let mut loaded = self.0.loaded.lock();
        if let Some(key) = loaded.get(&name) {
            return Ok(Arc::clone(key));
        }
        if self.0.folder.find(&mark(&name))?.is_some() {
            self.0.folder.destroy(&file(&name))?;
            return Err(KeyError::Destroyed { class: class.to_owned(), day: day.to_owned() });
        }
        let key = Arc::new(self.load(&name, make)?);
        loaded.insert(name, Arc::clone(&key));
        Ok(key)
    }

    fn load(&self, name: &str, make: bool) -> Result<SymmetricKey, KeyError> {
        let folder = &self.0.folder;
        let file = file(name);
        let damaged = |reason| KeyError::Damaged { path: folder.path().join(&file), reason };
        if make && folder.find(&file)?.is_none() {
            let key = SymmetricKey::generate(self.0.randomness.as_ref())?;
            return folder.create_new(&file, &encode_file(&[&key])).map(|()| key);
        }
        let mut keys = decode_file(&folder.load(&file)?).map_err(damaged)?;
        match (keys.pop(), keys.is_empty()) {
            (Some(key), true) => Ok(key),
            _ => Err(damaged("it holds more than one key")),
        }
    }
}

/// A class is small letters, a day digits and '-': two of them never share a name.
fn name_of(class: &str, day: &str) -> Result<String, KeyError> {
    let class_is_plain = !class.is_empty() && class.bytes().all(|byte| byte.is_ascii_lowercase());
    let day_is_plain = day.len() == "2026-11-23".len()
        && day.bytes().enumerate().all(|(position, byte)| match position {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let name = [class, "-", day].concat();
    if class_is_plain && day_is_plain { Ok(name) } else { Err(KeyError::BadName(name)) }
}

fn file(name: &str) -> String {
    format!("{name}.key")
}

fn mark(name: &str) -> String {
    format!("{name}.destroyed")
}

impl fmt::Debug for DetailKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DetailKeys({})", self.0.folder.path().display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandomness;

    const DAY: &str = "2026-11-23";

    fn keys() -> (tempfile::TempDir, KeyDirectory, DetailKeys) {
        let temp = tempfile::tempdir().unwrap();
        let folder = KeyDirectory::create(temp.path().join("detail")).unwrap();
        let keys = DetailKeys::new(folder.clone(), Arc::new(SystemRandomness));
        (temp, folder, keys)
    }

    #[test]
    fn each_class_and_day_has_a_key_of_its_own_that_lasts() {
        let (_temp, folder, keys) = keys();
        let sealed = keys.seal("call", DAY, b"7", b"detail").unwrap();
        let again = DetailKeys::new(folder, Arc::new(SystemRandomness));
        assert_eq!(&**again.open("call", DAY, b"7", &sealed).unwrap(), b"detail");
        assert!(again.open("call", DAY, b"8", &sealed).is_err());

        again.seal("call", "2026-11-24", b"7", b"").unwrap();
        again.seal("change", DAY, b"7", b"").unwrap();
        assert!(again.open("call", "2026-11-24", b"7", &sealed).is_err());
        assert!(again.open("change", DAY, b"7", &sealed).is_err());
    }

    #[test]
    fn a_destroyed_key_opens_nothing_and_is_not_made_again() {
        let (_temp, folder, keys) = keys();
        let sealed = keys.seal("call", DAY, b"", b"detail").unwrap();
        keys.destroy("call", DAY).unwrap();
        keys.destroy("call", DAY).unwrap();
        let restarted = DetailKeys::new(folder, Arc::new(SystemRandomness));
        for keys in [keys, restarted] {
            let opened = keys.open("call", DAY, b"", &sealed);
            assert!(matches!(opened, Err(KeyError::Destroyed { .. })));
            let again = keys.seal("call", DAY, b"", b"more");
            assert!(matches!(again, Err(KeyError::Destroyed { .. })));
        }
    }

    #[test]
    fn a_crash_between_mark_and_destruction_is_finished_at_the_next_look() {
        let (_temp, folder, keys) = keys();
        let sealed = keys.seal("call", DAY, b"", b"detail").unwrap();
        let name = format!("call-{DAY}");
        folder.replace(&mark(&name), b"").unwrap();
        let restarted = DetailKeys::new(folder.clone(), Arc::new(SystemRandomness));
        assert!(restarted.open("call", DAY, b"", &sealed).is_err());
        assert!(folder.find(&file(&name)).unwrap().is_none());
    }

    #[test]
    fn opening_makes_no_key() {
        let (_temp, folder, keys) = keys();
        let opened = keys.open("call", DAY, b"", b"");
        assert!(matches!(opened, Err(KeyError::Missing { .. })));
        assert!(folder.find(&file(&format!("call-{DAY}"))).unwrap().is_none());
    }

    #[test]
    fn a_key_file_cut_by_a_crash_is_never_loaded() {
        let (_temp, folder, keys) = keys();
        let sealed = keys.seal("call", DAY, b"", b"detail").unwrap();
        let file = file(&format!("call-{DAY}"));
        let whole = folder.load(&file).unwrap();
        for length in 0..whole.len() {
            folder.replace(&file, &whole[..length]).unwrap();
            let restarted = DetailKeys::new(folder.clone(), Arc::new(SystemRandomness));
            for outcome in [
                restarted.open("call", DAY, b"", &sealed).map(|_| ()),
                restarted.seal("call", DAY, b"", b"").map(|_| ()),
            ] {
                assert!(matches!(outcome, Err(KeyError::Damaged { .. })), "{length}");
            }
        }
    }

    #[test]
    fn a_class_or_day_that_is_none_is_refused() {
        let (_temp, _folder, keys) = keys();
        for (class, day) in
            [("", DAY), ("a-b", DAY), ("../x", DAY), ("call", "today"), ("call", "2026/11/23")]
        {
            let sealed = keys.seal(class, day, b"", b"");
            assert!(matches!(sealed, Err(KeyError::BadName(_))), "{class} {day}");
        }
    }
}
