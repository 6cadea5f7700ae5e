//! What was signed (RFC 9421 §2.5): one line for each component, the last one for the parameters.

use crate::directory::CredentialRecord;
use crate::header::SIGNATURE_TAG;
use crate::signature::find_tagged;

/// Whether this is the signature of the credential's key over the base.
pub(super) fn is_signed_by(credential: &CredentialRecord, base: &str, signature: &[u8]) -> bool {
    let key =
        credential.public_key.as_ref().and_then(|key| key.verifying(credential.algorithm).ok());
    key.is_some_and(|key| key.verify(base.as_bytes(), signature))
}

/// Whether the last line of the base, its parameters, names this key.
pub(super) fn names_key(base: &str, keyid: &str) -> bool {
    let last = base.rsplit('\n').next().unwrap_or_default();
    let Some(parameters) = last.strip_prefix("\"@signature-params\": ") else {
        return false;
    };
    // The parameters read as a member of `Signature-Input`, which is what they were.
    let field = format!("caller={parameters}");
    let found = find_tagged(&field, SIGNATURE_TAG).ok().flatten();
    found.is_some_and(|input| input.parameters.keyid.as_deref() == Some(keyid))
}

/// The value of a component by its identifier as it was written: of the line `"@method": GET` it is
/// `GET`.
pub(super) fn line<'a>(base: &'a str, identifier: &str) -> Option<&'a str> {
    base.split('\n').find_map(|line| line.strip_prefix(identifier)?.strip_prefix(": "))
}
