use proptest::prelude::*;
use wire::ambient::{Randomness, UtcMicros};

use super::*;
use crate::log::frame;

struct Fixed([u8; 10]);

impl Randomness for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.0);
    }
}

prop_compose! {
    fn request_id()(time in 0..1_i64 << 50, random: [u8; 10]) -> RequestId {
        RequestId::new(UtcMicros::from_micros(time), &Fixed(random))
    }
}

prop_compose! {
    fn nonce()(keyid in "[A-Za-z0-9._-]{1,64}", fingerprint: [u8; 16], expires: i64) -> SpentNonce {
        SpentNonce { keyid: keyid.parse().unwrap(), fingerprint, expires }
    }
}

fn written(put: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out);
    out
}

proptest! {
    #[test]
    fn an_entry_record_reads_back(
        index: u64,
        time in 0..1_i64 << 50,
        call in proptest::option::of(request_id()),
        resolves_intent: bool,
        nonce in proptest::option::of(nonce()),
        entry: Vec<u8>,
        detail: Vec<u8>,
    ) {
        let time = UtcMicros::from_micros(time);
        let record = EntryRecord {
            index, time, request_id: call, resolves_intent, nonce, entry: &entry, detail: &detail,
        };
        let bytes = written(|out| record.put(out));
        let read = EntryRecord::read(&bytes, &mut KeyNames::default()).unwrap();
        prop_assert_eq!((read.index, read.time, read.request_id), (index, time, call));
        prop_assert_eq!((read.resolves_intent, &read.nonce), (resolves_intent, &record.nonce));
        prop_assert_eq!((read.entry, read.detail), (entry.as_slice(), detail.as_slice()));
    }

    #[test]
    fn a_settled_record_reads_back(
        size: u64,
        calls in proptest::collection::vec(request_id(), 0..5),
        nonces in proptest::collection::vec(nonce(), 0..5),
    ) {
        let record = SettledRecord { size, calls, nonces };
        let bytes = written(|out| record.put(out));
        prop_assert_eq!(SettledRecord::read(&bytes, &mut KeyNames::default()), Some(record));
    }

    #[test]
    fn a_segment_head_reads_back(
        serial: u64, start: u64, before in 0..u64::MAX, length: u64, origin in "\\PC{1,30}",
    ) {
        for predecessor in [None, Some((before, length))] {
            let head = SegmentHead { serial, start, predecessor, origin: origin.clone() };
            let bytes = written(|out| head.put(out));
            prop_assert_eq!(SegmentHead::read(&bytes), Some(head));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        let _ = (EntryRecord::read(&bytes, &mut KeyNames::default()).is_some(), IntentRecord::read(&bytes, &mut KeyNames::default()).is_some());
        let _ = (SettledRecord::read(&bytes, &mut KeyNames::default()), SegmentHead::read(&bytes));
        prop_assert_eq!(frame::scan(&bytes).valid, 0);
    }

    #[test]
    fn a_cut_intent_is_refused(call in request_id(), nonce in nonce(), cut in 0..30_usize) {
        let record = IntentRecord { request_id: call, nonce: nonce.clone(), entry: b"" };
        let bytes = written(|out| record.put(out));
        let read = IntentRecord::read(&bytes, &mut KeyNames::default()).unwrap();
        prop_assert_eq!((read.request_id, read.nonce), (call, nonce));
        let short = bytes.get(..bytes.len() - 1 - cut).unwrap();
        prop_assert!(IntentRecord::read(short, &mut KeyNames::default()).is_none());
    }
}

#[test]
fn an_entry_record_with_a_broken_call_or_an_unknown_flag_is_none() {
    let time = UtcMicros::from_micros(1);
    let record = EntryRecord {
        index: 0,
        time,
        request_id: None,
        resolves_intent: false,
        nonce: None,
        entry: b"{}",
        detail: b"",
    };
    let bytes = written(|out| record.put(out));
    assert!(EntryRecord::read(&bytes, &mut KeyNames::default()).is_some());
    for (at, byte) in [(16, 1), (31, 0x5f), (32, 4), (32, 0x80)] {
        let mut bytes = bytes.clone();
        bytes[at] = byte;
        assert!(EntryRecord::read(&bytes, &mut KeyNames::default()).is_none(), "byte {at}");
    }
}

#[test]
fn a_segment_head_with_a_length_of_no_predecessor_is_none() {
    let head =
        SegmentHead { serial: 1, start: 2, predecessor: None, origin: "log.example/a".to_owned() };
    let mut bytes = written(|out| head.put(out));
    assert_eq!(SegmentHead::read(&bytes), Some(head));
    bytes[25] = 1;
    assert_eq!(SegmentHead::read(&bytes), None);
}
