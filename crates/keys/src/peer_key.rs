//! The key by which nodes of one platform know each other.
//!
//! Each node makes its own, with a certificate that it signs itself; the list of nodes says which
//! certificate is whose, so there is no authority above them.
//!
//! **Invariant**: the certificate stays as it was first written, byte for byte: others compare it.
//! **Trust**: whoever has this key can answer for the node whether a nonce is fresh.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair};
use wire::ambient::Randomness;
use zeroize::Zeroizing;

use crate::{Ed25519Key, KeyDirectory, KeyError};

const KEY_FILE: &str = "peer.key";
const CERTIFICATE_FILE: &str = "peer.crt";

/// A node's key and certificate towards the other nodes.
#[derive(Clone)]
pub struct PeerKey {
    certificate: Vec<u8>,
    pkcs8: Zeroizing<Vec<u8>>,
}

impl PeerKey {
    /// The name in every such certificate. It says nothing: the key does.
    pub const NAME: &'static str = "peer.lgsp.invalid";

    /// Loads key and certificate from `folder`, making what is not there.
    ///
    /// A crash between the two files leaves a key that nobody knows yet; the next start writes
    /// its certificate.
    pub fn load_or_generate(
        folder: &KeyDirectory,
        randomness: &dyn Randomness,
    ) -> Result<Self, KeyError> {
        let damaged = |file, reason| KeyError::Damaged { path: folder.path().join(file), reason };
        let pem = if let Some(pem) = folder.find(KEY_FILE)? {
            let pem = String::from_utf8(pem.to_vec());
            Zeroizing::new(pem.map_err(|_| damaged(KEY_FILE, "it is no text"))?)
        } else {
            let pem = Ed25519Key::generate(randomness)?.to_pkcs8_pem()?;
            folder.create_new(KEY_FILE, pem.as_bytes())?;
            pem
        };
        let key = key_pair(&pem).ok_or_else(|| damaged(KEY_FILE, "it is no Ed25519 key"))?;
        let certificate = if let Some(certificate) = folder.find(CERTIFICATE_FILE)? {
            certificate.to_vec()
        } else {
            let made = certify(&key).ok_or_else(|| damaged(KEY_FILE, "it certifies nothing"))?;
            folder.create_new(CERTIFICATE_FILE, &made)?;
            made
        };
        Ok(Self { certificate, pkcs8: Zeroizing::new(key.serialize_der()) })
    }

    /// A key that stands in no file.
    pub fn generate(randomness: &dyn Randomness) -> Result<Self, KeyError> {
        let pem = Ed25519Key::generate(randomness)?.to_pkcs8_pem()?;
        let key = key_pair(&pem).ok_or(KeyError::NotAKey("it certifies nothing"))?;
        let certificate = certify(&key).ok_or(KeyError::NotAKey("it certifies nothing"))?;
        Ok(Self { certificate, pkcs8: Zeroizing::new(key.serialize_der()) })
    }

    /// The certificate in DER, for the list of nodes.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The private key in PKCS#8, for TLS.
    pub fn to_pkcs8_der(&self) -> Zeroizing<Vec<u8>> {
        self.pkcs8.clone()
    }
}

fn key_pair(pem: &str) -> Option<KeyPair> {
    KeyPair::from_pkcs8_pem_and_sign_algo(pem, &rcgen::PKCS_ED25519).ok()
}

/// No authority's certificate, for either side of a connection, valid beyond every plan: it ends
/// when the list of nodes drops it.
fn certify(key: &KeyPair) -> Option<Vec<u8>> {
    let mut params = CertificateParams::new(vec![PeerKey::NAME.to_owned()]).ok()?;
    // A subject of its own: trust anchors are found by their name first.
    let number = hex::encode(digest(&SHA256, key.public_key_raw()));
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, format!("lgsp peer {}", number.get(..16)?));
    params.distinguished_name = name;
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    Some(params.self_signed(key).ok()?.der().to_vec())
}

impl fmt::Debug for PeerKey {
    /// Never the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PeerKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandomness;

    #[test]
    fn key_and_certificate_stay_as_they_were_first_written() {
        let place = tempfile::tempdir().unwrap();
        let folder = KeyDirectory::create(place.path().join("keys")).unwrap();
        let load = || PeerKey::load_or_generate(&folder, &SystemRandomness).unwrap();
        let (first, again) = (load(), load());
        assert_eq!(first.certificate(), again.certificate());
        assert_eq!(*first.to_pkcs8_der(), *again.to_pkcs8_der());
        // A crash after the key and before the certificate.
        folder.destroy(CERTIFICATE_FILE).unwrap();
        assert_eq!(*load().to_pkcs8_der(), *first.to_pkcs8_der());
    }

    #[test]
    fn a_damaged_key_is_refused_and_no_key_is_ever_shown() {
        let place = tempfile::tempdir().unwrap();
        let folder = KeyDirectory::create(place.path().join("keys")).unwrap();
        let key = PeerKey::load_or_generate(&folder, &SystemRandomness).unwrap();
        assert_eq!(format!("{key:?}"), "PeerKey(..)");
        folder.replace(KEY_FILE, b"-----BEGIN PRIVATE KEY-----\n").unwrap();
        let refused = PeerKey::load_or_generate(&folder, &SystemRandomness);
        assert!(matches!(refused, Err(KeyError::Damaged { .. })));
    }
}
