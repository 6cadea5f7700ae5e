//! The points of Ed25519 under which anyone can sign.

use super::NotAPublicKey;

pub(super) fn check(key: &[u8]) -> Result<(), NotAPublicKey> {
    let key = key.try_into().map_err(|_| NotAPublicKey::Form)?;
    if is_of_small_order(key) { Err(NotAPublicKey::SmallOrder) } else { Ok(()) }
}

/// The y coordinates whose points have an order that divides 8, with those written unreduced;
/// the sign bit of x does not matter.
fn is_of_small_order(key: &[u8; 32]) -> bool {
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
