//! What callers are told of a service whose end is announced, written once per directory:
//! `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and a `Link` to its successor (RFC 5829).

use wire::ambient::UtcMicros;
use wire::directory::ServiceRecord;

use crate::fields::Fields;
use crate::gate::imf_fixdate;

/// RFC 8288.
const LINK: &str = "link";

/// The lines for every answer of a service that goes, and when it is gone.
#[derive(Debug)]
pub(crate) struct Farewell {
    lines: Vec<(&'static str, String)>,
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
        let deprecation = deprecated_at.map(|at| format!("@{}", at.as_seconds()));
        let sunset = retired_at.map(|at| imf_fixdate(at.as_seconds()));
        let link = successor
            .as_ref()
            .map(|successor| format!("</{successor}>; rel=\"successor-version\""));
        let lines = [("deprecation", deprecation), ("sunset", sunset), (LINK, link)];
        let lines = lines.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        Some(Box::new(Self { lines, retired_at: retired_at.unwrap_or(UtcMicros::MAX) }))
    }

    /// Whether the service is gone at `now`.
    pub(crate) fn is_over(&self, now: UtcMicros) -> bool {
        self.retired_at <= now
    }

    /// Adds the lines beside what the provider says: other links stay.
    pub(crate) fn say(&self, headers: &mut Fields) {
        for (name, value) in &self.lines {
            if *name == LINK {
                // Made of a service's name, so it stays in its line.
                let _ = headers.push(name, value.as_bytes());
            } else {
                headers.say_instead(name, value);
            }
        }
    }
}
