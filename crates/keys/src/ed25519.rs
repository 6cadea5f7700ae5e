//! A private Ed25519 key (RFC 8032), read and written as PKCS#8 in PEM (RFC 8410 §7).
//!
//! **Invariant**: the private part leaves only through [`Ed25519Key::to_pkcs8_pem`].
//! **Trust**: whoever holds it can sign in its owner's name until it is retired.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use wire::ambient::Randomness;
use zeroize::Zeroizing;

use crate::{KeyError, ed25519_public_key_pem, pem};

/// A private Ed25519 key; clones share it.
#[derive(Clone)]
pub struct Ed25519Key {
    pair: Arc<Ed25519KeyPair>,
    public: [u8; 32],
}

impl Ed25519Key {
    /// Makes a new key out of 32 bytes of `randomness`.
    pub fn generate(randomness: &dyn Randomness) -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        randomness.fill(seed.as_mut());
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_ref())
            .map_err(|_| KeyError::NotAKey("the seed gives no key pair"))?;
        Self::from_pair(pair)
    }

    /// Reads a PEM block `PRIVATE KEY`, version 1 or 2 of RFC 8410; a public part that does not
    /// fit is refused.
    pub fn from_pkcs8_pem(text: &str) -> Result<Self, KeyError> {
        let der = pem::decode("PRIVATE KEY", text)
            .ok_or(KeyError::NotAKey("the PEM block PRIVATE KEY is not whole"))?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der)
            .map_err(|_| KeyError::NotAKey("the PEM block holds no Ed25519 key"))?;
        Self::from_pair(pair)
    }

    fn from_pair(pair: Ed25519KeyPair) -> Result<Self, KeyError> {
        let public = pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_| KeyError::NotAKey("the public part has no 32 bytes"))?;
        Ok(Self { pair: Arc::new(pair), public })
    }

    /// The private key as a PEM block `PRIVATE KEY` (version 1, which every tool reads).
    pub fn to_pkcs8_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        let der: Pkcs8V1Der<'_> = self
            .pair
            .as_der()
            .map_err(|_| KeyError::NotAKey("the key cannot be written as PKCS#8"))?;
        Ok(pem::encode("PRIVATE KEY", der.as_ref()))
    }

    /// Signs `message`; the same message always gives the same 64 bytes.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut bytes = [0; 64];
        // Ed25519 signatures have 64 bytes (RFC 8032 §5.1.6), so nothing is left out.
        for (to, from) in bytes.iter_mut().zip(self.pair.sign(message).as_ref()) {
            *to = *from;
        }
        bytes
    }

    /// The public key, 32 bytes.
    pub fn public_key(&self) -> [u8; 32] {
        self.public
    }

    /// The public key as a PEM block `PUBLIC KEY`.
    pub fn public_key_pem(&self) -> String {
        ed25519_public_key_pem(&self.public)
    }
}

impl fmt::Debug for Ed25519Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ed25519Key(public {})", hex::encode(self.public))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CallerKey, SystemRandomness};

    /// RFC 8410 §10.3, the key alone.
    const VERSION_1: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";
    /// RFC 8410 §10.3, with an attribute and the public part.
    const VERSION_2: &str = "-----BEGIN PRIVATE KEY-----\n\
        MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB\n\
        Z9w7lshQhqowtrbLDFw4rXAxZuE=\n\
        -----END PRIVATE KEY-----\n";

    fn seed_pem(seed: &str) -> String {
        let mut der = hex::decode("302e020100300506032b657004220420").unwrap();
        der.extend(hex::decode(seed).unwrap());
        pem::encode("PRIVATE KEY", &der).to_string()
    }

    #[test]
    fn both_versions_of_rfc_8410_are_read_and_version_1_is_written() {
        for text in [VERSION_1, VERSION_2] {
            let key = Ed25519Key::from_pkcs8_pem(text).unwrap();
            assert_eq!(
                hex::encode(key.public_key()),
                "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1"
            );
            assert_eq!(*key.to_pkcs8_pem().unwrap(), VERSION_1);
        }
    }

    #[test]
    fn a_private_key_with_another_ones_public_part_is_refused() {
        let altered = VERSION_2.replace("Z9w7lshQ", "Z9w7lshR");
        assert!(Ed25519Key::from_pkcs8_pem(&altered).is_err());
    }

    /// RFC 8032 §7.1: secret, public, message, signature.
    const VECTORS: [[&str; 4]; 3] = [
        [
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ],
        [
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ],
        [
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ],
    ];

    #[test]
    fn the_vectors_of_rfc_8032_are_signed_and_verified() {
        for [seed, public, message, signature] in VECTORS {
            let key = Ed25519Key::from_pkcs8_pem(&seed_pem(seed)).unwrap();
            let message = hex::decode(message).unwrap();
            assert_eq!(hex::encode(key.public_key()), public);
            assert_eq!(hex::encode(key.sign(&message)), signature);

            let verifier = CallerKey::ed25519(&key.public_key()).unwrap();
            let mut bytes = hex::decode(signature).unwrap();
            assert!(verifier.verify(&message, &bytes));
            bytes[40] ^= 1;
            assert!(!verifier.verify(&message, &bytes));
        }
    }

    #[test]
    fn debug_shows_the_public_part_only() {
        let key = Ed25519Key::generate(&SystemRandomness).unwrap();
        let pem = key.to_pkcs8_pem().unwrap();
        let shown = format!("{key:?} {key:#?}");
        assert!(shown.contains(&hex::encode(key.public_key())));
        let seed = &pem::decode("PRIVATE KEY", &pem).unwrap()[16..];
        assert!(!shown.contains(&hex::encode(seed)));
        assert!(!shown.contains(pem.lines().nth(1).unwrap()));
    }
}
