//! The life of a service: drafted, declared ready, published, deprecated, retired.
//!
//! Readiness starts the clock of the publication (one working day by the shipped rules). What is
//! said of the end is a date, and the clock alone brings it: the gateway tells callers beforehand
//! (`Deprecation`, `Sunset`) and refuses them afterwards.
//!
//! **Invariant**: only a published service stands in the directory; one that is retired never
//! comes back. **Trust**: who can retire a service stops its calls, from a date that callers saw.

pub(crate) mod api;
pub(crate) mod command;
pub(crate) mod overdue;
#[cfg(test)]
pub(crate) mod tests;

use serde::Serialize;
use utoipa::ToSchema;
use wire::ambient::UtcMicros;
use wire::id::ServiceId;

/// How far a service has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// What has been done.
    pub stage: Stage,
    /// When its provider declared it ready.
    pub ready_at: Option<UtcMicros>,
    /// By when it is to be published after that.
    pub publish_due: Option<UtcMicros>,
    /// From when nobody should begin to use it.
    pub deprecated_at: Option<UtcMicros>,
    /// From when no call passes.
    pub retired_at: Option<UtcMicros>,
    /// What is to be used in its place.
    pub successor: Option<ServiceId>,
}

/// What has been done for a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Registered.
    Draft,
    /// Declared ready by its provider.
    Ready,
    /// Published.
    Published,
}

/// The state of a service at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServiceState {
    /// Being prepared by its provider.
    Draft,
    /// Declared ready; waits for its publication.
    Ready,
    /// To be used.
    Published,
    /// Still answers, but goes.
    Deprecated,
    /// Answers no more.
    Retired,
}

impl Life {
    /// A life that begins with `stage`.
    pub fn new(stage: Stage) -> Self {
        Self {
            stage,
            ready_at: None,
            publish_due: None,
            deprecated_at: None,
            retired_at: None,
            successor: None,
        }
    }

    /// The state at `now`.
    pub fn state(&self, now: UtcMicros) -> ServiceState {
        let has_come = |at: Option<UtcMicros>| at.is_some_and(|at| at <= now);
        match self.stage {
            Stage::Draft => ServiceState::Draft,
            Stage::Ready => ServiceState::Ready,
            Stage::Published if has_come(self.retired_at) => ServiceState::Retired,
            Stage::Published if has_come(self.deprecated_at) => ServiceState::Deprecated,
            Stage::Published => ServiceState::Published,
        }
    }

    /// Whether its publication is waited for past its deadline.
    pub fn is_overdue(&self, now: UtcMicros) -> bool {
        self.stage == Stage::Ready && self.publish_due.is_some_and(|due| due <= now)
    }
}

impl Stage {
    /// The written form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Ready => "ready",
            Self::Published => "published",
        }
    }

    pub(crate) fn read(text: &str) -> Option<Self> {
        [Self::Draft, Self::Ready, Self::Published].into_iter().find(|one| one.as_str() == text)
    }
}

impl ServiceState {
    /// The written form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Ready => "ready",
            Self::Published => "published",
            Self::Deprecated => "deprecated",
            Self::Retired => "retired",
        }
    }

    /// Every state, in the order of a life.
    pub const ALL: [Self; 5] =
        [Self::Draft, Self::Ready, Self::Published, Self::Deprecated, Self::Retired];
}
