//! What callers are told of a service whose end is announced, written once per directory:
//! `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and a `Link` to its successor (RFC 5829).

use http::{HeaderMap, HeaderName, HeaderValue, header};
use wire::ambient::UtcMicros;
use wire::directory::ServiceRecord;

use crate::gate::imf_fixdate;

/// The lines for every answer of a service that goes, and when it is gone.
#[derive(Debug)]
pub(crate) struct Farewell {
    lines: Vec<(HeaderName, HeaderValue)>,
    /// From when no call passes any more.
    retired_at: UtcMicros,
}

impl Farewell {
    /// `None` for a service that stays.
    pub(crate) fn of(record: &ServiceRecord) -> Option<Box<Self>> {
        let ServiceRecord { deprecated_at, retired_at, successor, .. } = record;
        if deprecated_at.is_none() && retired_at.is_none() {
            return None;
        }
        let value = |text: String| HeaderValue::from_str(&text).ok();
        let deprecation = deprecated_at.and_then(|at| value(format!("@{}", at.as_seconds())));
        let sunset = retired_at.map(|at| imf_fixdate(at.as_seconds()));
        let link = successor
            .as_ref()
            .and_then(|successor| value(format!("</{successor}>; rel=\"successor-version\"")));
        let lines = [
            (HeaderName::from_static("deprecation"), deprecation),
            (HeaderName::from_static("sunset"), sunset),
            (header::LINK, link),
        ];
        let lines = lines.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        Some(Box::new(Self { lines, retired_at: retired_at.unwrap_or(UtcMicros::MAX) }))
    }

    /// Whether the service is gone at `now`.
    pub(crate) fn is_over(&self, now: UtcMicros) -> bool {
        self.retired_at <= now
    }

    /// Adds the lines beside what the provider says: other links stay.
    pub(crate) fn say(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.lines {
            if *name == header::LINK {
                headers.append(name, value.clone());
            } else {
                headers.insert(name, value.clone());
            }
        }
    }
}
