//! `registry` is the policy plane's truth: who takes part, with which systems and keys, who offers
//! what, and who may use it.
//!
//! Read first: [`connection`] and its lifecycle (everything else serves it), then [`directory`]
//! (how a change reaches the gateways), then any noun: front page, `command.rs`, `sql.rs`, `api.rs`.
//!
//! **Invariant**: every change is authorised in its command, written and recorded in one
//! transaction, and in force when it is answered. Lists never hold a secret.
//! **Trust**: whoever controls this crate decides every permission, and every decision stands in
//! the evidence log.

pub mod alias;
mod authority;
pub mod calendar;
mod catalogue;
pub mod codelist;
mod column;
pub mod connection;
pub mod contact;
pub mod credential;
pub mod dataset;
pub mod decision;
pub mod directory;
pub mod dispute;
pub mod duty;
pub mod import;
pub mod key_rotation;
mod migrations;
pub mod node;
pub mod organisation;
mod plain;
pub mod profile;
mod reading_record;
pub mod refused;
pub mod regulation;
pub mod service;
pub mod system;
#[cfg(test)]
mod tests;
mod written;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use evidence::Recorder;
use keys::{PlatformSigner, SecretBox};
use store::Database;
use tokio::sync::watch;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use web::{Organisations, Refusal, Registered, Repeats, Today};
use wire::ambient::{Clock, Randomness};
use wire::checkpoint::Origin;
use wire::organisation_code::OrganisationCode;

use self::alias::lead::Leading;
use self::directory::Published;
use self::directory::publisher::{Publisher, PublisherParts};
use self::import::rehearsal::CallJudge;
use self::refused::Refused;

pub use catalogue::dcat::PublicUrls;
pub use migrations::MIGRATIONS;

/// What the registry is made of.
pub struct RegistryParts {
    /// Begins and records changes; its database must be migrated with [`MIGRATIONS`].
    pub recorder: Recorder,
    /// Seals HMAC secrets.
    pub secrets: SecretBox,
    /// Signs the heads of the directory.
    pub directory_key: PlatformSigner,
    /// The directory's origin ([`Origin::directory`] of the log's).
    pub directory_origin: Origin,
    /// Whether gateways may connect to their own machine, and so a service may stand there.
    pub allow_loopback: bool,
    /// How long before it takes effect the end of a node is announced.
    pub nodes_announced: Duration,
    /// Judges calls by a registry that is not in force.
    pub call_judge: Arc<dyn CallJudge>,
    /// Where the platform is reached from outside.
    pub public_urls: PublicUrls,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where ids and secrets come from.
    pub randomness: Arc<dyn Randomness>,
}

/// The registry. Cheap to clone.
#[derive(Clone)]
pub struct Registry {
    pub(crate) database: Database,
    pub(crate) recorder: Recorder,
    pub(crate) secrets: SecretBox,
    pub(crate) publisher: Publisher,
    pub(crate) allow_loopback: bool,
    pub(crate) nodes_announced: Duration,
    pub(crate) call_judge: Arc<dyn CallJudge>,
    pub(crate) public_urls: PublicUrls,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
    catalogue: Arc<catalogue::Shelf>,
}

impl Registry {
    /// Opens the registry and brings its directory into force.
    pub async fn open(parts: RegistryParts) -> Result<Self, Refused> {
        let publisher = Publisher::open(PublisherParts {
            recorder: parts.recorder.clone(),
            secrets: parts.secrets.clone(),
            key: parts.directory_key,
            origin: parts.directory_origin,
        });
        Ok(Self {
            publisher: publisher.await?,
            database: parts.recorder.database().clone(),
            recorder: parts.recorder,
            secrets: parts.secrets,
            allow_loopback: parts.allow_loopback,
            nodes_announced: parts.nodes_announced,
            call_judge: parts.call_judge,
            public_urls: parts.public_urls,
            clock: parts.clock,
            randomness: parts.randomness,
            catalogue: Arc::default(),
        })
    }

    /// The version of the directory in force, now and whenever it changes.
    pub fn published(&self) -> watch::Receiver<Arc<Published>> {
        self.publisher.subscribe()
    }

    /// The working days as they are known now, to count a deadline by.
    pub async fn working_calendar(&self) -> Result<calendar::WorkingCalendar, Refused> {
        Ok(calendar::sql::load(&self.database).await?)
    }

    /// Brings into force what another node that shares the database has published since.
    pub async fn catch_up(&self) -> Result<(), Refused> {
        self.publisher.catch_up().await
    }

    /// What it takes to answer a request again ([`web::allow_repeats`]).
    pub fn repeats(&self) -> Repeats {
        Repeats { recorder: self.recorder.clone(), secrets: self.secrets.clone() }
    }

    /// Puts around `routes`, which show what is in the registry, what records an auditor's reading.
    pub fn record_readings(&self, routes: Router) -> Router {
        routes.route_layer(from_fn_with_state(self.recorder.clone(), reading_record::record))
    }

    /// The routes under `/api/v1` and their description. The caller puts [`web::allow_repeats`] and
    /// [`web::require_sign_on`] around them; without the latter every request is refused.
    pub fn router(&self) -> (Router, OpenApi) {
        let (routes, document) = OpenApiRouter::<Self>::default()
            .merge(organisation::api::routes())
            .merge(alias::api::routes())
            .merge(system::api::routes())
            .merge(credential::api::routes())
            .merge(credential::expiry::api::routes())
            .merge(credential::compromise::api::routes())
            .merge(service::api::routes())
            .merge(service::description::api::routes())
            .merge(dataset::api::routes())
            .merge(codelist::api::routes())
            .merge(connection::api::routes())
            .merge(dispute::api::routes())
            .merge(calendar::api::routes())
            .merge(regulation::api::routes())
            .merge(profile::api::routes())
            .merge(profile::sunset::api::routes())
            .merge(directory::api::routes())
            .merge(node::api::routes())
            .merge(import::api::routes())
            .route_layer(from_fn_with_state(self.recorder.clone(), reading_record::record))
            .route_layer(from_fn(web::precondition::spare_what_is_known))
            .with_state(self.clone())
            .split_for_parts();
        let leading = Leading { registry: self.clone(), routes: routes.clone() };
        (routes.route_layer(from_fn_with_state(leading, alias::lead::lead)), document)
    }
}

impl Registry {
    /// The routes that are open to everyone, and their description: nothing is to be put around
    /// them.
    pub fn public_router(&self) -> (Router, OpenApi) {
        OpenApiRouter::<Self>::default()
            .merge(catalogue::api::routes())
            .route_layer(from_fn(web::precondition::spare_what_is_known))
            .with_state(self.clone())
            .split_for_parts()
    }
}

impl Registry {
    /// What reads code lists, at the paths of the control API and without its sign-on: for a
    /// listener of its own, that only gateways can reach.
    pub fn code_list_router(&self) -> Router {
        let routes = codelist::api::reading_routes()
            .route_layer(from_fn(web::precondition::spare_what_is_known));
        Router::from(routes).with_state(self.clone())
    }
}

impl Organisations for Registry {
    fn is_registered<'a>(&'a self, code: &'a OrganisationCode) -> Registered<'a> {
        Box::pin(async move {
            let found = organisation::sql::find(&self.database, code).await;
            let found = found.map_err(|error| Refusal::from(Refused::from(error)))?;
            Ok(found.is_some_and(|organisation| organisation.closed_at.is_none()))
        })
    }

    fn today<'a>(&'a self, code: &'a OrganisationCode) -> Today<'a> {
        Box::pin(async move {
            let today = self.same_organisation(code).await;
            today.map_err(|error| Refusal::from(Refused::from(error)))
        })
    }
}
