//! RSA keys (RFC 8017): one container for both algorithms, and no weak ones.

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
use der::{Decode, Reader, SliceReader};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use super::{NotAPublicKey, written};
use crate::signature::Algorithm;

/// `rsaEncryption`, for any use.
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// `id-RSASSA-PSS`, for PSS alone (RFC 4055 §1.2).
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");

/// The shortest and the longest modulus, in bits. Below, keys are within reach; above, a stranger
/// could make the gateway compute for long.
const MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// The smallest exponent (FIPS 186-5 §5.1): smaller ones have been forged under sloppy padding.
const SMALLEST_EXPONENT: u64 = 65_537;

pub(super) fn spelt(
    algorithm: Algorithm,
    info: &SubjectPublicKeyInfoRef<'_>,
) -> Result<Vec<u8>, NotAPublicKey> {
    let fits = match info.algorithm.oid {
        RSA => info.algorithm.parameters == Some(AnyRef::NULL),
        // With parameters it is bound to one hash and salt; without, to PSS only.
        RSA_PSS => algorithm == Algorithm::RsaPssSha512 && info.algorithm.parameters.is_none(),
        _ => false,
    };
    if !fits {
        return Err(NotAPublicKey::OtherType(algorithm));
    }
    let key = info.subject_public_key.as_bytes().ok_or(NotAPublicKey::Form)?;
    check(key)?;
    let subject_public_key = BitStringRef::from_bytes(key).map_err(|_| NotAPublicKey::Form)?;
    let algorithm = AlgorithmIdentifierRef { oid: RSA, parameters: Some(AnyRef::NULL) };
    written(&SubjectPublicKeyInfoRef { algorithm, subject_public_key })
}

/// Looks at modulus and exponent of an `RSAPublicKey` (RFC 8017 §A.1.1).
fn check(key: &[u8]) -> Result<(), NotAPublicKey> {
    let (modulus, exponent) = read(key).map_err(|_| NotAPublicKey::Form)?;
    let bits = bit_length(modulus);
    if !MODULUS_BITS.contains(&bits) {
        return Err(NotAPublicKey::RsaLength(bits));
    }
    let is_odd = exponent.last().is_some_and(|last| last & 1 == 1);
    // aws-lc takes no exponent above 33 bits: a longer one would only make verifying slow.
    if !is_odd || bit_length(exponent) > 33 || number(exponent) < SMALLEST_EXPONENT {
        return Err(NotAPublicKey::RsaExponent);
    }
    Ok(())
}

fn read(key: &[u8]) -> der::Result<(&[u8], &[u8])> {
    let mut reader = SliceReader::new(key)?;
    let pair = reader.sequence(|fields| {
        Ok((UintRef::decode(fields)?.as_bytes(), UintRef::decode(fields)?.as_bytes()))
    })?;
    reader.finish(pair)
}

/// The bits of a number without zero bytes before it.
fn bit_length(number: &[u8]) -> usize {
    number.first().map_or(0, |first| 8 * number.len() - first.leading_zeros() as usize)
}

/// The value of a number of at most eight bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}
