//! Credentials (khóa, chứng thư): how a system proves that a call is its own.
//!
//! An HMAC secret is made here, answered once and then kept only sealed; of every other pair only
//! the public key ever comes here, alone or in a certificate or certificate request. Rotating makes a successor and lets the old credential live on
//! for an overlap, so that a system can change keys without a gap; revoking ends it at once.
//!
//! **Invariant**: no secret stands in a listing, an entry, the directory or a log line. A
//! credential never changes its system, algorithm or key. **Trust**: whoever reads the database
//! *and* the key ring outside it can sign as any HMAC caller; as any other caller, nobody can.

pub mod api;
pub mod command;
pub mod compromise;
pub mod expiry;
pub(crate) mod sql;
#[cfg(test)]
mod tests;

use std::time::Duration;

use keys::KeyDocument;
use serde::Serialize;
use utoipa::ToSchema;
use wire::ambient::UtcMicros;
use wire::directory::Environment;
use wire::id::{KeyId, SystemId};
use wire::public_key::PublicKey;
use wire::signature::Algorithm;

/// One credential, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Credential {
    /// What signatures name in their parameter `keyid`.
    #[schema(value_type = String, example = "k-0f3a9c5511d2e8b7")]
    pub keyid: KeyId,
    /// The system it speaks for.
    #[schema(value_type = String, example = "H24.31/mot-cua")]
    pub system: SystemId,
    /// The registered name of its algorithm (RFC 9421 §6.2).
    #[schema(value_type = String, example = "ed25519")]
    pub algorithm: Algorithm,
    /// The public key in PEM; absent for HMAC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key_pem: Option<String>,
    /// Where its calls go: `production` or `sandbox`, to which the other never gets.
    #[schema(value_type = String, example = "production")]
    pub environment: Environment,
    /// From when it is accepted.
    #[schema(value_type = String, format = DateTime)]
    pub not_before: UtcMicros,
    /// Until when it is accepted.
    #[schema(value_type = String, format = DateTime)]
    pub not_after: UtcMicros,
    /// When it was revoked; absent if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<UtcMicros>,
    /// What was said when it was reported compromised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_because: Option<String>,
    /// The credential that it took over from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub replaces: Option<KeyId>,
    /// The certificate or certificate request in which its public key came; absent if the key came
    /// alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<CredentialDocument>,
    /// The public key itself.
    #[serde(skip)]
    pub public_key: Option<PublicKey>,
}

/// A certificate or certificate request, as it was handed in. Who signed a certificate was not judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CredentialDocument {
    /// `certificate`, or `request`: that one is signed by the key, so its owner has the private one.
    #[schema(example = "certificate")]
    pub kind: &'static str,
    /// Whom it names (RFC 4514).
    #[schema(example = "CN=mot-cua,O=UBND")]
    pub subject: String,
    /// Who signed the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The certificate's number, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// From when the certificate counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub not_before: Option<UtcMicros>,
    /// Until when the certificate counts: the credential never outlives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub not_after: Option<UtcMicros>,
    /// The SHA-256 of its DER, in hexadecimal: the fingerprint that other tools show.
    pub sha256: String,
    /// The document itself.
    pub pem: String,
}

impl From<&KeyDocument> for CredentialDocument {
    fn from(read: &KeyDocument) -> Self {
        Self {
            kind: read.kind.as_str(),
            subject: read.subject.clone(),
            issuer: read.issuer.clone(),
            serial: read.serial.clone(),
            not_before: read.validity.map(|(from, _)| from),
            not_after: read.validity.map(|(_, until)| until),
            sha256: read.sha256.clone(),
            pem: read.to_pem(),
        }
    }
}

/// Whether a credential counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialState {
    /// It does.
    Valid,
    /// Its time is over.
    Expired,
    /// It was taken out of use before.
    Revoked,
}

impl CredentialState {
    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }

    /// Reads the written form.
    pub fn find(text: &str) -> Option<Self> {
        [Self::Valid, Self::Expired, Self::Revoked].into_iter().find(|it| it.as_str() == text)
    }
}

/// How long gateways hear of a credential after it was revoked or has expired, so that a call
/// signed with it is told what became of it, rather than that there is none.
pub(crate) const TOLD_AFTER_ITS_END: Duration = Duration::from_hours(30 * 24);

/// The most credentials of one system that gateways hear of: every gateway keeps them in memory.
pub(crate) const MAX_PER_SYSTEM: i64 = 100;

impl Credential {
    /// Whether it still counts at `now`, or will: neither revoked nor past its time.
    pub fn is_alive(&self, now: UtcMicros) -> bool {
        self.revoked_at.is_none() && now < self.not_after
    }
}
