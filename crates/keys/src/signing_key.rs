//! The key a client signs its calls with.

use std::fmt;

use aws_lc_rs::hmac;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SignatureAlgorithm};
use wire::public_key::PublicKey;
use wire::signature::Algorithm;
use zeroize::Zeroizing;

use crate::caller_key::hmac_key;
use crate::ecdsa::EcdsaKey;
use crate::private_key::{self, Container};
use crate::rsa::RsaKey;
use crate::{Ed25519Key, KeyError, SystemRandomness, pem};

/// A key that signs requests (RFC 9421); the other end of a [`crate::CallerKey`].
#[derive(Clone)]
pub enum SigningKey {
    /// A shared secret; registered name `hmac-sha256`.
    HmacSha256(Box<hmac::Key>),
    /// A private RSA key; `rsa-pss-sha512` or `rsa-v1_5-sha256`.
    Rsa(RsaKey),
    /// A private EC key; `ecdsa-p256-sha256` or `ecdsa-p384-sha384`.
    Ecdsa(EcdsaKey),
    /// A private key; registered name `ed25519`.
    Ed25519(Ed25519Key),
}

impl SigningKey {
    /// From a shared secret of at least 32 bytes.
    pub fn hmac_sha256(secret: &[u8]) -> Result<Self, KeyError> {
        hmac_key(secret).map(Self::HmacSha256)
    }

    /// From a private key in PEM: PKCS#8 (`PRIVATE KEY`), SEC 1 (`EC PRIVATE KEY`, RFC 5915) or
    /// PKCS#1 (`RSA PRIVATE KEY`, RFC 8017). An RSA key serves two algorithms, so `algorithm` must
    /// say which; for other keys it may, and must then fit.
    pub fn from_pem(text: &str, algorithm: Option<Algorithm>) -> Result<Self, KeyError> {
        let key = match private_key::read(text)? {
            Container::Ed25519 => Self::Ed25519(Ed25519Key::from_pkcs8_pem(text)?),
            Container::Ec(der) => Self::Ecdsa(EcdsaKey::from_der(&der)?),
            Container::Rsa { pkcs1, only_pss } => {
                let algorithm = match (algorithm, only_pss) {
                    (Some(said), _) => said,
                    (None, true) => Algorithm::RsaPssSha512,
                    (None, false) => return Err(KeyError::NotAKey(RSA_UNDECIDED)),
                };
                if only_pss && algorithm == Algorithm::RsaV1_5Sha256 {
                    return Err(KeyError::NotAKey("this RSA key is for PSS only"));
                }
                Self::Rsa(RsaKey::from_pkcs1(&pkcs1, algorithm)?)
            }
        };
        match algorithm {
            Some(said) if said != key.algorithm() => {
                Err(KeyError::OtherAlgorithm { said: said.as_str(), key: key.algorithm().as_str() })
            }
            _ => Ok(key),
        }
    }

    /// From a PEM block `PRIVATE KEY` of a key whose type says its algorithm: not RSA.
    pub fn from_pkcs8_pem(text: &str) -> Result<Self, KeyError> {
        Self::from_pem(text, None)
    }

    /// Makes a new private key for `algorithm`; RSA with 2048 bits. Randomness is the system's:
    /// the provider of cryptography takes no other for RSA and ECDSA.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        match algorithm {
            Algorithm::HmacSha256 => Err(KeyError::NotAKey("hmac-sha256 has no private key")),
            Algorithm::RsaPssSha512 | Algorithm::RsaV1_5Sha256 => {
                RsaKey::generate(algorithm).map(Self::Rsa)
            }
            Algorithm::EcdsaP256Sha256 | Algorithm::EcdsaP384Sha384 => {
                EcdsaKey::generate(algorithm).map(Self::Ecdsa)
            }
            Algorithm::Ed25519 => Ed25519Key::generate(&SystemRandomness).map(Self::Ed25519),
        }
    }

    /// Makes one that is to last: like [`generate`](Self::generate), RSA with 3072 bits (BSI
    /// TR-02102-1, NIST SP 800-57: beyond 2030).
    pub fn generate_lasting(algorithm: Algorithm) -> Result<Self, KeyError> {
        match algorithm {
            Algorithm::RsaPssSha512 | Algorithm::RsaV1_5Sha256 => {
                RsaKey::generate_3072(algorithm).map(Self::Rsa)
            }
            other => Self::generate(other),
        }
    }

    /// A certificate request (PKCS#10) in PEM, which names `subject` as its common name and is signed
    /// by this key: shows that whoever sends it has the key, without the key.
    pub fn certificate_request(&self, subject: &str) -> Result<String, KeyError> {
        let no_request = KeyError::NotAKey("no certificate request can be made for this key");
        let signing: &'static SignatureAlgorithm = match self.algorithm() {
            Algorithm::HmacSha256 => return Err(no_request),
            Algorithm::RsaPssSha512 | Algorithm::RsaV1_5Sha256 => &rcgen::PKCS_RSA_SHA256,
            Algorithm::EcdsaP256Sha256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            Algorithm::EcdsaP384Sha384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            Algorithm::Ed25519 => &rcgen::PKCS_ED25519,
        };
        let made = || {
            let pair = KeyPair::from_pkcs8_pem_and_sign_algo(&self.to_pkcs8_pem().ok()?, signing);
            let mut params = CertificateParams::default();
            params.distinguished_name = DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, subject);
            let request = params.serialize_request(&pair.ok()?).ok()?;
            // Public: nothing to wipe.
            Some(pem::encode("CERTIFICATE REQUEST", request.der()).to_string())
        };
        made().ok_or(no_request)
    }

    /// The algorithm's registered name.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::HmacSha256(_) => Algorithm::HmacSha256,
            Self::Rsa(key) => key.algorithm(),
            Self::Ecdsa(key) => key.algorithm(),
            Self::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// Signs a signature base: as many bytes as RFC 9421 §3.3 says for the algorithm.
    pub fn sign(&self, base: &[u8]) -> Result<Vec<u8>, KeyError> {
        match self {
            Self::HmacSha256(key) => Ok(hmac::sign(key, base).as_ref().to_vec()),
            Self::Rsa(key) => key.sign(base),
            Self::Ecdsa(key) => key.sign(base),
            Self::Ed25519(key) => Ok(key.sign(base).to_vec()),
        }
    }

    /// The public key, as the directory carries it; none for a shared secret.
    pub fn public_key(&self) -> Option<PublicKey> {
        match self {
            Self::HmacSha256(_) => None,
            Self::Rsa(key) => key.public_key(),
            Self::Ecdsa(key) => key.public_key(),
            Self::Ed25519(key) => Some(PublicKey::from(key.public_key())),
        }
    }

    /// The private key as a PEM block `PRIVATE KEY` (PKCS#8).
    pub fn to_pkcs8_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        match self {
            Self::HmacSha256(_) => Err(KeyError::NotAKey("hmac-sha256 has no private key")),
            Self::Rsa(key) => key.to_pkcs8_pem(),
            Self::Ecdsa(key) => key.to_pkcs8_pem(),
            Self::Ed25519(key) => key.to_pkcs8_pem(),
        }
    }
}

const RSA_UNDECIDED: &str =
    "an RSA key serves two algorithms; say which: rsa-pss-sha512 or rsa-v1_5-sha256";

impl From<Ed25519Key> for SigningKey {
    fn from(key: Ed25519Key) -> Self {
        Self::Ed25519(key)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.algorithm())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_private_key_is_written_and_read_again() {
        for algorithm in Algorithm::ALL {
            if algorithm == Algorithm::HmacSha256 {
                assert!(SigningKey::generate(algorithm).is_err());
                continue;
            }
            let key = SigningKey::generate(algorithm).unwrap();
            let pem = key.to_pkcs8_pem().unwrap();
            let again = SigningKey::from_pem(&pem, Some(algorithm)).unwrap();
            assert_eq!(again.public_key(), key.public_key());
            assert_eq!(*again.to_pkcs8_pem().unwrap(), *pem);
        }
    }

    #[test]
    fn an_rsa_key_must_be_told_its_algorithm_and_others_must_not_be_told_a_wrong_one() {
        let rsa = SigningKey::generate(Algorithm::RsaV1_5Sha256).unwrap().to_pkcs8_pem().unwrap();
        let undecided = SigningKey::from_pem(&rsa, None).unwrap_err().to_string();
        assert!(undecided.contains("rsa-pss-sha512 or rsa-v1_5-sha256"), "{undecided}");
        for algorithm in [Algorithm::RsaPssSha512, Algorithm::RsaV1_5Sha256] {
            let key = SigningKey::from_pem(&rsa, Some(algorithm)).unwrap();
            assert_eq!(key.algorithm(), algorithm);
        }
        let ec = SigningKey::generate(Algorithm::EcdsaP256Sha256).unwrap().to_pkcs8_pem().unwrap();
        for wrong in [Algorithm::EcdsaP384Sha384, Algorithm::RsaPssSha512, Algorithm::Ed25519] {
            let refusal = SigningKey::from_pem(&ec, Some(wrong)).unwrap_err().to_string();
            assert!(refusal.contains("ecdsa-p256-sha256"), "{refusal}");
            assert!(refusal.contains(wrong.as_str()), "{refusal}");
        }
        assert!(SigningKey::from_pem(&rsa, Some(Algorithm::Ed25519)).is_err());
    }

    #[test]
    fn debug_shows_the_algorithm_only() {
        let key = SigningKey::hmac_sha256(&[9; 32]).unwrap();
        assert_eq!(format!("{key:?}"), "SigningKey(hmac-sha256)");
        for algorithm in [Algorithm::RsaPssSha512, Algorithm::EcdsaP384Sha384] {
            let key = SigningKey::generate(algorithm).unwrap();
            assert_eq!(format!("{key:?}"), format!("SigningKey({algorithm})"));
        }
    }
}
