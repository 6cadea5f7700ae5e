//! Keys as people hand them in.

use keys::{
    DocumentKind, Ed25519Key, KeyDocument, SigningKey, ed25519_public_key, ed25519_public_key_pem,
    holds_private_key, public_key, public_key_pem,
};
use wire::ambient::UtcMicros;
use wire::signature::Algorithm;

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
    for algorithm in Algorithm::ALL {
        if let Ok(key) = public_key(algorithm, text) {
            assert!(key.verifying(algorithm).is_ok(), "what is taken verifies");
            let pem = public_key_pem(algorithm, &key);
            assert_eq!(public_key(algorithm, &pem).as_ref(), Ok(&key));
        }
        if let Ok(key) = SigningKey::from_pem(text, Some(algorithm)) {
            let pem = key.to_pkcs8_pem().expect("what was read can be written");
            let again = SigningKey::from_pem(&pem, Some(algorithm)).expect("and read again");
            assert_eq!(again.public_key(), key.public_key());
            assert!(public_key(algorithm, text).is_err(), "a private key is no public one");
        }
    }
}

/// A certificate or request that is read is written so that it reads the same, whether it came as text
/// or as DER; what it gives as a key is one, and nothing that is taken holds a private key.
pub(crate) fn document(bytes: &[u8]) {
    for kind in [DocumentKind::Certificate, DocumentKind::Request] {
        let of_text = std::str::from_utf8(bytes).ok();
        let of_text = of_text.and_then(|text| Some((text, KeyDocument::read(kind, text).ok()?)));
        if let Some((text, _)) = &of_text {
            assert!(!holds_private_key(text), "a private key is no document");
        }
        let of_der = KeyDocument::from_der(kind, bytes).ok();
        for read in of_text.map(|(_, read)| read).into_iter().chain(of_der) {
            assert_eq!(KeyDocument::read(kind, &read.to_pem()).as_ref(), Ok(&read));
            assert!(!read.subject.chars().any(|it| it.is_ascii_control()), "one line");
            for algorithm in Algorithm::ALL {
                let at = read.validity.map_or(UtcMicros::MIN, |(from, _)| from);
                if let Ok(key) = read.key_at(algorithm, at) {
                    assert!(key.verifying(algorithm).is_ok(), "what is taken verifies");
                }
            }
        }
    }
}

/// The index of the platform's keys: what is read is written so that it reads the same.
pub(crate) fn index(bytes: &[u8]) {
    if let Some(written) = keys::fuzzing::key_index(bytes) {
        assert_eq!(keys::fuzzing::key_index(&written).as_ref(), Some(&written));
    }
}

/// A file of symmetric keys has one spelling, and what is cut or longer is none.
pub(crate) fn symmetric(bytes: &[u8]) {
    if let Some(written) = keys::fuzzing::symmetric_keys(bytes) {
        assert_eq!(written, bytes);
        assert_eq!(keys::fuzzing::symmetric_keys(&bytes[..bytes.len() - 1]), None);
    }
}
