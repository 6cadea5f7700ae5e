//! The names of things, each a type of its own.
//!
//! Codes that people choose (`SystemCode`, `ServiceCode`, `PurposeCode`, `KeyId`), the names made
//! of them (`SystemId`, `ServiceId`), the numbers the platform draws (`RequestId`, `EntryId`,
//! `ConnectionId`: UUIDs of version 7, so that their order is the order of time) and the roles.
//!
//! **Invariant**: text becomes one of these at the border or is refused; there is one spelling of
//! each, so equal names are equal bytes in signatures, logs and paths.
//! **Trust**: none of these is secret, and none proves anything by being known.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::ambient::{Randomness, UtcMicros};
use crate::organisation_code::OrganisationCode;
use crate::text::{Malformed, serde_as_text, text_newtype};

text_newtype! {
    /// What an organisation calls one of its systems: `don-vi-hanh-chinh`.
    SystemCode, is_slug,
    "a system code: 1 to 63 of a-z, 0-9 and inner hyphens"
}

text_newtype! {
    /// What a provider calls one of its services: `danh-muc`.
    ServiceCode, is_slug,
    "a service code: 1 to 63 of a-z, 0-9 and inner hyphens"
}

text_newtype! {
    /// What a technical profile is called: `2026-modern`.
    ProfileCode, is_slug,
    "a profile code: 1 to 63 of a-z, 0-9 and inner hyphens"
}

text_newtype! {
    /// What data is asked for: `doi-soat-dia-ban`.
    PurposeCode, is_slug,
    "a purpose code: 1 to 63 of a-z, 0-9 and inner hyphens"
}

text_newtype! {
    /// What a credential is called in the `keyid` parameter of a signature (RFC 9421 §2.3).
    KeyId, |text| (1..=64).contains(&text.len()) && text.bytes().all(is_key_id_byte),
    "a key id: 1 to 64 of A-Z, a-z, 0-9, dot, underscore and hyphen"
}

fn is_slug(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=63).contains(&bytes.len())
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
        && bytes.first() != Some(&b'-')
        && bytes.last() != Some(&b'-')
}

fn is_key_id_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

/// A system by its full name: `H24.12/don-vi-hanh-chinh`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemId {
    /// Whose it is.
    pub organisation: OrganisationCode,
    /// What its organisation calls it.
    pub system: SystemCode,
}

/// A major version of a service by its full name: `H24.12/don-vi-hanh-chinh/danh-muc/v1`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceId {
    /// Who provides it.
    pub organisation: OrganisationCode,
    /// The system it runs on.
    pub system: SystemCode,
    /// What its provider calls it.
    pub service: ServiceCode,
    /// Its major version, from 1.
    pub major: u16,
}

impl ServiceId {
    /// The system the service runs on.
    pub fn system_id(&self) -> SystemId {
        SystemId { organisation: self.organisation.clone(), system: self.system.clone() }
    }
}

impl fmt::Display for SystemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.organisation, self.system)
    }
}

impl fmt::Debug for SystemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for SystemId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (organisation, system) = text
            .split_once('/')
            .ok_or(Malformed { expected: "a system id, like H24.12/don-vi-hanh-chinh" })?;
        Ok(Self { organisation: organisation.parse()?, system: system.parse()? })
    }
}

impl fmt::Display for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/v{}", self.organisation, self.system, self.service, self.major)
    }
}

impl fmt::Debug for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ServiceId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed =
            Malformed { expected: "a service id, like H24.12/don-vi-hanh-chinh/danh-muc/v1" };
        let mut parts = text.split('/');
        let (Some(organisation), Some(system), Some(service), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed);
        };
        Ok(Self {
            organisation: organisation.parse()?,
            system: system.parse()?,
            service: service.parse()?,
            major: major_of(version).ok_or(malformed)?,
        })
    }
}

/// `v1` to `v65535`, without leading zeros.
fn major_of(version: &str) -> Option<u16> {
    let digits = version.strip_prefix('v')?;
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    if plain { digits.parse().ok() } else { None }
}

/// The written form of a number that the platform draws.
#[derive(Debug, Clone, Copy)]
pub struct Spelling([u8; uuid::fmt::Hyphenated::LENGTH]);

impl std::ops::Deref for Spelling {
    type Target = str;

    fn deref(&self) -> &str {
        // Hexadecimal digits and hyphens.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

macro_rules! uuid_newtype {
    ($(#[$doc:meta])* $name:ident, $expected:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Draws a new one: the time in milliseconds, then 74 random bits (RFC 9562 §5.7).
            pub fn new(now: UtcMicros, randomness: &dyn Randomness) -> Self {
                let mut random = [0; 10];
                randomness.fill(&mut random);
                Self(uuid::Builder::from_unix_timestamp_millis(now.as_millis(), &random).into_uuid())
            }

            /// When it was drawn, in milliseconds since 1970.
            pub fn time_ms(&self) -> u64 {
                let [a, b, c, d, e, f, ..] = *self.0.as_bytes();
                u64::from_be_bytes([0, 0, a, b, c, d, e, f])
            }

            /// Its sixteen bytes.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// Its written form, on the stack: calls carry it in several places.
            pub fn spelling(&self) -> Spelling {
                let mut spelling = [0; uuid::fmt::Hyphenated::LENGTH];
                self.0.hyphenated().encode_lower(&mut spelling);
                Spelling(spelling)
            }

            /// The one whose sixteen bytes these are, if they are a UUID of version 7.
            pub fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
                let uuid = Uuid::from_bytes(bytes);
                let is_v7 = uuid.get_version_num() == 7
                    && uuid.get_variant() == uuid::Variant::RFC4122;
                is_v7.then_some(Self(uuid))
            }
        }

        impl FromStr for $name {
            type Err = Malformed;

            fn from_str(text: &str) -> Result<Self, Malformed> {
                uuid_v7_of(text).map(Self).ok_or(Malformed { expected: $expected })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        serde_as_text!($name);
    };
}

uuid_newtype! {
    /// One call, from the first byte received to the last sent.
    RequestId, "a request id: a UUID of version 7 in small letters"
}

uuid_newtype! {
    /// One entry of an evidence log.
    EntryId, "an entry id: a UUID of version 7 in small letters"
}

uuid_newtype! {
    /// One permission of a system to use a service.
    ConnectionId, "a connection id: a UUID of version 7 in small letters"
}

uuid_newtype! {
    /// One objection of a side of a connection.
    DisputeId, "a dispute id: a UUID of version 7 in small letters"
}

uuid_newtype! {
    /// A document of another registry that is to become part of this one.
    ImportId, "an import id: a UUID of version 7 in small letters"
}

/// Only the one spelling that `Display` writes: hyphens, small letters.
fn uuid_v7_of(text: &str) -> Option<Uuid> {
    let uuid = Uuid::try_parse(text).ok()?;
    let mut spelling = [0; uuid::fmt::Hyphenated::LENGTH];
    let is_spelt_so = uuid.hyphenated().encode_lower(&mut spelling) == text;
    let is_v7 = uuid.get_version_num() == 7 && uuid.get_variant() == uuid::Variant::RFC4122;
    (is_spelt_so && is_v7).then_some(uuid)
}

/// What a person or a token may do on the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// State management of the platform: the Department of Science and Technology.
    StateManager,
    /// Direct operation: the city's ICT Centre.
    Operator,
    /// Acts for one organisation.
    OrganisationAdmin,
    /// Works with what an organisation may see.
    Officer,
    /// Reads everything, changes nothing; its reading is recorded.
    Auditor,
    /// Handles incidents.
    IncidentHandler,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] = [
        Self::StateManager,
        Self::Operator,
        Self::OrganisationAdmin,
        Self::Officer,
        Self::Auditor,
        Self::IncidentHandler,
    ];

    /// The written form: `organisation_admin`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StateManager => "state_manager",
            Self::Operator => "operator",
            Self::OrganisationAdmin => "organisation_admin",
            Self::Officer => "officer",
            Self::Auditor => "auditor",
            Self::IncidentHandler => "incident_handler",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(Malformed {
            expected: "a role: state_manager, operator, organisation_admin, officer, auditor or \
                       incident_handler",
        })
    }
}

serde_as_text!(SystemId, ServiceId, Role);

#[cfg(test)]
mod tests;
