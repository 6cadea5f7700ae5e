//! Whether the provider can be shown to have answered so: its own signature, if the service's terms
//! demanded one and it is revealed.

use super::signature_base::{is_signed_by, line, names_key};
use super::{Bundle, BundleRefusal, CommitmentLabel, EntryPart, REVEALED, Revealed, service_of};
use crate::digest::{ContentDigest, DigestAlgorithm};
use crate::directory::{CredentialRecord, Record};
use crate::entry::Entry;

/// The subject of an entry under which the provider's key stands.
pub const PROVIDER_CREDENTIAL: &str = "provider_credential";

/// What the bundle shows of the provider's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProviderProof<'a> {
    /// No entry commits to one: the platform alone attests the answer.
    NotSigned,
    /// Signature, signature base or credential are not in the bundle.
    NotRevealed,
    /// The signature verifies with the provider's public key.
    Public {
        /// The key.
        credential: &'a CredentialRecord,
        /// What was signed (RFC 9421 §2.5).
        base: &'a str,
    },
}

/// What the bundle shows of the provider of its call. Refused if a signature is revealed and is
/// not that of the credential that the entry names, or is over another answer.
pub(super) fn provider_proof(bundle: &Bundle) -> Result<ProviderProof<'_>, BundleRefusal> {
    let best = bundle.best(proof_of, |proof| match proof {
        ProviderProof::NotSigned => 0,
        ProviderProof::NotRevealed => 1,
        ProviderProof::Public { .. } => 2,
    });
    Ok(best?.unwrap_or(ProviderProof::NotSigned))
}

fn proof_of<'a>(
    bundle: &'a Bundle,
    entry: &Entry,
    part: &'a EntryPart,
) -> Result<ProviderProof<'a>, BundleRefusal> {
    if !entry.commitments.contains_key(&CommitmentLabel::ResponseSignature) {
        return Ok(ProviderProof::NotSigned);
    }
    let Some(keyid) = entry.subject.get(PROVIDER_CREDENTIAL) else {
        return Ok(ProviderProof::NotRevealed);
    };
    let Some(Record::Credential(credential)) = bundle.record(entry, &format!("credential/{keyid}"))
    else {
        return Ok(ProviderProof::NotRevealed);
    };
    let base = part.revealed.get(&CommitmentLabel::ResponseSignatureBase);
    let signature = part.revealed.get(&CommitmentLabel::ResponseSignature);
    let (Some(Revealed::Text(base)), Some(Revealed::Bytes(signature))) = (base, signature) else {
        return Ok(ProviderProof::NotRevealed);
    };
    if !is_signed_by(credential, &base.text, &signature.bytes) {
        let vi = format!("chữ ký của bên cung cấp không khớp với khóa công khai {keyid}");
        let en = format!("the provider's signature does not verify with the public key {keyid}");
        return Err(BundleRefusal::new(REVEALED, vi, en));
    }
    let provider = service_of(entry).map(|service| service.system_id());
    if !names_key(&base.text, keyid) || provider.as_ref() != Some(&credential.system) {
        let vi = format!("chữ ký không phải của bên cung cấp dịch vụ, khóa {keyid}");
        let en = format!("the signature is not by the provider of the service, key {keyid}");
        return Err(BundleRefusal::new(REVEALED, vi, en));
    }
    if !is_about(&base.text, entry) || !fits_body(bundle, &base.text) {
        let vi = "chữ ký của bên cung cấp thuộc về một trả lời khác";
        let en = "the provider's signature is over another answer";
        return Err(BundleRefusal::new(REVEALED, vi, en));
    }
    Ok(ProviderProof::Public { credential, base: &base.text })
}

/// Whether the base is over the status and the call that the entry names.
fn is_about(base: &str, entry: &Entry) -> bool {
    let request_id = entry.subject.get("request_id").map(String::as_str);
    line(base, "\"@status\"") == Some(&entry.outcome)
        && request_id.is_some()
        && line(base, "\"lgsp-request-id\";req") == request_id
}

/// Whether the digest that was signed is that of the body, as far as the bundle shows both.
fn fits_body(bundle: &Bundle, base: &str) -> bool {
    let signed =
        line(base, "\"content-digest\"").and_then(|field| ContentDigest::parse(field).ok());
    let Some(signed) = signed.filter(|digest| digest.algorithm() == DigestAlgorithm::Sha256) else {
        return true;
    };
    let bodies = bundle.parts.entries.iter().filter_map(|part| {
        match part.revealed.get(&CommitmentLabel::ResponseBody) {
            Some(Revealed::Body(body)) => Some(ContentDigest::from_sha256(body.sha256)),
            _ => None,
        }
    });
    bodies.into_iter().all(|body| body == signed)
}
