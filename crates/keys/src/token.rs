//! Secrets that are handed out: API tokens, and the secrets of HMAC callers.
//!
//! **Invariant**: of a token only its SHA-256 is kept. 32 random bytes need no slow hash: there
//! is nothing to guess.
//! **Trust**: whoever reads the hashes cannot sign on with them.

use std::fmt;

use aws_lc_rs::{constant_time, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use wire::ambient::Randomness;
use zeroize::Zeroizing;

use crate::KeyError;

/// A new secret for an HMAC caller, 32 bytes; shown once, then kept sealed.
pub fn new_hmac_secret(randomness: &dyn Randomness) -> Zeroizing<[u8; 32]> {
    let mut secret = Zeroizing::new([0; 32]);
    randomness.fill(secret.as_mut());
    secret
}

/// The secret part of an API token: 32 random bytes.
#[derive(Clone)]
pub struct TokenSecret(Zeroizing<[u8; 32]>);

impl TokenSecret {
    /// Makes a new one.
    pub fn new(randomness: &dyn Randomness) -> Self {
        Self(new_hmac_secret(randomness))
    }

    /// Reads what [`Self::reveal`] wrote: 43 characters of base64url.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        match URL_SAFE_NO_PAD.decode_slice(text, bytes.as_mut()) {
            Ok(32) => Ok(Self(bytes)),
            _ => Err(KeyError::NotAKey("a token's secret has 43 characters")),
        }
    }

    /// The secret as text, to be shown once.
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0.as_ref()))
    }

    /// What may be stored.
    pub fn hash(&self) -> TokenHash {
        let mut hash = [0; 32];
        let digest = digest::digest(&digest::SHA256, self.0.as_ref());
        // SHA-256 gives 32 bytes, so nothing is left out.
        for (to, from) in hash.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        TokenHash(hash)
    }
}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSecret(…)")
    }
}

/// SHA-256 of a token's secret.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// From what was stored; `None` unless 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// What to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether `secret` is the one this is the hash of, in a time that does not depend on where
    /// they differ.
    pub fn matches(&self, secret: &TokenSecret) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &secret.hash().0).is_ok()
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandomness;

    #[test]
    fn a_revealed_secret_matches_its_hash_and_no_other() {
        let secret = TokenSecret::new(&SystemRandomness);
        let hash = TokenHash::from_bytes(secret.hash().as_bytes()).unwrap();
        assert!(hash.matches(&TokenSecret::parse(&secret.reveal()).unwrap()));
        assert!(!hash.matches(&TokenSecret::new(&SystemRandomness)));
    }

    #[test]
    fn a_cut_or_long_secret_is_refused() {
        let text = TokenSecret::new(&SystemRandomness).reveal();
        assert!(TokenSecret::parse(&text[..42]).is_err());
        assert!(TokenSecret::parse(&format!("{}A", *text)).is_err());
        assert!(TokenSecret::parse("").is_err());
    }

    #[test]
    fn debug_shows_neither_secret_nor_hash() {
        let secret = TokenSecret::new(&SystemRandomness);
        let shown = format!("{secret:?} {:?}", secret.hash());
        assert_eq!(shown, "TokenSecret(…) TokenHash(…)");
    }
}
