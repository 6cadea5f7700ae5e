//! `web` turns the answers and refusals of the domain crates into HTTP, and HTTP into types.
//!
//! Read first: [`mod@surface`] (what every response has in common), [`sign_on`] (who is asking),
//! [`input`] (how a request becomes types and how a wrong one is explained), [`page`],
//! [`precondition`] (two people at one thing), [`idempotency`] (one request sent twice).
//!
//! **Invariant**: every refusal leaves as a problem of RFC 9457 with a code, a detail in the
//! reader's language and the request's id; no route behind [`require_sign_on`] runs for a stranger.
//! **Trust**: whoever controls this crate speaks for any signed-on actor, and hears their tokens.

pub mod idempotency;
pub mod input;
pub mod openapi;
mod organisations;
pub mod page;
pub mod precondition;
pub mod refusal;
pub mod sign_on;
pub mod surface;
#[cfg(test)]
mod tests;

pub use idempotency::{Repeats, allow_repeats};
pub use input::document::Document;
pub use input::{Json, LongJson, Path, Query, field};
pub use organisations::{Organisations, Registered, Today};
pub use page::{Page, PageQuery, PageRequest};
pub use precondition::{IfMatch, Tagged};
pub use refusal::Refusal;
pub use sign_on::{Authenticated, Authentication, Authenticator, require_sign_on};
pub use surface::{Ambient, surface};
