//! Hashing a body in one pass: by SHA-256, which records want, and by the algorithm of the digest
//! it came with, if that is another.

use evidence::BodyDigest;
use wire::digest::{ContentDigest, DigestAlgorithm, DigestHasher};
use wire::merkle::sha256;

/// A body being hashed, and the digest it should have.
pub(crate) struct BodyHasher {
    expected: Option<ContentDigest>,
    sha256: DigestHasher,
    other: Option<DigestHasher>,
    length: u64,
}

/// The body is not what its digest says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DigestDiffers;

impl BodyHasher {
    pub(crate) fn expecting(expected: Option<ContentDigest>) -> Self {
        let other = match expected.as_ref().map(ContentDigest::algorithm) {
            None | Some(DigestAlgorithm::Sha256) => None,
            Some(other @ DigestAlgorithm::Sha512) => Some(DigestHasher::new(other)),
        };
        let sha256 = DigestHasher::new(DigestAlgorithm::Sha256);
        Self { expected, sha256, other, length: 0 }
    }

    pub(crate) fn update(&mut self, data: &[u8]) {
        self.length = self.length.saturating_add(data.len() as u64);
        self.sha256.update(data);
        if let Some(other) = &mut self.other {
            other.update(data);
        }
    }

    /// How many bytes there were so far.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The digest for records, if the body is what was expected.
    pub(crate) fn finish(self) -> Result<BodyDigest, DigestDiffers> {
        let sha256 = self.sha256.finish();
        if let Some(expected) = self.expected {
            let found = self.other.map(DigestHasher::finish);
            if found.as_ref().unwrap_or(&sha256) != &expected {
                return Err(DigestDiffers);
            }
        }
        // A SHA-256 has 32 bytes.
        let sha256 = sha256.value().try_into().map_err(|_| DigestDiffers)?;
        Ok(BodyDigest { sha256, length: self.length })
    }
}

/// The digest for records of a body that is here whole, if it is what was expected.
pub(crate) fn digest_of(
    body: &[u8],
    expected: Option<&ContentDigest>,
) -> Result<BodyDigest, DigestDiffers> {
    let digest = BodyDigest { sha256: sha256(&[body]), length: body.len() as u64 };
    let is_expected = expected.is_none_or(|expected| match expected.algorithm() {
        DigestAlgorithm::Sha256 => expected.value() == digest.sha256,
        other @ DigestAlgorithm::Sha512 => *expected == ContentDigest::of(other, body),
    });
    if is_expected { Ok(digest) } else { Err(DigestDiffers) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_algorithm_is_compared_and_sha_256_is_recorded() {
        for algorithm in [DigestAlgorithm::Sha256, DigestAlgorithm::Sha512] {
            let hash = |body: &[u8]| {
                let expected = ContentDigest::of(algorithm, b"body");
                let mut hasher = BodyHasher::expecting(Some(expected));
                hasher.update(body);
                let digest = hasher.finish();
                let expected = ContentDigest::of(algorithm, b"body");
                assert_eq!(digest_of(body, Some(&expected)), digest);
                digest
            };
            let recorded = hash(b"body").unwrap();
            assert_eq!(recorded.sha256, wire::merkle::sha256(&[b"body"]));
            assert_eq!(recorded.length, 4);
            assert_eq!(hash(b"bodY"), Err(DigestDiffers));
        }
    }
}
