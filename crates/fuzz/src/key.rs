//! Keys as people hand them in.

use keys::{Ed25519Key, ed25519_public_key, ed25519_public_key_pem};

/// A key that is read is written so that it reads the same; a private one signs as its public part
/// says.
pub(crate) fn keys(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(key) = ed25519_public_key(text) {
        assert_eq!(ed25519_public_key(&ed25519_public_key_pem(&key)).ok(), Some(key));
    }
    if let Ok(key) = Ed25519Key::from_pkcs8_pem(text) {
        let pem = key.to_pkcs8_pem().expect("what was read can be written");
        let again = Ed25519Key::from_pkcs8_pem(&pem).expect("and read again");
        assert_eq!(again.public_key(), key.public_key());
        assert_eq!(again.sign(b"x"), key.sign(b"x"));
        assert!(ed25519_public_key(text).is_err(), "a private key is no public one");
    }
}
