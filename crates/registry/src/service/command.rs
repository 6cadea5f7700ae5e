//! Publishing services and changing how they are reached.

use std::collections::BTreeMap;

use evidence::Actor;
use wire::directory::{RecordMode, Signing};
use wire::id::ServiceId;

use super::life::{Life, Stage};
use super::upstream::Upstream;
use super::{Service, Terms, sql};
use crate::Registry;
use crate::authority::{Sight, must_administer};
use crate::refused::{Noun, Refused};
use crate::system;

const PUBLISHED: &str = "service.published";
const DRAFTED: &str = "service.drafted";

/// Publishes a major version of a service on a registered system, or drafts it.
pub async fn publish(
    registry: &Registry,
    actor: &Actor,
    id: ServiceId,
    title: String,
    terms: Terms,
    stage: Stage,
) -> Result<Service, Refused> {
    must_administer(actor, &id.organisation)?;
    let action = if stage == Stage::Published { PUBLISHED } else { DRAFTED };
    let mut change = registry.recorder.change(actor, action).await?;
    let system = id.system_id();
    system::command::open(&mut change, &system).await?;
    if sql::find(&mut change, &id).await?.is_some() {
        return Err(Refused::Taken { noun: Noun::Service, id: id.to_string() });
    }
    let now = change.time();
    let life = Life::new(stage);
    let service =
        Service { id, title, terms, life, about: None, published_at: now, changed_at: now };
    sql::insert(&mut change, &service).await?;
    change.record(subject(&service)).await?;
    registry.publisher.publish(Some(actor)).await?;
    Ok(service)
}

/// What of a service's terms is to change.
#[derive(Debug, Clone, Default)]
pub struct TermsChange {
    /// Where calls go.
    pub upstream: Option<Upstream>,
    /// Where the calls of sandbox credentials go; `Some(None)`: nowhere any more.
    pub sandbox_upstream: Option<Option<Upstream>>,
    /// How long a gateway waits, in milliseconds.
    pub timeout_ms: Option<u32>,
    /// Before what the record of a call must be durable.
    pub record: Option<RecordMode>,
    /// The longest request body, in bytes.
    pub max_body_bytes: Option<u64>,
    /// Whether the provider signs its answers.
    pub signed_answers: Option<Signing>,
    /// Whether the platform signs the requests that it passes on.
    pub signed_requests: Option<Signing>,
}

impl TermsChange {
    /// Puts what is named in the place of what was.
    pub fn apply(self, terms: &mut Terms) {
        if let Some(upstream) = self.upstream {
            terms.upstream = upstream;
        }
        if let Some(upstream) = self.sandbox_upstream {
            terms.sandbox_upstream = upstream;
        }
        terms.timeout_ms = self.timeout_ms.unwrap_or(terms.timeout_ms);
        terms.record = self.record.unwrap_or(terms.record);
        terms.max_body_bytes = self.max_body_bytes.unwrap_or(terms.max_body_bytes);
        terms.signed_answers = self.signed_answers.unwrap_or(terms.signed_answers);
        terms.signed_requests = self.signed_requests.unwrap_or(terms.signed_requests);
    }
}

/// Changes how a service is reached, for the very next call.
pub async fn change_terms(
    registry: &Registry,
    actor: &Actor,
    id: &ServiceId,
    terms: TermsChange,
) -> Result<Service, Refused> {
    must_administer(actor, &id.organisation)?;
    let mut change = registry.recorder.change(actor, "service.terms_changed").await?;
    let found = sql::find(&mut change, id).await?;
    let mut service = found.ok_or_else(|| unknown(id))?;
    terms.apply(&mut service.terms);
    service.changed_at = change.time();
    sql::change_terms(&mut change, &service).await?;
    change.record(subject(&service)).await?;
    registry.publisher.publish(Some(actor)).await?;
    Ok(service)
}

/// The service, if `actor` may know of it: a draft is its own organisation's matter.
pub(crate) async fn shown(
    registry: &Registry,
    actor: &Actor,
    id: &ServiceId,
) -> Result<Service, Refused> {
    let is_shown = |service: &Service| {
        service.life.stage == Stage::Published || Sight::of(actor).covers(&id.organisation)
    };
    let found = sql::find(&registry.database, id).await?;
    found.filter(is_shown).ok_or_else(|| unknown(id))
}

pub(crate) fn unknown(id: &ServiceId) -> Refused {
    Refused::Unknown { noun: Noun::Service, id: id.to_string() }
}

pub(super) fn subject(service: &Service) -> BTreeMap<String, String> {
    let mut subject = BTreeMap::from([
        ("service".to_owned(), service.id.to_string()),
        ("upstream".to_owned(), service.terms.upstream.to_string()),
    ]);
    if let Some(sandbox) = &service.terms.sandbox_upstream {
        subject.insert("sandbox_upstream".to_owned(), sandbox.to_string());
    }
    subject
}
