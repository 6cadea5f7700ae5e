//! The control listener's routes: API, evidence, pages, trust file.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use evidence::DirectoryHistory;
use identity::Identity;
use portal::{Shown, ShownLog};
use registry::Registry;
use tokio::sync::watch;
use web::{Ambient, Authenticator, Organisations};
use wire::checkpoint::Origin;
use witness::asking::Cosigned;

use super::core::Core;
use super::in_force::{self, InForce};
use super::membership::Membership;
use crate::access_log;
use crate::config::{Config, EntriesAccess};
use crate::evidence_api::{self, EvidenceApi};

/// What is served beside the opened stores.
pub(super) struct Served<'a> {
    pub(super) registry: &'a Registry,
    pub(super) members: &'a Membership,
    pub(super) gateway_url: &'a str,
    pub(super) in_force: InForce,
    pub(super) cosigned: watch::Receiver<Option<Arc<Cosigned>>>,
}

/// Everything the control listener answers.
pub(super) fn routes(core: &Core, config: &Config, served: Served<'_>) -> Router {
    let Served { registry, members, gateway_url, in_force, cosigned } = served;
    let organisations: Arc<dyn Organisations> = Arc::new(registry.clone());
    let randomness = Arc::clone(&core.randomness);
    let identity = Identity::new(core.recorder.clone(), Arc::clone(&organisations), randomness);
    let authenticator: Arc<dyn Authenticator> = Arc::new(identity.clone());
    let (policy, policy_document) = registry.router();
    let (public, public_document) = registry.public_router();
    let (tokens, tokens_document) = identity.router();
    let evidence_document = evidence_api::description();
    let document = web::openapi::document([
        policy_document,
        public_document,
        tokens_document,
        evidence_document,
    ]);
    let policy = policy.layer(from_fn_with_state(in_force, in_force::wait));
    let api = web::allow_repeats(policy.merge(tokens), registry.repeats());
    let api = web::require_sign_on(api, Arc::clone(&authenticator));
    let origin = config.evidence.origin.to_string();
    let log_name = log_name(&config.evidence.origin);
    let evidence = EvidenceApi {
        recorder: core.recorder.clone(),
        history: DirectoryHistory::new(core.database.clone()),
        organisations,
        log_name: log_name.into(),
        entries_public: config.evidence.entries == EntriesAccess::Public,
        trust: members.trust.clone(),
        cosigned,
    };
    let evidence = evidence_api::router(evidence, Arc::clone(&authenticator));
    let agreements = portal::agreement::routes(registry);
    let agreements = web::require_sign_on(agreements, authenticator);
    let pages = portal::router(Shown {
        gateway_url: gateway_url.to_owned(),
        logs: vec![ShownLog { path: log_path(&config.evidence.origin), origin }],
        openapi: serde_json::to_value(&document).unwrap_or_default(),
        demo: config.evidence.origin.as_ref() == crate::demo::ORIGIN,
    });
    let routes = api
        .merge(public)
        .merge(web::openapi::routes(&document))
        .merge(evidence)
        .merge(pages)
        .merge(agreements);
    let ambient =
        Ambient { clock: Arc::clone(&core.clock), randomness: Arc::clone(&core.randomness) };
    let clock = Arc::clone(&core.clock);
    web::surface(routes, ambient).layer(from_fn_with_state(clock, access_log::log))
}

/// What stands for a log in URLs: the last part of its origin.
fn log_name(origin: &Origin) -> &str {
    let origin = origin.as_ref();
    origin.rsplit('/').next().unwrap_or(origin)
}

/// Where the log of this origin is read, below the control listener's URL.
pub(super) fn log_path(origin: &Origin) -> String {
    format!("/evidence/logs/{}", log_name(origin))
}
