//! X.509 (RFC 5280).

use pkcs8::der::{Decode as _, Error};
use wire::ambient::UtcMicros;
use x509_cert::Certificate;
use x509_cert::ext::pkix::KeyUsage;
use x509_cert::time::Time;

use super::{DocumentKind, KeyDocument, NotAKeyDocument, fingerprint};

pub(super) fn read(der: &[u8]) -> Result<KeyDocument, Error> {
    let certificate = Certificate::from_der(der)?.tbs_certificate;
    let validity = certificate.validity;
    Ok(KeyDocument {
        kind: DocumentKind::Certificate,
        subject: certificate.subject.to_string(),
        issuer: Some(certificate.issuer.to_string()),
        serial: Some(hex::encode(certificate.serial_number.as_bytes())),
        validity: Some((moment(validity.not_before), moment(validity.not_after))),
        sha256: fingerprint(der),
        der: der.to_vec(),
        key: certificate.subject_public_key_info,
    })
}

/// A certificate that says what its key is for must name signatures (RFC 5280 §4.2.1.3).
pub(super) fn must_allow_signing(der: &[u8]) -> Result<(), NotAKeyDocument> {
    let damaged = |_| NotAKeyDocument::Form(DocumentKind::Certificate);
    let certificate = Certificate::from_der(der).map_err(damaged)?;
    let usage = certificate.tbs_certificate.get::<KeyUsage>().map_err(damaged)?;
    match usage {
        Some((_, usage)) if !usage.digital_signature() => Err(NotAKeyDocument::NotForSigning),
        _ => Ok(()),
    }
}

fn moment(time: Time) -> UtcMicros {
    let seconds = time.to_unix_duration().as_secs();
    UtcMicros::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}
