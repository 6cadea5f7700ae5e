//! `identity` knows who acts on the platform.
//!
//! Until people can sign in, an actor is whoever holds an API token: a role, an organisation and
//! a secret that was shown once. Read first: [`token`], then `token/authority.rs` for who may
//! make which token.
//!
//! **Invariant**: every token that was made or revoked has its entry in the evidence log; a
//! secret is stored only as its hash and never appears in a log, an error or a listing.
//! **Trust**: whoever controls this crate can act in any role; what they do is still recorded.

#![cfg_attr(test, allow(clippy::string_slice, reason = "tests cut ASCII they wrote"))]

pub mod token;

use std::fmt;
use std::sync::Arc;

use axum::Router;
use evidence::Recorder;
use store::{Database, Migrations};
use utoipa::openapi::OpenApi;
use web::Organisations;
use wire::ambient::Randomness;

/// The tables of this crate. To be run together with all others, before [`Identity`] is used.
pub static MIGRATIONS: Migrations =
    Migrations { name: "identity", steps: &[("token", token::sql::CREATE)] };

/// What the commands and routes of this crate need. Cheap to clone; also the
/// [`Authenticator`](web::Authenticator) of the control listener.
#[derive(Clone)]
pub struct Identity {
    recorder: Recorder,
    organisations: Arc<dyn Organisations>,
    randomness: Arc<dyn Randomness>,
}

impl Identity {
    /// Over a recorder whose database has been migrated, for holders in these organisations.
    pub fn new(
        recorder: Recorder,
        organisations: Arc<dyn Organisations>,
        randomness: Arc<dyn Randomness>,
    ) -> Self {
        Self { recorder, organisations, randomness }
    }

    /// The routes under `/api/v1/tokens` and their description. They need
    /// [`web::require_sign_on`] around them; without it they refuse everyone.
    pub fn router(&self) -> (Router, OpenApi) {
        let (routes, description) = token::api::routes().split_for_parts();
        (routes.with_state(self.clone()), description)
    }

    fn database(&self) -> &Database {
        self.recorder.database()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}
