//! ECDSA keys: the named curve and the uncompressed point (RFC 5480).

use der::asn1::ObjectIdentifier;
use spki::SubjectPublicKeyInfoRef;

use super::{NotAPublicKey, written};
use crate::signature::Algorithm;

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// That the point is on the curve is checked when it is parsed to verify.
pub(super) fn spelt(
    algorithm: Algorithm,
    info: &SubjectPublicKeyInfoRef<'_>,
) -> Result<Vec<u8>, NotAPublicKey> {
    let (curve, length) = match algorithm {
        Algorithm::EcdsaP256Sha256 => (P256, 65),
        _ => (P384, 97),
    };
    let named = info.algorithm.parameters.and_then(|named| named.decode_as().ok());
    if info.algorithm.oid != EC || named != Some(curve) {
        return Err(NotAPublicKey::OtherType(algorithm));
    }
    let point = info.subject_public_key.as_bytes().ok_or(NotAPublicKey::Form)?;
    if point.first() != Some(&4) || point.len() != length {
        return Err(NotAPublicKey::Form);
    }
    written(info)
}
