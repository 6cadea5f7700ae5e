use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
use der::{Encode, Header, Length, Tag};
use proptest::prelude::*;
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use super::*;

const RSA: &str = "1.2.840.113549.1.1.1";
const RSA_PSS: &str = "1.2.840.113549.1.1.10";
const EC: &str = "1.2.840.10045.2.1";
const P256: &str = "1.2.840.10045.3.1.7";

/// RFC 9421 §B.1.3.
const P256_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lfw0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==";

/// `RSAPublicKey` with a modulus of so many bits.
fn rsa_key(bits: usize, exponent: &[u8]) -> Vec<u8> {
    let mut modulus = vec![0xff; bits.div_ceil(8)];
    modulus[0] >>= 8 * modulus.len() - bits;
    let number = |bytes: &[u8]| UintRef::new(bytes).unwrap().to_der().unwrap();
    let numbers = [number(&modulus), number(exponent)].concat();
    let length = Length::try_from(numbers.len()).unwrap();
    let head = Header::new(Tag::Sequence, length).unwrap().to_der().unwrap();
    [head, numbers].concat()
}

fn spki(oid: &str, parameters: Option<AnyRef<'_>>, key: &[u8]) -> Vec<u8> {
    let oid = ObjectIdentifier::new(oid).unwrap();
    let subject_public_key = BitStringRef::from_bytes(key).unwrap();
    let algorithm = AlgorithmIdentifierRef { oid, parameters };
    SubjectPublicKeyInfoRef { algorithm, subject_public_key }.to_der().unwrap()
}

fn rsa(bits: usize, exponent: &[u8]) -> Vec<u8> {
    spki(RSA, Some(AnyRef::NULL), &rsa_key(bits, exponent))
}

const F4: &[u8] = &[1, 0, 1];

#[test]
fn rsa_keys_are_taken_by_length_and_exponent() {
    for (bits, exponent, expected) in [
        (1024, F4, Err(NotAPublicKey::RsaLength(1024))),
        (2047, F4, Err(NotAPublicKey::RsaLength(2047))),
        (2048, F4, Ok(())),
        (4096, F4, Ok(())),
        (8192, F4, Ok(())),
        (8193, F4, Err(NotAPublicKey::RsaLength(8193))),
        (16384, F4, Err(NotAPublicKey::RsaLength(16384))),
        (2048, &[1][..], Err(NotAPublicKey::RsaExponent)),
        (2048, &[3][..], Err(NotAPublicKey::RsaExponent)),
        (2048, &[0xff, 0xff][..], Err(NotAPublicKey::RsaExponent)),
        (2048, &[1, 0, 2][..], Err(NotAPublicKey::RsaExponent)),
        (2048, &[1, 0xff, 0xff, 0xff, 0xff][..], Ok(())),
        (2048, &[3, 0xff, 0xff, 0xff, 0xff][..], Err(NotAPublicKey::RsaExponent)),
        (2048, &[0xff; 256][..], Err(NotAPublicKey::RsaExponent)),
    ] {
        for algorithm in [Algorithm::RsaPssSha512, Algorithm::RsaV1_5Sha256] {
            let found = PublicKey::from_spki(algorithm, &rsa(bits, exponent)).map(|_| ());
            assert_eq!(found, expected, "{bits} {exponent:?}");
        }
    }
}

#[test]
fn a_key_bound_to_pss_is_spelt_as_any_rsa_key_and_not_taken_for_the_other_padding() {
    let bound = spki(RSA_PSS, None, &rsa_key(2048, F4));
    let key = PublicKey::from_spki(Algorithm::RsaPssSha512, &bound).unwrap();
    assert_eq!(key.as_bytes(), rsa(2048, F4));
    let other = NotAPublicKey::OtherType(Algorithm::RsaV1_5Sha256);
    assert_eq!(PublicKey::from_spki(Algorithm::RsaV1_5Sha256, &bound), Err(other));
    // Bound to another hash, for all we know.
    let narrowed = spki(RSA_PSS, Some(AnyRef::NULL), &rsa_key(2048, F4));
    assert!(PublicKey::from_spki(Algorithm::RsaPssSha512, &narrowed).is_err());
    // The spelling that was not written is not read.
    assert_eq!(
        PublicKey::from_bytes(bound).verifying(Algorithm::RsaPssSha512).unwrap_err(),
        NotAPublicKey::Form
    );
}

#[test]
fn a_point_off_the_curve_a_hybrid_and_a_compressed_one_are_refused() {
    let key = STANDARD.decode(P256_KEY).unwrap();
    assert!(PublicKey::from_spki(Algorithm::EcdsaP256Sha256, &key).is_ok());
    let mut off = key.clone();
    *off.last_mut().unwrap() ^= 1;
    assert_eq!(
        PublicKey::from_spki(Algorithm::EcdsaP256Sha256, &off),
        Err(NotAPublicKey::OffCurve)
    );
    let point = &key[key.len() - 65..];
    let curve = ObjectIdentifier::new(P256).unwrap();
    let in_form = |point: &[u8]| spki(EC, Some(AnyRef::from(&curve)), point);
    assert_eq!(in_form(point), key);
    let sign = 2 | point[64] & 1;
    let compressed = [&[sign], &point[1..33]].concat();
    let hybrid = [&[sign | 4], &point[1..]].concat();
    for other in [compressed, hybrid, vec![0], Vec::new(), [point, &[0]].concat()] {
        let found = PublicKey::from_spki(Algorithm::EcdsaP256Sha256, &in_form(&other));
        assert_eq!(found, Err(NotAPublicKey::Form), "{other:?}");
    }
}

#[test]
fn a_key_serves_its_own_algorithm_only() {
    let ed25519 = PublicKey::from([9; 32]);
    let p256 = STANDARD.decode(P256_KEY).unwrap();
    let rsa = rsa(2048, F4);
    for algorithm in Algorithm::ALL {
        let fits = |spki: &[u8]| PublicKey::from_spki(algorithm, spki).is_ok();
        assert_eq!(fits(&p256), algorithm == Algorithm::EcdsaP256Sha256, "{algorithm}");
        let of_rsa = [Algorithm::RsaPssSha512, Algorithm::RsaV1_5Sha256].contains(&algorithm);
        assert_eq!(fits(&rsa), of_rsa, "{algorithm}");
        assert_eq!(fits(&ed25519.to_spki(Algorithm::Ed25519)), algorithm == Algorithm::Ed25519);
        assert_eq!(ed25519.verifying(algorithm).is_ok(), algorithm == Algorithm::Ed25519);
    }
}

#[test]
fn weak_ed25519_keys_are_refused() {
    let p_minus_one = "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
    let p_plus_one_signed = "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
    let one = "0100000000000000000000000000000000000000000000000000000000000000";
    let zero = "0000000000000000000000000000000000000000000000000000000000000080";
    let order_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85";
    let order_8_too = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a";
    for text in [p_minus_one, p_plus_one_signed, one, zero, order_8, order_8_too] {
        let key = PublicKey::from_bytes(hex::decode(text).unwrap());
        let found = key.verifying(Algorithm::Ed25519).unwrap_err();
        assert_eq!(found, NotAPublicKey::SmallOrder, "{text}");
        let found = PublicKey::from_spki(Algorithm::Ed25519, &key.to_spki(Algorithm::Ed25519));
        assert_eq!(found, Err(NotAPublicKey::SmallOrder));
    }
}

#[test]
fn every_refusal_says_why_in_both_languages() {
    for algorithm in Algorithm::ALL {
        let text = NotAPublicKey::OtherType(algorithm).text();
        assert!(text.vi.contains(algorithm.as_str()) && text.en.contains(algorithm.as_str()));
    }
    let text = NotAPublicKey::RsaLength(1024).text();
    assert!(text.vi.contains("1024") && text.en.contains("1024"));
}

proptest! {
    #[test]
    fn no_changed_byte_gives_another_spelling_of_a_key(at in any::<prop::sample::Index>(), byte: u8) {
        let p256 = STANDARD.decode(P256_KEY).unwrap();
        for (algorithm, whole) in
            [(Algorithm::EcdsaP256Sha256, p256), (Algorithm::RsaPssSha512, rsa(2048, F4))]
        {
            let mut changed = whole.clone();
            let at = at.index(whole.len());
            changed[at] = byte;
            if let Ok(key) = PublicKey::from_spki(algorithm, &changed) {
                prop_assert_eq!(key.as_bytes(), changed.as_slice());
                prop_assert!(key.verifying(algorithm).is_ok());
            }
        }
    }

    #[test]
    fn any_bytes_are_a_key_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for algorithm in Algorithm::ALL {
            let _ = PublicKey::from_spki(algorithm, &bytes);
            let _ = PublicKey::from_bytes(bytes.clone()).verifying(algorithm);
        }
    }
}
