//! What the intent segments say at the opening of the log.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;

use wire::id::RequestId;

use super::path;
use crate::disk::Disk;
use crate::log::codec::{IntentRecord, SettledRecord};
use crate::log::draft::SpentNonce;
use crate::log::error::OpenError;
use crate::log::frame::{self, Kind};

/// Everything in all segments together. They may hold a thing twice, in any order.
#[derive(Default)]
pub(in crate::log) struct Loaded {
    /// Calls and the entry `call.unknown` prepared for each.
    pub(in crate::log) intents: HashMap<RequestId, Vec<u8>>,
    pub(in crate::log) settled: HashSet<RequestId>,
    pub(in crate::log) nonces: HashSet<SpentNonce>,
    /// How many entries the log had at least.
    pub(in crate::log) size: u64,
    pub(in crate::log) serials: Vec<u64>,
}

/// Reads all segments. Torn or lost intents are no damage unless they were synced: nobody was
/// promised that they survive more than the end of the process.
pub(in crate::log) fn load(disk: &dyn Disk, dir: &Path) -> Result<Loaded, OpenError> {
    let mut loaded = Loaded::default();
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
            loaded.take(frame.kind, frame.payload);
        }
    }
    Ok(loaded)
}

impl Loaded {
    fn take(&mut self, kind: Kind, payload: &[u8]) {
        match kind {
            Kind::Intent => {
                if let Some(intent) = IntentRecord::read(payload) {
                    self.nonces.insert(intent.nonce.clone());
                    self.intents.insert(intent.request_id, intent.entry.to_owned());
                }
            }
            Kind::Settled => {
                if let Some(settled) = SettledRecord::read(payload) {
                    self.size = self.size.max(settled.size);
                    self.settled.extend(settled.calls);
                    self.nonces.extend(settled.nonces);
                }
            }
            Kind::Segment | Kind::Entry => {}
        }
    }
}

/// Removes segments that a newer one has made needless.
pub(in crate::log) fn remove(disk: &dyn Disk, dir: &Path, serials: &[u64]) -> io::Result<()> {
    serials.iter().try_for_each(|serial| disk.remove(&path(dir, *serial)))?;
    disk.sync_dir(dir)
}
