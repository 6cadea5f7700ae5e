//! What this module reads, for [`crate::fuzzing`].

use super::codec::{EntryRecord, IntentRecord, KeyNames, SegmentHead, SettledRecord};
use super::frame::{self, Kind};
use crate::fuzzing::{ReadFrame, ReadSegment};

pub(crate) fn segment(bytes: &[u8]) -> ReadSegment {
    let scan = frame::scan(bytes);
    let whole = scan.whole.iter().map(|frame| {
        let mut again = Vec::new();
        let written = written_again(frame.kind, frame.payload);
        frame::write(&mut again, frame.kind, frame.synced, |out| {
            out.extend_from_slice(written.as_deref().unwrap_or(frame.payload));
        });
        let is_understood = written.is_some();
        ReadFrame { at: frame.at, payload: frame.payload.to_vec(), again, is_understood }
    });
    ReadSegment { frames: whole.collect(), valid: scan.valid, is_damaged: scan.is_damaged() }
}

/// The record in a payload, written again; `None` if it is none.
fn written_again(kind: Kind, payload: &[u8]) -> Option<Vec<u8>> {
    let (mut out, names) = (Vec::new(), &mut KeyNames::default());
    match kind {
        Kind::Segment => SegmentHead::read(payload)?.put(&mut out),
        Kind::Entry => EntryRecord::read(payload, names)?.put(&mut out),
        Kind::Intent => IntentRecord::read(payload, names)?.put(&mut out),
        Kind::Settled => SettledRecord::read(payload, names)?.put(&mut out),
    }
    Some(out)
}

pub(crate) fn record(kind: u8, payload: &[u8]) -> Option<Vec<u8>> {
    let kinds = [Kind::Segment, Kind::Entry, Kind::Intent, Kind::Settled];
    let kind = kinds.get(usize::from(kind % 4))?;
    written_again(*kind, payload)
}
