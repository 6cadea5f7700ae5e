//! Entries for calls whose outcome nobody knows.

use wire::ambient::UtcMicros;
use wire::entry::Entry;
use wire::id::{EntryId, RequestId};

use super::World;
use crate::log::codec::EntryRecord;
use crate::log::intents::load::Loaded;
use crate::log::wal::Replay;

/// Adds `call.unknown` to the batch for each intent without outcome, in the order of the calls.
/// Answers how many there are, and the time of the last entry of the log.
pub(super) fn append(
    replay: &mut Replay,
    loaded: &Loaded,
    world: &World<'_>,
) -> (usize, UtcMicros) {
    let mut last_time = replay.last_time.unwrap_or(UtcMicros::MIN);
    let open = unresolved(replay, loaded);
    for (request_id, entry) in &open {
        let Some(mut entry) = Entry::parse(entry).ok() else {
            continue;
        };
        let after = UtcMicros::from_micros(last_time.as_micros().saturating_add(1));
        last_time = world.clock.now().max(after);
        entry.time = last_time;
        entry.id = EntryId::new(last_time, world.randomness);
        let Some(bytes) = entry.to_canonical().ok() else {
            continue;
        };
        let record = EntryRecord {
            index: replay.batch.end(),
            time: last_time,
            request_id: Some(*request_id),
            resolves_intent: true,
            nonce: None,
            entry: &bytes,
            detail: &[],
        };
        replay.batch.push(0, &record);
    }
    (open.len(), last_time)
}

/// The intents whose outcome stands nowhere, in the order of their calls.
pub(super) fn unresolved<'a>(replay: &Replay, loaded: &'a Loaded) -> Vec<(RequestId, &'a [u8])> {
    let mut open: Vec<_> =
        loaded.open().filter(|(call, _)| !replay.settled.contains(call)).collect();
    open.sort_unstable();
    open
}
