//! Private keys as agencies keep them: which kind of key a PEM block holds.

use pkcs8::der::Decode;
use pkcs8::{ObjectIdentifier, PrivateKeyInfo};
use zeroize::Zeroizing;

use crate::{KeyError, pem};

const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");

/// A private key by its container.
pub(crate) enum Container {
    /// PKCS#8 of RFC 8410; its reader takes the PEM itself.
    Ed25519,
    /// PKCS#8 or SEC 1, in DER.
    Ec(Zeroizing<Vec<u8>>),
    /// `RSAPrivateKey` (RFC 8017 §A.1.2), in DER.
    Rsa {
        /// The key.
        pkcs1: Zeroizing<Vec<u8>>,
        /// Its container allows PSS alone (RFC 4055 §1.2).
        only_pss: bool,
    },
}

/// Reads one PEM block, before which that of an EC key's curve may stand. An encrypted one is refused: nobody is asked for a passphrase here.
pub(crate) fn read(text: &str) -> Result<Container, KeyError> {
    if text.contains("ENCRYPTED") {
        return Err(KeyError::NotAKey("this private key is encrypted; give it decrypted"));
    }
    let text = without_parameters(text);
    if let Some(der) = pem::decode("EC PRIVATE KEY", text) {
        return Ok(Container::Ec(der));
    }
    if let Some(pkcs1) = pem::decode("RSA PRIVATE KEY", text) {
        return Ok(Container::Rsa { pkcs1, only_pss: false });
    }
    let der = pem::decode("PRIVATE KEY", text)
        .ok_or(KeyError::NotAKey("the PEM block PRIVATE KEY is not whole"))?;
    let info = PrivateKeyInfo::from_der(&der)
        .map_err(|_| KeyError::NotAKey("the PEM block PRIVATE KEY holds no PKCS#8"))?;
    let rsa =
        |only_pss| Container::Rsa { pkcs1: Zeroizing::new(info.private_key.to_vec()), only_pss };
    match info.algorithm.oid {
        ED25519 => Ok(Container::Ed25519),
        EC => Ok(Container::Ec(der.clone())),
        RSA => Ok(rsa(false)),
        // With parameters it is bound to one hash and salt, which need not be ours.
        RSA_PSS if info.algorithm.parameters.is_none() => Ok(rsa(true)),
        _ => Err(KeyError::NotAKey("neither an RSA, EC nor Ed25519 key")),
    }
}

/// `openssl ecparam -genkey` writes the curve before the key, which names it once more.
fn without_parameters(text: &str) -> &str {
    text.trim_start()
        .strip_prefix("-----BEGIN EC PARAMETERS-----")
        .and_then(|rest| rest.split_once("-----END EC PARAMETERS-----"))
        .map_or(text, |(_, key)| key)
}
