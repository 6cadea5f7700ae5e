//! Public keys as people hand them in and get them back.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use wire::public_key::{NotAPublicKey, PublicKey};
use wire::signature::Algorithm;

use crate::{KeyError, holds_private_key, pem};

/// Reads a public key for `algorithm`: a PEM block `PUBLIC KEY` (RFC 7468 §13), or for Ed25519
/// also its 32 bytes in standard base64. A key of another type and a weak one are refused.
pub fn public_key(algorithm: Algorithm, text: &str) -> Result<PublicKey, NotAPublicKey> {
    let text = text.trim();
    if holds_private_key(text) {
        return Err(NotAPublicKey::Private);
    }
    if text.starts_with("-----") {
        let spki = pem::decode("PUBLIC KEY", text).ok_or(NotAPublicKey::Form)?;
        return PublicKey::from_spki(algorithm, &spki);
    }
    if algorithm != Algorithm::Ed25519 {
        return Err(NotAPublicKey::Form);
    }
    let bytes = STANDARD.decode(text).map_err(|_| NotAPublicKey::Form)?;
    let key = PublicKey::from_bytes(bytes);
    key.verifying(algorithm)?;
    Ok(key)
}

/// Writes a public key as a PEM block `PUBLIC KEY`.
pub fn public_key_pem(algorithm: Algorithm, key: &PublicKey) -> String {
    // A public key: nothing to wipe.
    pem::encode("PUBLIC KEY", &key.to_spki(algorithm)).to_string()
}

/// Reads a public Ed25519 key: see [`public_key`].
pub fn ed25519_public_key(text: &str) -> Result<[u8; 32], KeyError> {
    let key = public_key(Algorithm::Ed25519, text).map_err(KeyError::PublicKey)?;
    let bytes = key.as_bytes().try_into();
    bytes.map_err(|_| KeyError::NotAKey("an Ed25519 key has 32 bytes"))
}

/// Writes a public Ed25519 key as a PEM block `PUBLIC KEY` (RFC 8410).
pub fn ed25519_public_key_pem(key: &[u8; 32]) -> String {
    public_key_pem(Algorithm::Ed25519, &PublicKey::from(*key))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8410 §10.1.
    const PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
        -----END PUBLIC KEY-----\n";
    const HEX: &str = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";

    #[test]
    fn the_key_of_rfc_8410_is_read_and_written() {
        let key = ed25519_public_key(PEM).unwrap();
        assert_eq!(hex::encode(key), HEX);
        assert_eq!(ed25519_public_key_pem(&key), PEM);
    }

    #[test]
    fn thirty_two_bytes_in_base64_are_read() {
        let text = STANDARD.encode(hex::decode(HEX).unwrap());
        assert_eq!(hex::encode(ed25519_public_key(&text).unwrap()), HEX);
    }

    #[test]
    fn what_is_no_public_key_is_refused_with_its_reason() {
        for (text, reason) in [
            ("-----BEGIN PRIVATE KEY-----", NotAPublicKey::Private),
            ("AAAA", NotAPublicKey::Form),
            ("not base64!", NotAPublicKey::Form),
            ("-----BEGIN PUBLIC KEY-----\nMCow\n", NotAPublicKey::Form),
            ("-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----", NotAPublicKey::Form),
        ] {
            assert_eq!(public_key(Algorithm::Ed25519, text), Err(reason), "{text}");
        }
    }

    #[test]
    fn a_key_of_another_type_is_told_what_is_needed() {
        for algorithm in Algorithm::ALL {
            let expected = match algorithm {
                Algorithm::HmacSha256 => Err(NotAPublicKey::Secret),
                Algorithm::Ed25519 => continue,
                other => Err(NotAPublicKey::OtherType(other)),
            };
            assert_eq!(public_key(algorithm, PEM), expected);
        }
    }
}
