//! Publishing services and changing how they are reached.

use std::collections::BTreeMap;

use evidence::Actor;
use wire::directory::{RecordMode, Signing};
use wire::id::ServiceId;

use super::upstream::Upstream;
use super::{Service, Terms, sql};
use crate::Registry;
use crate::authority::must_administer;
use crate::refused::{Noun, Refused};
use crate::system;

/// Publishes a major version of a service on a registered system.
pub async fn publish(
    registry: &Registry,
    actor: &Actor,
    id: ServiceId,
    title: String,
    terms: Terms,
) -> Result<Service, Refused> {
    must_administer(actor, &id.organisation)?;
    let mut change = registry.recorder.change(actor, "service.published").await?;
    let system = id.system_id();
    system::command::open(&mut change, &system).await?;
    if sql::find(&mut change, &id).await?.is_some() {
        return Err(Refused::Taken { noun: Noun::Service, id: id.to_string() });
    }
    let now = change.time();
    let service = Service { id, title, terms, published_at: now, changed_at: now };
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

pub(crate) fn unknown(id: &ServiceId) -> Refused {
    Refused::Unknown { noun: Noun::Service, id: id.to_string() }
}

fn subject(service: &Service) -> BTreeMap<String, String> {
    let mut subject = BTreeMap::from([
        ("service".to_owned(), service.id.to_string()),
        ("upstream".to_owned(), service.terms.upstream.to_string()),
    ]);
    if let Some(sandbox) = &service.terms.sandbox_upstream {
        subject.insert("sandbox_upstream".to_owned(), sandbox.to_string());
    }
    subject
}
