//! Who can be shown to have called: the caller's own signature, if it is revealed.

use super::signature_base::{is_signed_by, names_key};
use super::{Bundle, BundleRefusal, CommitmentLabel, EntryPart, REVEALED, Revealed};
use crate::directory::{CredentialRecord, Record};
use crate::entry::{Entry, Kind};
use crate::signature::Algorithm;

/// What the bundle shows of the caller's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallerProof<'a> {
    /// The entries are not about a call.
    NoCall,
    /// Nobody was identified, so nobody signed.
    Nobody,
    /// Signature, signature base or credential are not in the bundle.
    NotRevealed,
    /// Signed with a secret that the platform knows too.
    Secret,
    /// The signature verifies with the caller's public key.
    Public {
        /// The key.
        credential: &'a CredentialRecord,
        /// What was signed (RFC 9421 §2.5).
        base: &'a str,
    },
}

/// What the bundle shows of the caller of its call. Refused if a signature is revealed and is not
/// that of the credential that the entry names.
pub(super) fn caller_proof(bundle: &Bundle) -> Result<CallerProof<'_>, BundleRefusal> {
    if !bundle.entries.iter().any(|entry| entry.kind == Kind::Call) {
        return Ok(CallerProof::NoCall);
    }
    let best = bundle.best(proof_of, |proof| match proof {
        CallerProof::NoCall | CallerProof::Nobody => 0,
        CallerProof::NotRevealed => 1,
        CallerProof::Secret | CallerProof::Public { .. } => 2,
    });
    Ok(best?.unwrap_or(CallerProof::Nobody))
}

fn proof_of<'a>(
    bundle: &'a Bundle,
    entry: &Entry,
    part: &'a EntryPart,
) -> Result<CallerProof<'a>, BundleRefusal> {
    let Some(keyid) = entry.actor.as_ref().and_then(|actor| actor.credential.as_deref()) else {
        return Ok(CallerProof::Nobody);
    };
    let key = format!("credential/{keyid}");
    let Some(Record::Credential(credential)) = bundle.record(entry, &key) else {
        return Ok(CallerProof::NotRevealed);
    };
    if credential.algorithm == Algorithm::HmacSha256 {
        return Ok(CallerProof::Secret);
    }
    let base = part.revealed.get(&CommitmentLabel::SignatureBase);
    let signature = part.revealed.get(&CommitmentLabel::Signature);
    let (Some(Revealed::Text(base)), Some(Revealed::Bytes(signature))) = (base, signature) else {
        return Ok(CallerProof::NotRevealed);
    };
    if !is_signed_by(credential, &base.text, &signature.bytes) {
        let vi = format!("chữ ký của bên gọi không khớp với khóa công khai {keyid}");
        let en = format!("the caller's signature does not verify with the public key {keyid}");
        return Err(BundleRefusal::new(REVEALED, vi, en));
    }
    if !names_key(&base.text, keyid) || !belongs_to_actor(credential, entry) {
        let vi = format!("chữ ký không phải của bên gọi nêu trong bản ghi, khóa {keyid}");
        let en = format!("the signature is not by the caller that the entry names, key {keyid}");
        return Err(BundleRefusal::new(REVEALED, vi, en));
    }
    Ok(CallerProof::Public { credential, base: &base.text })
}

fn belongs_to_actor(credential: &CredentialRecord, entry: &Entry) -> bool {
    entry.actor.as_ref().is_some_and(|actor| {
        let system = &credential.system;
        actor.organisation.as_ref() == Some(&system.organisation)
            && actor.system.as_ref() == Some(&system.system)
    })
}
