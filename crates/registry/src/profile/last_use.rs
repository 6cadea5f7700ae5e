//! When credentials and connections were used last, read from the end of this node's log backwards.

use std::collections::HashMap;

use evidence::{Log, RecordError};
use wire::ambient::UtcMicros;
use wire::entry::{Entry, Kind};

use super::preview::BrokenSystem;
use crate::refused::Refused;

/// The most entries that are read for one page of a preview.
const MOST_ENTRIES: u64 = 20_000;

/// Fills in when what stands on a page was used last; returns how far back the log was read, if it
/// was not read whole.
pub(super) async fn fill_in(
    log: &Log,
    page: &mut [BrokenSystem],
) -> Result<Option<UtcMicros>, Refused> {
    let mut sought = Sought::of(page);
    let end = log.size();
    let mut read_back_to = None;
    for index in (0..end).rev() {
        if sought.is_found() {
            break;
        }
        let bytes = log.entry(index).await.map_err(RecordError::from)?;
        let Some(entry) = bytes.and_then(|bytes| Entry::parse(&bytes).ok()) else { continue };
        if end - index > MOST_ENTRIES {
            read_back_to = Some(entry.time);
            break;
        }
        if entry.kind == Kind::Call {
            sought.note(&entry);
        }
    }
    for system in page {
        for one in &mut system.credentials {
            one.last_used_at = sought.last.get(one.keyid.as_str()).copied().flatten();
        }
        for one in &mut system.connections {
            one.last_used_at = sought.last.get(&one.id.to_string()).copied().flatten();
        }
    }
    Ok(read_back_to)
}

/// Ids of credentials and connections, which are never alike.
struct Sought {
    last: HashMap<String, Option<UtcMicros>>,
    missing: usize,
}

impl Sought {
    fn of(page: &[BrokenSystem]) -> Self {
        let credentials = page.iter().flat_map(|one| &one.credentials);
        let connections = page.iter().flat_map(|one| &one.connections);
        let ids = credentials
            .map(|one| one.keyid.to_string())
            .chain(connections.map(|one| one.id.to_string()));
        let last: HashMap<_, _> = ids.map(|id| (id, None)).collect();
        Self { missing: last.len(), last }
    }

    fn is_found(&self) -> bool {
        self.missing == 0
    }

    /// Later entries are read first, so the first time that is noted stays.
    fn note(&mut self, entry: &Entry) {
        let credential = entry.actor.as_ref().and_then(|actor| actor.credential.as_deref());
        let connection = entry.subject.get("connection").map(String::as_str);
        for id in [credential, connection].into_iter().flatten() {
            if let Some(at @ None) = self.last.get_mut(id) {
                *at = Some(entry.time);
                self.missing -= 1;
            }
        }
    }
}
