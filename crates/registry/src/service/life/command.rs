//! The steps of a service's life.

use std::collections::BTreeMap;

use evidence::{Actor, Change};
use wire::ambient::UtcMicros;
use wire::id::ServiceId;
use wire::problem::Text;

use super::super::command::{subject, unknown};
use super::super::{About, Service, description, sql};
use super::{ServiceState, Stage};
use crate::Registry;
use crate::authority::{must_administer, must_operate};
use crate::refused::Refused;
use crate::{calendar, regulation};

/// Says what a service is about; replaces what was said.
pub(crate) async fn say_about(
    registry: &Registry,
    actor: &Actor,
    id: &ServiceId,
    about: About,
    seen: impl FnOnce(&Service) -> Result<(), Refused>,
) -> Result<Service, Refused> {
    must_administer(actor, &id.organisation)?;
    let mut change = registry.recorder.change(actor, "service.about_changed").await?;
    let mut service = load(&mut change, id).await?;
    seen(&service)?;
    service.about = Some(about);
    close(registry, actor, change, service, []).await
}

/// Its provider declares a draft ready; the deadline of its publication begins.
pub(crate) async fn declare_ready(
    registry: &Registry,
    actor: &Actor,
    id: &ServiceId,
) -> Result<Service, Refused> {
    must_administer(actor, &id.organisation)?;
    let mut change = registry.recorder.change(actor, "service.ready").await?;
    let mut service = load(&mut change, id).await?;
    let now = change.time();
    must_be(&service, now, &[ServiceState::Draft])?;
    let is_described = description::sql::find(&mut change, id, None).await?.is_some();
    if service.about.is_none() || !is_described {
        return Err(Refused::ServiceState(Text::new(
            "Trước khi công bố cần có thông tin về dữ liệu (about) và tài liệu mô tả (descriptions) \
             của dịch vụ.",
            "Before it is published a service needs what it is about (`about`) and its description \
             (`descriptions`).",
        )));
    }
    let rules = regulation::sql::in_force(&mut change, now).await?;
    let calendar = calendar::sql::load(&mut change).await?;
    let due = calendar.add_working_days(now, rules.publication.working_days);
    service.life.stage = Stage::Ready;
    service.life.ready_at = Some(now);
    service.life.publish_due = Some(due);
    close(registry, actor, change, service, [("publish_due", due.to_string())]).await
}

/// The operator publishes what is ready.
pub(crate) async fn publish(
    registry: &Registry,
    actor: &Actor,
    id: &ServiceId,
) -> Result<Service, Refused> {
    must_operate(actor)?;
    let mut change = registry.recorder.change(actor, "service.published").await?;
    let mut service = load(&mut change, id).await?;
    let now = change.time();
    must_be(&service, now, &[ServiceState::Ready])?;
    let is_late = service.life.is_overdue(now);
    service.life.stage = Stage::Published;
    service.published_at = now;
    close(registry, actor, change, service, [("late", is_late.to_string())]).await
}

/// What is announced of a service's end.
#[derive(Debug, Clone)]
pub(crate) struct End {
    /// From when nobody should begin to use it; as it was if not said, else from now.
    pub(crate) deprecated_at: Option<UtcMicros>,
    /// From when no call passes; as it was if not said.
    pub(crate) retired_at: Option<UtcMicros>,
    /// What is to be used in its place; as it was if not said.
    pub(crate) successor: Option<ServiceId>,
}

/// Announces the end of a service; again, as long as that has not come.
pub(crate) async fn announce_end(
    registry: &Registry,
    actor: &Actor,
    id: &ServiceId,
    end: End,
) -> Result<Service, Refused> {
    must_administer(actor, &id.organisation)?;
    let mut change = registry.recorder.change(actor, "service.end_announced").await?;
    let mut service = load(&mut change, id).await?;
    let now = change.time();
    must_be(&service, now, &[ServiceState::Published, ServiceState::Deprecated])?;
    if let Some(successor) = end.successor {
        let found = sql::find(&mut change, &successor).await?;
        let found = found.ok_or_else(|| unknown(&successor))?;
        must_be(&found, now, &[ServiceState::Published])?;
        if successor == *id {
            return Err(Refused::ServiceState(Text::new(
                "Dịch vụ không thể thay thế chính nó.",
                "A service cannot be its own successor.",
            )));
        }
        service.life.successor = Some(successor);
    }
    let life = &mut service.life;
    life.deprecated_at = end.deprecated_at.or(life.deprecated_at).or(Some(now));
    life.retired_at = end.retired_at.or(life.retired_at);
    if life.retired_at.is_some_and(|at| at < now || Some(at) < life.deprecated_at) {
        return Err(Refused::ServiceState(Text::new(
            "Thời điểm ngừng cung cấp không được trước hiện tại và trước thời điểm ngừng khuyến nghị.",
            "The time of retirement must not be before now, nor before that of deprecation.",
        )));
    }
    let said = |at: Option<UtcMicros>| at.map(|at| at.to_string()).unwrap_or_default();
    let dates =
        [("deprecated_at", said(life.deprecated_at)), ("retired_at", said(life.retired_at))];
    close(registry, actor, change, service, dates).await
}

async fn load(change: &mut Change, id: &ServiceId) -> Result<Service, Refused> {
    sql::find(change, id).await?.ok_or_else(|| unknown(id))
}

fn must_be(service: &Service, now: UtcMicros, states: &[ServiceState]) -> Result<(), Refused> {
    let state = service.life.state(now);
    if states.contains(&state) {
        return Ok(());
    }
    let (id, state) = (&service.id, state.as_str());
    let wanted: Vec<_> = states.iter().map(|state| state.as_str()).collect();
    let wanted = wanted.join(", ");
    Err(Refused::ServiceState(Text::new(
        format!("Dịch vụ {id} đang ở trạng thái «{state}»; việc này cần trạng thái {wanted}."),
        format!("The service {id} is {state}; this needs it to be {wanted}."),
    )))
}

async fn close<const N: usize>(
    registry: &Registry,
    actor: &Actor,
    mut change: Change,
    mut service: Service,
    more: [(&str, String); N],
) -> Result<Service, Refused> {
    // Later than every change before, so that whoever keeps a copy sees that it is old, even if the
    // clock was set back.
    let (_, latest) = sql::latest(&mut change).await?;
    let next = UtcMicros::from_micros(latest.saturating_add(1));
    service.changed_at = change.time().max(next);
    sql::change_life(&mut change, &service).await?;
    let mut subject: BTreeMap<_, _> = subject(&service);
    subject.retain(|name, _| name == "service");
    subject.extend(
        more.into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.to_owned(), value)),
    );
    change.record(subject).await?;
    registry.publisher.publish(Some(actor)).await?;
    Ok(service)
}
