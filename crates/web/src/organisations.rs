//! Which organisations there are: asked by crates that do not keep them.

use std::future::Future;
use std::pin::Pin;

use wire::organisation_code::OrganisationCode;

use crate::refusal::Refusal;

/// The answer to "is it registered?", or why that cannot be told now.
pub type Registered<'a> = Pin<Box<dyn Future<Output = Result<bool, Refusal>> + Send + 'a>>;

/// The code of an organisation today, or why it cannot be told now.
pub type Today<'a> = Pin<Box<dyn Future<Output = Result<OrganisationCode, Refusal>> + Send + 'a>>;

/// Knows the organisations. Implemented by `registry`; a test may know its own.
pub trait Organisations: Send + Sync {
    /// Whether an organisation of this code takes part.
    fn is_registered<'a>(&'a self, code: &'a OrganisationCode) -> Registered<'a>;

    /// The code under which the same organisation is known today: this one, unless it got another.
    fn today<'a>(&'a self, code: &'a OrganisationCode) -> Today<'a>;
}
