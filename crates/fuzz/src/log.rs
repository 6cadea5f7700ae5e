//! The write-ahead file as a start finds it.

use evidence::fuzzing;

/// What stands whole in a segment is written again byte for byte; a cut segment holds a prefix.
pub(crate) fn segment(bytes: &[u8]) {
    let read = fuzzing::segment(bytes);
    assert!(read.valid <= bytes.len());
    let mut at = 0;
    for frame in &read.frames {
        assert_eq!(frame.at, at);
        at += 24 + frame.payload.len();
        if frame.is_understood {
            assert_eq!(frame.again, bytes[frame.at..at]);
        }
    }
    assert_eq!(at, read.valid);
    let cut = fuzzing::segment(&bytes[..read.valid]);
    assert_eq!((cut.frames.len(), cut.is_damaged), (read.frames.len(), false));
    let torn = fuzzing::segment(&bytes[..bytes.len() - bytes.len().min(1)]);
    assert!(read.frames.starts_with(&torn.frames));
}

/// A record of the write-ahead file is written again byte for byte.
pub(crate) fn record(bytes: &[u8]) {
    let Some((kind, payload)) = bytes.split_first() else {
        return;
    };
    if let Some(again) = fuzzing::record(*kind, payload) {
        assert_eq!(again, payload);
    }
}
