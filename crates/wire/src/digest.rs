//! Digests of content: the field `Content-Digest` of RFC 9530.
//!
//! A sender says what the bytes of the body hash to; the receiver hashes while they pass and
//! compares at the end. Of several digests one is used: sha-256 if it is there, else sha-512.
//!
//! **Invariant**: a [`ContentDigest`] has exactly as many bytes as its algorithm makes.
//! **Trust**: a digest alone proves nothing about who sent it; a signature has to cover it.

use std::fmt;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sfv::visitor::{DictionaryVisitor, EntryVisitor, Ignored, ItemVisitor, ParameterVisitor};
use sfv::{BareItemFromInput, KeyRef};

use crate::error_code::ErrorCode;
use crate::merkle::{Hash, base64_text};

/// A hash algorithm of RFC 9530 §5 that is accepted here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DigestAlgorithm {
    /// `sha-256`
    Sha256,
    /// `sha-512`
    Sha512,
}

impl DigestAlgorithm {
    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha512 => "sha-512",
        }
    }

    const fn implementation(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha512 => &digest::SHA512,
        }
    }
}

/// One digest of a body.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ContentDigest {
    algorithm: DigestAlgorithm,
    value: Vec<u8>,
}

/// Why a `Content-Digest` cannot be used. The caller's fault; the same field fails again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// Not a dictionary of byte sequences, or a digest of the wrong length.
    #[error("Content-Digest is not like sha-256=:base64:")]
    Malformed,
    /// No digest by an algorithm that is accepted here.
    #[error("Content-Digest has neither sha-256 nor sha-512")]
    Unsupported,
}

impl DigestError {
    /// The code it is refused with.
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::Malformed => ErrorCode::DigestMalformed,
            Self::Unsupported => ErrorCode::DigestUnsupported,
        }
    }
}

impl ContentDigest {
    /// Reads the field's value (several lines joined by `, `). Unknown algorithms are passed over.
    pub fn parse(field: &str) -> Result<Self, DigestError> {
        sfv::Parser::new(field)
            .parse_dictionary_with_visitor(Found::default())
            .map_err(|_| DigestError::Malformed)?
            .digest()
    }

    /// The digest of `content`.
    pub fn of(algorithm: DigestAlgorithm, content: &[u8]) -> Self {
        let mut hasher = DigestHasher::new(algorithm);
        hasher.update(content);
        hasher.finish()
    }

    /// A SHA-256 that was computed elsewhere.
    pub fn from_sha256(value: [u8; 32]) -> Self {
        Self { algorithm: DigestAlgorithm::Sha256, value: value.to_vec() }
    }

    /// The field of a body whose SHA-256 is known.
    pub fn field_of(sha256: &Hash) -> String {
        let spelling = base64_text::spelling(sha256);
        ["sha-256=:", str::from_utf8(&spelling).unwrap_or_default(), ":"].concat()
    }

    /// By which algorithm.
    pub const fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    /// The hash itself.
    pub fn value(&self) -> &[u8] {
        &self.value
    }
}

impl fmt::Display for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=:{}:", self.algorithm.as_str(), STANDARD.encode(&self.value))
    }
}

impl fmt::Debug for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Hashes a body while it passes.
pub struct DigestHasher {
    algorithm: DigestAlgorithm,
    context: digest::Context,
}

impl DigestHasher {
    /// A hasher that has seen nothing yet.
    pub fn new(algorithm: DigestAlgorithm) -> Self {
        Self { algorithm, context: digest::Context::new(algorithm.implementation()) }
    }

    /// Takes in the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }

    /// The digest of all that was taken in.
    pub fn finish(self) -> ContentDigest {
        let value = self.context.finish().as_ref().to_vec();
        ContentDigest { algorithm: self.algorithm, value }
    }
}

/// What the field says of each algorithm.
#[derive(Default)]
struct Found {
    sha256: Said,
    sha512: Said,
}

#[derive(Default)]
enum Said {
    #[default]
    Nothing,
    Bytes(Vec<u8>),
    SomethingElse,
}

impl Found {
    fn digest(self) -> Result<ContentDigest, DigestError> {
        let (algorithm, said) = match (self.sha256, self.sha512) {
            (Said::Nothing, Said::Nothing) => return Err(DigestError::Unsupported),
            (Said::Nothing, said) => (DigestAlgorithm::Sha512, said),
            (said, _) => (DigestAlgorithm::Sha256, said),
        };
        let length = algorithm.implementation().output_len();
        match said {
            Said::Bytes(value) if value.len() == length => Ok(ContentDigest { algorithm, value }),
            _ => Err(DigestError::Malformed),
        }
    }
}

impl<'de> DictionaryVisitor<'de> for Found {
    type Out = Self;
    type Error = std::convert::Infallible;

    fn entry(&mut self, key: &'de KeyRef) -> Result<impl EntryVisitor<'de>, Self::Error> {
        let slot = match key.as_str() {
            "sha-256" => &mut self.sha256,
            "sha-512" => &mut self.sha512,
            _ => return Ok(None),
        };
        // A repeated key overwrites the earlier one, as RFC 9651 §3.2 says.
        *slot = Said::SomethingElse;
        Ok(Some(Slot(slot)))
    }

    fn finish(self) -> Result<Self, Self::Error> {
        Ok(self)
    }
}

struct Slot<'a>(&'a mut Said);

impl<'de> EntryVisitor<'de> for Slot<'_> {
    type Error = std::convert::Infallible;

    fn item(self) -> Result<impl ItemVisitor<'de>, Self::Error> {
        Ok(self)
    }

    fn inner_list(self) -> Result<impl sfv::visitor::InnerListVisitor<'de>, Self::Error> {
        Ok(Ignored)
    }
}

impl<'de> ItemVisitor<'de> for Slot<'_> {
    type Out = ();
    type Error = std::convert::Infallible;

    fn bare_item(
        self,
        item: BareItemFromInput<'de>,
    ) -> Result<impl ParameterVisitor<'de, Out = ()>, Self::Error> {
        if let BareItemFromInput::ByteSequence(bytes) = item {
            *self.0 = Said::Bytes(bytes);
        }
        Ok(Ignored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // RFC 9530 appendix D: the JSON {"hello": "world"} and a line feed.
    const CONTENT: &[u8] = b"{\"hello\": \"world\"}\n";
    const SHA256: &str = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
    const SHA512: &str = "sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCs\
                          yRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:";

    #[test]
    fn the_rfc_9530_examples_match() {
        for (field, algorithm) in
            [(SHA256, DigestAlgorithm::Sha256), (SHA512, DigestAlgorithm::Sha512)]
        {
            assert_eq!(ContentDigest::parse(field), Ok(ContentDigest::of(algorithm, CONTENT)));
            assert_eq!(ContentDigest::of(algorithm, CONTENT).to_string(), field);
        }
    }

    #[test]
    fn sha_256_is_preferred_and_the_unknown_passed_over() {
        let field = format!("md5=:AA==:, {SHA512}, {SHA256}");
        assert_eq!(ContentDigest::parse(&field).unwrap().to_string(), SHA256);
        let field = format!("md5=1, {SHA512}");
        assert_eq!(ContentDigest::parse(&field).unwrap().to_string(), SHA512);
    }

    #[test]
    fn a_digest_that_cannot_be_used_is_refused_with_its_code() {
        for (field, error) in [
            ("", DigestError::Unsupported),
            ("md5=:AA==:", DigestError::Unsupported),
            ("sha-256", DigestError::Malformed),
            ("sha-256=:AA==:", DigestError::Malformed),
            ("sha-256=\"text\"", DigestError::Malformed),
            ("sha-256=(:AA==:)", DigestError::Malformed),
            ("sha-256=:", DigestError::Malformed),
            ("SHA-256=:AA==:", DigestError::Malformed),
            (&format!("{SHA512}, sha-256=:AA==:"), DigestError::Malformed),
        ] {
            assert_eq!(ContentDigest::parse(field), Err(error), "{field}");
        }
    }

    proptest! {
        #[test]
        fn hashing_in_pieces_is_hashing_at_once(
            content in proptest::collection::vec(any::<u8>(), 0..2000), cut in 0..2000_usize
        ) {
            let (first, second) = content.split_at(cut.min(content.len()));
            for algorithm in [DigestAlgorithm::Sha256, DigestAlgorithm::Sha512] {
                let mut hasher = DigestHasher::new(algorithm);
                hasher.update(first);
                hasher.update(second);
                let digest = hasher.finish();
                prop_assert_eq!(ContentDigest::parse(&digest.to_string()), Ok(digest.clone()));
                prop_assert_eq!(digest, ContentDigest::of(algorithm, &content));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*|(sha-(256|512)=:[A-Za-z0-9+/=]{0,90}:,? ?){1,3}") {
            if let Ok(digest) = ContentDigest::parse(&text) {
                prop_assert_eq!(ContentDigest::parse(&digest.to_string()), Ok(digest));
            }
        }
    }
}
