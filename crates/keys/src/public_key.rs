//! Public Ed25519 keys as people hand them in: RFC 8410 in PEM, or the 32 bytes in base64.
//!
//! **Invariant**: a key that passes is a point of the curve under which a signature proves the
//! holder of one private key.
//! **Trust**: a weak key would let anyone sign in its owner's name, and its owner deny what they
//! signed; so the eight points of small order are refused.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::{KeyError, pem};

/// `SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING (32 bytes follow) }` (RFC 8410 §4).
const SPKI_PREFIX: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Reads a public key: a PEM block `PUBLIC KEY` (RFC 8410), or 32 bytes in standard base64.
pub fn ed25519_public_key(text: &str) -> Result<[u8; 32], KeyError> {
    let text = text.trim();
    if text.contains("PRIVATE KEY") {
        return Err(KeyError::NotAKey(
            "this is a private key; send the public one, and make a new pair",
        ));
    }
    let bytes = if text.starts_with("-----") {
        let der = pem::decode("PUBLIC KEY", text)
            .ok_or(KeyError::NotAKey("the PEM block PUBLIC KEY is not whole"))?;
        der.strip_prefix(&SPKI_PREFIX)
            .ok_or(KeyError::NotAKey("the PEM block holds no Ed25519 key"))?
            .to_vec()
    } else {
        STANDARD.decode(text).map_err(|_| KeyError::NotAKey("neither PEM nor base64"))?
    };
    let key = bytes.try_into().map_err(|_| KeyError::NotAKey("an Ed25519 key has 32 bytes"))?;
    if is_of_small_order(&key) {
        return Err(KeyError::NotAKey("a weak key: anyone can sign under it"));
    }
    Ok(key)
}

/// Writes a public key as a PEM block `PUBLIC KEY` (RFC 8410).
pub fn ed25519_public_key_pem(key: &[u8; 32]) -> String {
    let mut der = SPKI_PREFIX.to_vec();
    der.extend_from_slice(key);
    // A public key: nothing to wipe.
    pem::encode("PUBLIC KEY", &der).to_string()
}

/// The y coordinates whose points have an order that divides 8, with those written unreduced;
/// the sign bit of x does not matter.
pub(crate) fn is_of_small_order(key: &[u8; 32]) -> bool {
    const ORDER_8: [u8; 32] = [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ];
    const ORDER_8_TOO: [u8; 32] = [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ];
    let mut y = *key;
    let [first, middle @ .., last] = &mut y;
    *last &= 0x7f;
    let ends_like_p = *last == 0x7f && middle.iter().all(|byte| *byte == 0xff);
    let near_zero = *last == 0 && middle.iter().all(|byte| *byte == 0);
    // 0 and 1, and p - 1, p, p + 1 (p = 2^255 - 19 ends in 0xed, its first byte here).
    (near_zero && *first <= 1)
        || (ends_like_p && (0xec..=0xee).contains(first))
        || y == ORDER_8
        || y == ORDER_8_TOO
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
    fn weak_keys_are_refused() {
        let p_minus_one = "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
        let p_plus_one_signed = "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
        let one = "0100000000000000000000000000000000000000000000000000000000000000";
        let zero = "0000000000000000000000000000000000000000000000000000000000000080";
        let order_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85";
        let order_8_too = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a";
        for hex in [p_minus_one, p_plus_one_signed, one, zero, order_8, order_8_too] {
            let text = STANDARD.encode(hex::decode(hex).unwrap());
            let refusal = ed25519_public_key(&text).unwrap_err();
            assert!(refusal.to_string().contains("weak"), "{hex}: {refusal}");
        }
    }

    #[test]
    fn what_is_no_public_key_is_refused_with_its_reason() {
        for (text, reason) in [
            ("-----BEGIN PRIVATE KEY-----", "private key"),
            ("AAAA", "32 bytes"),
            ("not base64!", "neither PEM nor base64"),
            ("-----BEGIN PUBLIC KEY-----\nMCow\n", "not whole"),
            ("-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----", "no Ed25519"),
        ] {
            let refusal = ed25519_public_key(text).unwrap_err().to_string();
            assert!(refusal.contains(reason), "{text}: {refusal}");
        }
    }
}
