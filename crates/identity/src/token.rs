//! API tokens: who acts, until people can sign in.
//!
//! An [`ApiToken`] gives its holder one role in one organisation until it expires or is revoked.
//! What the holder shows is its [`Bearer`]: `lgsp_<id>_<secret>`.
//! Read first: `command.rs` (make, revoke), `authority.rs` (who may), `authenticator.rs`.
//!
//! **Invariant**: the secret is 32 random bytes, shown once, stored as SHA-256, compared in
//! constant time. The last valid token of a role that only its own kind can make is never revoked
//! (it may expire: renew it in time).
//! **Trust**: a token is its holder. Whoever steals one acts as its organisation in its role until
//! it is revoked; the entries name the token, so what was done with it can be found.

pub mod api;
pub(crate) mod authenticator;
pub(crate) mod authority;
mod bearer;
pub mod command;
mod refused;
pub(crate) mod sql;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use utoipa::ToSchema;
use uuid::Uuid;
use wire::ambient::{Randomness, UtcMicros};
use wire::id::Role;
use wire::organisation_code::OrganisationCode;

pub use bearer::Bearer;
pub use command::{bootstrap, make, revoke};
pub use refused::Refused;

/// The public name of a token: a UUID of version 7. It stands in entries as the actor's
/// credential, and proves nothing by being known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(Uuid);

/// A text that is no UUID of version 7 in small hexadecimal digits with hyphens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a token id: a UUID of version 7")]
pub struct NotATokenId;

/// What is known of a token; never its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ApiToken {
    /// Its public name.
    #[schema(value_type = String, format = Uuid)]
    pub id: TokenId,
    /// In which organisation its holder acts.
    #[schema(value_type = String, example = "H24.12")]
    pub organisation: OrganisationCode,
    /// In which role.
    #[schema(value_type = String, example = "organisation_admin")]
    pub role: Role,
    /// What people call it, to know it again.
    #[schema(example = "Máy chủ đối soát địa bàn")]
    pub name: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub made_at: UtcMicros,
    /// The token with which it was made; absent for those made when the platform was set up.
    pub made_by: Option<String>,
    /// Until when it is valid, exclusive.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: UtcMicros,
    /// Since when it is not valid any more, if it was revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<UtcMicros>,
}

impl ApiToken {
    /// Whether it may be used at `now`.
    pub fn is_valid(&self, now: UtcMicros) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

impl TokenId {
    fn new(now: UtcMicros, randomness: &dyn Randomness) -> Self {
        let mut random = [0; 10];
        randomness.fill(&mut random);
        Self(uuid::Builder::from_unix_timestamp_millis(now.as_millis(), &random).into_uuid())
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

impl FromStr for TokenId {
    type Err = NotATokenId;

    fn from_str(text: &str) -> Result<Self, NotATokenId> {
        let id = Uuid::try_parse(text).map(Self).map_err(|_| NotATokenId)?;
        // One spelling only: the parser also takes braces, capitals and digits without hyphens.
        if id.0.get_version_num() == 7 && id.to_string() == text {
            Ok(id)
        } else {
            Err(NotATokenId)
        }
    }
}

impl Serialize for TokenId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
