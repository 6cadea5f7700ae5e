//! The records of the directory: what they say, and the key under which each one stands.

use serde::{Deserialize, Serialize};

use super::{AliasRecord, Environment, Operation, ProfileAssignmentRecord, ProfileRecord};
use crate::ambient::UtcMicros;
use crate::id::{ConnectionId, KeyId, PurposeCode, ServiceId, SystemId};
use crate::network::Network;
use crate::organisation_code::OrganisationCode;
use crate::public_key::PublicKey;
use crate::signature::Algorithm;

/// One record of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Record {
    /// Key `organisation/<code>`.
    Organisation(OrganisationRecord),
    /// Key `system/<organisation>/<system>`.
    System(SystemRecord),
    /// Key `credential/<key id>`.
    Credential(CredentialRecord),
    /// Key `service/<organisation>/<system>/<service>/v<major>`.
    Service(ServiceRecord),
    /// Key `connection/<connection id>`.
    Connection(ConnectionRecord),
    /// Key `alias/<former name>`.
    Alias(AliasRecord),
    /// Key `profile/<code>`.
    Profile(ProfileRecord),
    /// Key `profile-assignment/<number>`.
    ProfileAssignment(ProfileAssignmentRecord),
}

/// An organisation that takes part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganisationRecord {
    /// Its identification code.
    pub code: OrganisationCode,
    /// Its name, in Vietnamese.
    pub name: String,
}

/// An information system of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemRecord {
    /// Its full name.
    pub id: SystemId,
    /// What people call it.
    pub name: String,
    /// From where it calls; nothing else is let through. Left out: from anywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<Network>,
    /// Its security level, 1 to 5, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<u8>,
}

/// A key with which a system signs its calls. Secrets of HMAC keys travel elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialRecord {
    /// What the key is called in signatures.
    pub keyid: KeyId,
    /// Whose it is.
    pub system: SystemId,
    /// With which algorithm it signs.
    pub algorithm: Algorithm,
    /// The public key; absent for HMAC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<PublicKey>,
    /// Valid from.
    pub not_before: UtcMicros,
    /// Valid until (exclusive).
    pub not_after: UtcMicros,
    /// Where its calls go. Left out of the record for production.
    #[serde(default, skip_serializing_if = "Environment::is_production")]
    pub environment: Environment,
    /// Since when it serves no more, if it was revoked. It stays here for a while, so that a call
    /// signed with it is told so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<UtcMicros>,
}

/// A major version of a service and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceRecord {
    /// Its full name.
    pub id: ServiceId,
    /// What people call it.
    pub title: String,
    /// The URL to which the rest of the path is appended.
    pub upstream: String,
    /// The same for calls that are signed with sandbox credentials; without one there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox_upstream: Option<String>,
    /// How long the provider may take, in milliseconds.
    pub timeout_ms: u32,
    /// When a call's record must be durable.
    pub record: RecordMode,
    /// The longest request body, in bytes.
    pub max_body_bytes: u64,
    /// Whether its provider signs its answers. Left out of the record if not.
    #[serde(default, skip_serializing_if = "Signing::is_not_required")]
    pub signed_answers: Signing,
    /// Whether the platform signs the requests that it passes on. Left out of the record if not.
    #[serde(default, skip_serializing_if = "Signing::is_not_required")]
    pub signed_requests: Signing,
    /// Since when, or from when, nobody should begin to use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecated_at: Option<UtcMicros>,
    /// From when no call passes any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired_at: Option<UtcMicros>,
    /// What is to be used in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<ServiceId>,
}

/// Whether a signature is demanded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signing {
    /// No: a signature is not looked for.
    #[default]
    NotRequired,
    /// Yes: nothing passes without one.
    Required,
}

impl Signing {
    /// Whether nothing passes without a signature.
    pub fn is_required(self) -> bool {
        self == Self::Required
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    fn is_not_required(&self) -> bool {
        !self.is_required()
    }
}

/// When the record of a call must be durable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordMode {
    /// Before the answer leaves the platform.
    #[default]
    BeforeAnswer,
    /// The intent already before the request reaches the provider.
    BeforeForward,
}

/// A permission: which system may use which service, for what, how much and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectionRecord {
    /// Its id.
    pub id: ConnectionId,
    /// Who may call.
    pub consumer: SystemId,
    /// What may be called.
    pub service: ServiceId,
    /// For which purpose.
    pub purpose: PurposeCode,
    /// The legal basis, as its requester cited it.
    pub legal_basis: String,
    /// Which operations; none means none.
    pub operations: Vec<Operation>,
    /// Which fields of the answers it may use; left out of the record if none is named. The provider
    /// keeps to them: gateways do not look into answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// How much.
    pub quota: Quota,
    /// In force from.
    pub from: UtcMicros,
    /// In force until (exclusive).
    pub until: UtcMicros,
    /// Whether calls are let through within that time.
    pub active: bool,
    /// Whether it is being tried: not active yet, but sandbox credentials are let through, before
    /// its time begins as well. Left out of the record if not.
    #[serde(default, skip_serializing_if = "is_false")]
    pub testing: bool,
    /// The state of its lifecycle, for whoever reads a refusal.
    pub state: String,
    /// From when calls are let through no more, where a suspension is announced. Left out of the
    /// record if none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended_from: Option<UtcMicros>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// How many calls a connection may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Calls per minute in the long run.
    pub per_minute: u32,
    /// Calls at once.
    pub burst: u32,
}

impl Record {
    /// The key by which records are sorted and found.
    pub fn key(&self) -> String {
        match self {
            Self::Organisation(record) => format!("organisation/{}", record.code),
            Self::System(record) => format!("system/{}", record.id),
            Self::Credential(record) => format!("credential/{}", record.keyid),
            Self::Service(record) => format!("service/{}", record.id),
            Self::Connection(record) => format!("connection/{}", record.id),
            Self::Alias(record) => format!("alias/{}", record.name),
            Self::Profile(record) => format!("profile/{}", record.code),
            Self::ProfileAssignment(record) => format!("profile-assignment/{}", record.number),
        }
    }

    /// Whether a credential has a public key of its algorithm exactly if that has public keys.
    pub(super) fn has_the_right_key(&self) -> bool {
        let Self::Credential(record) = self else {
            return true;
        };
        match &record.public_key {
            None => record.algorithm == Algorithm::HmacSha256,
            Some(key) => key.verifying(record.algorithm).is_ok(),
        }
    }
}

impl CredentialRecord {
    /// The public key as base64, for people.
    pub fn public_key_base64(&self) -> Option<String> {
        self.public_key.as_ref().map(PublicKey::to_base64)
    }
}
