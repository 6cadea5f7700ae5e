//! PKCS#10 (RFC 2986): a request is signed by the key that it names.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    UnparsedPublicKey, VerificationAlgorithm,
};
use pkcs8::der::asn1::BitStringRef;
use pkcs8::der::{Decode, Error, Reader, SliceReader};
use x509_cert::request::CertReqInfo;
use x509_cert::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoOwned};

use super::{DocumentKind, KeyDocument, NotAKeyDocument, fingerprint};

/// A request in its three parts, the first as its bytes came: they are what was signed.
struct Parts<'a> {
    info: &'a [u8],
    algorithm: AlgorithmIdentifierRef<'a>,
    signature: &'a [u8],
}

pub(super) fn read(der: &[u8]) -> Result<KeyDocument, Error> {
    let parts = split(der)?;
    let info = CertReqInfo::from_der(parts.info)?;
    Ok(KeyDocument {
        kind: DocumentKind::Request,
        subject: info.subject.to_string(),
        issuer: None,
        serial: None,
        validity: None,
        sha256: fingerprint(der),
        der: der.to_vec(),
        key: info.public_key,
    })
}

/// Proof of possession: whoever made the request has the private key.
pub(super) fn must_be_signed_by_its_key(
    der: &[u8],
    key: &SubjectPublicKeyInfoOwned,
) -> Result<(), NotAKeyDocument> {
    let parts = split(der).map_err(|_| NotAKeyDocument::Form(DocumentKind::Request))?;
    let named = parts.algorithm.oid.to_string();
    let algorithms = verifying(&named, key);
    if algorithms.is_empty() {
        return Err(NotAKeyDocument::SignatureAlgorithm(named));
    }
    let key = key.subject_public_key.raw_bytes();
    let proves = |algorithm: &&'static dyn VerificationAlgorithm| {
        UnparsedPublicKey::new(*algorithm, key).verify(parts.info, parts.signature).is_ok()
    };
    if algorithms.iter().any(proves) { Ok(()) } else { Err(NotAKeyDocument::NotItsSignature) }
}

fn split(der: &[u8]) -> Result<Parts<'_>, Error> {
    let mut reader = SliceReader::new(der)?;
    let parts = reader.sequence(|fields| {
        let info = fields.tlv_bytes()?;
        let algorithm = AlgorithmIdentifierRef::decode(fields)?;
        let signature = BitStringRef::decode(fields)?;
        let signature = signature.as_bytes().ok_or_else(|| fields.error(WHOLE_BYTES))?;
        Ok(Parts { info, algorithm, signature })
    })?;
    reader.finish(parts)
}

const WHOLE_BYTES: pkcs8::der::ErrorKind =
    pkcs8::der::ErrorKind::Value { tag: pkcs8::der::Tag::BitString };

/// What a signature of this algorithm may be verified with (RFC 8410, RFC 5758, RFC 4055): with SHA-2
/// only. The parameters of PSS say which hash; that one of three verifies proves as much.
fn verifying(
    oid: &str,
    key: &SubjectPublicKeyInfoOwned,
) -> Vec<&'static dyn VerificationAlgorithm> {
    // The curve decides which of the two a point is read by: of the other it is none.
    let is_p384 = key.subject_public_key.raw_bytes().len() > 65;
    match oid {
        "1.3.101.112" => vec![&ED25519],
        "1.2.840.10045.4.3.2" if is_p384 => vec![&ECDSA_P384_SHA256_ASN1],
        "1.2.840.10045.4.3.2" => vec![&ECDSA_P256_SHA256_ASN1],
        "1.2.840.10045.4.3.3" if is_p384 => vec![&ECDSA_P384_SHA384_ASN1],
        "1.2.840.10045.4.3.3" => vec![&ECDSA_P256_SHA384_ASN1],
        "1.2.840.113549.1.1.11" => vec![&RSA_PKCS1_2048_8192_SHA256],
        "1.2.840.113549.1.1.12" => vec![&RSA_PKCS1_2048_8192_SHA384],
        "1.2.840.113549.1.1.13" => vec![&RSA_PKCS1_2048_8192_SHA512],
        "1.2.840.113549.1.1.10" => {
            vec![&RSA_PSS_2048_8192_SHA256, &RSA_PSS_2048_8192_SHA384, &RSA_PSS_2048_8192_SHA512]
        }
        _ => Vec::new(),
    }
}
