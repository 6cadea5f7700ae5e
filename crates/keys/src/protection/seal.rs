//! What a sealed key file looks like: a line that says so and names the data key, then nonce,
//! ciphertext and tag (AES-256-GCM-SIV, RFC 8452), bound to that line and the file's name.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use wire::ambient::Randomness;
use zeroize::Zeroizing;

use crate::KeyError;
use crate::symmetric::SymmetricKey;

const FIRST_WORDS: &[u8] = b"lgsp sealed 1 ";

/// Whether these bytes of a key file are sealed. No plain key file begins like that.
pub(crate) fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(FIRST_WORDS)
}

/// The data key in use.
pub(crate) struct Seal {
    data_key: SymmetricKey,
    /// Whether every file is sealed, so that a plain one was planted.
    is_settled: bool,
    randomness: Arc<dyn Randomness>,
}

impl Seal {
    pub(super) fn new(
        data_key: SymmetricKey,
        is_settled: bool,
        randomness: Arc<dyn Randomness>,
    ) -> Self {
        Self { data_key, is_settled, randomness }
    }

    pub(super) fn data_key(&self) -> &SymmetricKey {
        &self.data_key
    }

    /// The file `name` with `plain` in it, as it stands on the disk.
    pub(crate) fn seal(&self, name: &str, plain: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut file = self.first_line();
        let bound = [file.as_slice(), name.as_bytes()].concat();
        file.extend(self.data_key.seal(&*self.randomness, &bound, plain)?);
        Ok(file)
    }

    /// What stands in the file `name`, which lies at `path`.
    pub(crate) fn open(
        &self,
        name: &str,
        path: &Path,
        file: Zeroizing<Vec<u8>>,
    ) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let damaged = |reason| KeyError::Damaged { path: path.to_owned(), reason };
        if !is_sealed(&file) {
            return if self.is_settled {
                Err(damaged("it is not encrypted, while its folder is"))
            } else {
                Ok(file)
            };
        }
        let first_line = self.first_line();
        let sealed = file
            .strip_prefix(first_line.as_slice())
            .ok_or_else(|| damaged("it was encrypted for another key folder"))?;
        let bound = [first_line.as_slice(), name.as_bytes()].concat();
        let reason = "it was altered, or is another file under this name";
        self.data_key.open(&bound, sealed).map_err(|_| damaged(reason))
    }

    fn first_line(&self) -> Vec<u8> {
        [FIRST_WORDS, self.data_key.id().as_bytes(), b"\n"].concat()
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seal({})", self.data_key.id())
    }
}
