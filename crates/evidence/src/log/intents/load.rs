//! What the intent segments say at the opening of the log.
//!
//! Of a call that is settled only its id stays in memory, so that an opening holds what is open,
//! not what the segments hold: they keep each call until its nonce is of no more use.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use wire::ambient::UtcMicros;
use wire::id::RequestId;

use super::path;
use crate::disk::Disk;
use crate::log::codec::{IntentRecord, KeyNames, SettledRecord};
use crate::log::draft::SpentNonce;
use crate::log::error::OpenError;
use crate::log::frame::{self, Kind};

/// Everything in all segments together. They may hold a thing twice, in any order.
#[derive(Default)]
pub(in crate::log) struct Loaded {
    calls: HashMap<RequestId, Standing>,
    /// Those that must still be remembered; one may stand here twice.
    pub(in crate::log) nonces: Vec<SpentNonce>,
    /// How many entries the log had at least.
    pub(in crate::log) size: u64,
    pub(in crate::log) serials: Vec<u64>,
}

/// What is known of a call.
enum Standing {
    /// There is an intent, and the entry `call.unknown` that was prepared with it.
    Open(Box<[u8]>),
    /// There is a mark, and no intent so far.
    Marked,
    /// There are both.
    Settled,
}

/// Reads all segments; nonces are kept that live at `now`. Torn or lost intents are no damage
/// unless they were synced: nobody was promised that they survive more than the end of the process.
pub(in crate::log) fn load(
    disk: &dyn Disk,
    dir: &Path,
    now: UtcMicros,
) -> Result<Loaded, OpenError> {
    let (mut loaded, mut names) = (Loaded::default(), KeyNames::default());
    for name in disk.list(dir).map_err(OpenError::disk(dir))? {
        let Ok(serial) = name.parse() else { continue };
        loaded.serials.push(serial);
        let path = path(dir, serial);
        let bytes = disk.read(&path).map_err(OpenError::disk(&path))?;
        let scan = frame::scan(&bytes);
        if scan.is_damaged() {
            return Err(OpenError::Damaged { path, at: scan.valid as u64 });
        }
        // After a loss of power a frame may have lasted where the one before it did not.
        for frame in scan.whole.iter().chain(&scan.stranded) {
            loaded.take(frame.kind, frame.payload, now, &mut names);
        }
    }
    Ok(loaded)
}

impl Loaded {
    /// Whether a call's intent stands in some segment, settled or not.
    pub(in crate::log) fn has_intent(&self, call: &RequestId) -> bool {
        self.calls.get(call).is_some_and(Standing::has_intent)
    }

    /// Calls that are not marked as settled, each with its entry `call.unknown`.
    pub(in crate::log) fn open(&self) -> impl Iterator<Item = (RequestId, &[u8])> {
        self.calls.iter().filter_map(|(call, standing)| match standing {
            Standing::Open(entry) => Some((*call, &**entry)),
            Standing::Marked | Standing::Settled => None,
        })
    }

    /// The calls whose intents stand in the segments, and the nonces.
    pub(in crate::log) fn into_parts(self) -> (Vec<RequestId>, Vec<SpentNonce>) {
        let with_intent = self.calls.into_iter().filter(|(_, standing)| standing.has_intent());
        (with_intent.map(|(call, _)| call).collect(), self.nonces)
    }

    fn take(&mut self, kind: Kind, payload: &[u8], now: UtcMicros, names: &mut KeyNames) {
        match kind {
            Kind::Intent => {
                if let Some(intent) = IntentRecord::read(payload, names) {
                    self.take_intent(intent.request_id, intent.entry);
                    self.nonces.extend(Some(intent.nonce).filter(|nonce| nonce.is_live(now)));
                }
            }
            Kind::Settled => {
                if let Some(settled) = SettledRecord::read(payload, names) {
                    self.size = self.size.max(settled.size);
                    settled.calls.into_iter().for_each(|call| self.take_mark(call));
                    let nonces = settled.nonces.into_iter();
                    self.nonces.extend(nonces.filter(|nonce| nonce.is_live(now)));
                }
            }
            Kind::Segment | Kind::Entry => {}
        }
    }

    /// A mark that came before its intent, or before a copy of it, counts all the same.
    fn take_intent(&mut self, call: RequestId, entry: &[u8]) {
        let standing = self.calls.entry(call).or_insert_with(|| Standing::Open(entry.into()));
        if matches!(standing, Standing::Marked) {
            *standing = Standing::Settled;
        }
    }

    fn take_mark(&mut self, call: RequestId) {
        let standing = self.calls.entry(call).or_insert(Standing::Marked);
        if matches!(standing, Standing::Open(_)) {
            *standing = Standing::Settled;
        }
    }
}

impl Standing {
    fn has_intent(&self) -> bool {
        !matches!(self, Self::Marked)
    }
}

/// Removes segments that a newer one has made needless.
pub(in crate::log) fn remove(disk: &dyn Disk, dir: &Path, serials: &[u64]) -> io::Result<()> {
    serials.iter().try_for_each(|serial| disk.remove(&path(dir, *serial)))?;
    disk.sync_dir(dir)
}

#[cfg(test)]
mod tests {
    use wire::ambient::Randomness;

    use super::*;

    struct Dice(u8);

    impl Randomness for Dice {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    fn call(number: u8) -> RequestId {
        RequestId::new(UtcMicros::from_seconds(1), &Dice(number))
    }

    /// Reads intents (`true`) and marks of one call in this order.
    fn after(frames: &[bool]) -> (bool, bool) {
        let mut loaded = Loaded::default();
        for is_intent in frames {
            if *is_intent {
                loaded.take_intent(call(1), b"{}");
            } else {
                loaded.take_mark(call(1));
            }
        }
        (loaded.open().next().is_some(), loaded.has_intent(&call(1)))
    }

    #[test]
    fn a_mark_settles_its_call_in_whatever_order_they_are_read() {
        for frames in [[true, false, true], [false, true, true], [true, true, false]] {
            assert_eq!(after(&frames), (false, true), "{frames:?}");
        }
        assert_eq!(after(&[true, true]), (true, true));
        assert_eq!(after(&[false, false]), (false, false));
        assert!(!Loaded::default().has_intent(&call(1)));
    }
}
