//! Seals secrets that must stand in the database, with a key that does not.
//!
//! HMAC secrets of callers must be recoverable, so they are encrypted rather than hashed. The
//! ring of keys is a file in the key folder; a sealed value names the key it needs, so that a
//! ring can hold an old key until everything is sealed anew: [`SecretBox::rotate`], then
//! [`SecretBox::reseal`] each value, then [`SecretBox::retire_old`].
//!
//! **Invariant**: a key seals only after it is durable in the ring.
//! **Trust**: the database alone gives no secret away; the ring and the database together do.

use std::fmt;
use std::sync::Arc;

use parking_lot::RwLock;
use wire::ambient::Randomness;
use zeroize::Zeroizing;

use crate::symmetric::{SymmetricKey, decode_file, encode_file};
use crate::{KeyDirectory, KeyError};

const FILE: &str = "secret-ring.key";
/// The first byte of every sealed value: this layout.
const VERSION: u8 = 1;

/// A ring of keys that seals and opens; clones share it.
#[derive(Clone)]
pub struct SecretBox(Arc<Shared>);

struct Shared {
    folder: KeyDirectory,
    randomness: Arc<dyn Randomness>,
    /// The newest last; never empty.
    ring: RwLock<Vec<Arc<SymmetricKey>>>,
}

impl SecretBox {
    /// Loads the ring from `folder`, or makes the first key if there is no ring.
    pub fn load_or_generate(
        folder: &KeyDirectory,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, KeyError> {
        if let Some(found) = Self::find(folder, Arc::clone(&randomness))? {
            return Ok(found);
        }
        let first = SymmetricKey::generate(randomness.as_ref())?;
        folder.create_new(FILE, &encode_file(&[&first]))?;
        Ok(Self::of(vec![first], folder, randomness))
    }

    /// Loads the ring from `folder` and makes none; `None` if there is none.
    pub fn find(
        folder: &KeyDirectory,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Option<Self>, KeyError> {
        let Some(file) = folder.find(FILE)? else {
            return Ok(None);
        };
        let keys = decode_file(&file)
            .map_err(|reason| KeyError::Damaged { path: folder.path().join(FILE), reason })?;
        Ok(Some(Self::of(keys, folder, randomness)))
    }

    fn of(keys: Vec<SymmetricKey>, folder: &KeyDirectory, randomness: Arc<dyn Randomness>) -> Self {
        let ring = RwLock::new(keys.into_iter().map(Arc::new).collect());
        Self(Arc::new(Shared { folder: folder.clone(), randomness, ring }))
    }

    /// Seals `plain` with the newest key, for the purpose `aad` names (e.g. the key id it
    /// belongs to): it opens only for the same. Version, key id, nonce, ciphertext, tag.
    pub fn seal(&self, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, KeyError> {
        let key = self.newest()?;
        let mut sealed = header(key.id());
        let bound = [sealed.as_slice(), aad].concat();
        sealed.extend(key.seal(self.0.randomness.as_ref(), &bound, plain)?);
        Ok(sealed)
    }

    /// Opens what [`Self::seal`] sealed for the same `aad`.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let (id, text) = split(sealed)?;
        let key = {
            let ring = self.0.ring.read();
            ring.iter().find(|key| key.id() == id).cloned()
        };
        let key = key.ok_or_else(|| KeyError::UnknownKey(id.to_owned()))?;
        key.open(&[header(id).as_slice(), aad].concat(), text)
    }

    /// Makes a new key with which everything is sealed from now on. Durable when it returns.
    pub fn rotate(&self) -> Result<(), KeyError> {
        let mut ring = self.0.ring.write();
        let mut keys = ring.clone();
        keys.push(Arc::new(SymmetricKey::generate(self.0.randomness.as_ref())?));
        self.store(&keys)?;
        // A crash before this line loses nothing: the new key has sealed nothing yet.
        *ring = keys;
        Ok(())
    }

    /// Whether `sealed` needs an older key than the newest.
    pub fn is_old(&self, sealed: &[u8]) -> Result<bool, KeyError> {
        let (id, _) = split(sealed)?;
        Ok(self.newest()?.id() != id)
    }

    /// Seals with the newest key what an older one sealed.
    pub fn reseal(&self, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.seal(aad, &self.open(aad, sealed)?)
    }

    /// Forgets every key but the newest. Only after all values were sealed anew and that is
    /// durable: what is still under an older key is lost.
    pub fn retire_old(&self) -> Result<(), KeyError> {
        let mut ring = self.0.ring.write();
        let keys: Vec<_> = ring.last().cloned().into_iter().collect();
        self.store(&keys)?;
        *ring = keys;
        Ok(())
    }

    fn newest(&self) -> Result<Arc<SymmetricKey>, KeyError> {
        let ring = self.0.ring.read();
        ring.last()
            .cloned()
            .ok_or_else(|| KeyError::Missing { path: self.0.folder.path().join(FILE) })
    }

    fn store(&self, keys: &[Arc<SymmetricKey>]) -> Result<(), KeyError> {
        let keys: Vec<&SymmetricKey> = keys.iter().map(Arc::as_ref).collect();
        self.0.folder.replace(FILE, &encode_file(&keys))
    }
}

/// Version, length of the id, id.
fn header(id: &str) -> Vec<u8> {
    let mut bytes = vec![VERSION, u8::try_from(id.len()).unwrap_or(u8::MAX)];
    bytes.extend_from_slice(id.as_bytes());
    bytes
}

fn split(sealed: &[u8]) -> Result<(&str, &[u8]), KeyError> {
    let ([version, length], rest) = sealed.split_first_chunk().ok_or(KeyError::DoesNotOpen)?;
    let (id, text) = rest.split_at_checked(usize::from(*length)).ok_or(KeyError::DoesNotOpen)?;
    let id = std::str::from_utf8(id).map_err(|_| KeyError::DoesNotOpen)?;
    if *version != VERSION {
        return Err(KeyError::DoesNotOpen);
    }
    Ok((id, text))
}

impl fmt::Debug for SecretBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBox({} keys)", self.0.ring.read().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandomness;

    fn boxed() -> (tempfile::TempDir, KeyDirectory, SecretBox) {
        let temp = tempfile::tempdir().unwrap();
        let folder = KeyDirectory::create(temp.path().join("keys")).unwrap();
        let secrets = SecretBox::load_or_generate(&folder, Arc::new(SystemRandomness)).unwrap();
        (temp, folder, secrets)
    }

    #[test]
    fn a_secret_opens_after_a_restart_and_only_for_its_own_purpose() {
        let (_temp, folder, secrets) = boxed();
        let sealed = secrets.seal(b"key-1", b"secret").unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"secret"));

        let again = SecretBox::load_or_generate(&folder, Arc::new(SystemRandomness)).unwrap();
        assert_eq!(&**again.open(b"key-1", &sealed).unwrap(), b"secret");
        assert!(matches!(again.open(b"key-2", &sealed), Err(KeyError::DoesNotOpen)));
    }

    #[test]
    fn a_rotated_ring_opens_old_values_seals_with_the_new_key_and_forgets_the_old() {
        let (_temp, folder, secrets) = boxed();
        let old = secrets.seal(b"a", b"secret").unwrap();
        secrets.rotate().unwrap();
        assert!(secrets.is_old(&old).unwrap());
        let new = secrets.reseal(b"a", &old).unwrap();
        assert!(!secrets.is_old(&new).unwrap());

        let again = SecretBox::load_or_generate(&folder, Arc::new(SystemRandomness)).unwrap();
        assert_eq!(&**again.open(b"a", &old).unwrap(), b"secret");
        again.retire_old().unwrap();
        assert!(matches!(again.open(b"a", &old), Err(KeyError::UnknownKey(_))));
        assert_eq!(&**again.open(b"a", &new).unwrap(), b"secret");
    }

    #[test]
    fn an_altered_or_cut_value_does_not_open() {
        let (_temp, _folder, secrets) = boxed();
        let sealed = secrets.seal(b"a", b"secret").unwrap();
        for position in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[position] ^= 1;
            assert!(secrets.open(b"a", &altered).is_err(), "{position}");
            assert!(secrets.open(b"a", &sealed[..position]).is_err());
        }
    }

    #[test]
    fn a_damaged_ring_is_refused_and_not_replaced() {
        let (_temp, folder, _secrets) = boxed();
        folder.replace(FILE, b"lgsp keys 1\n").unwrap();
        let error = SecretBox::load_or_generate(&folder, Arc::new(SystemRandomness)).unwrap_err();
        assert!(matches!(error, KeyError::Damaged { .. }));
        assert_eq!(&**folder.load(FILE).unwrap(), b"lgsp keys 1\n");
    }

    #[test]
    fn debug_shows_how_many_keys_and_none_of_them() {
        let (_temp, _folder, secrets) = boxed();
        assert_eq!(format!("{secrets:?}"), "SecretBox(1 keys)");
    }
}
