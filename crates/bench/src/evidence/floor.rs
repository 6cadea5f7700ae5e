//! What the disk does without a log: one entry's bytes at the end of a file, then a sync.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use super::spread::Spread;

/// About what one call adds to the write-ahead file.
const BYTES: [u8; 3_072] = [0x5A; 3_072];

/// Writes and syncs, one after the other, for so long.
pub(super) fn measure(folder: &Path, during: Duration) -> Spread {
    let place = tempfile::tempdir_in(folder).unwrap();
    let file = File::create(place.path().join("floor")).unwrap();
    let begin = Instant::now();
    let mut durations = Vec::new();
    while begin.elapsed() < during {
        let before = Instant::now();
        let offset = (durations.len() * BYTES.len()) as u64;
        file.write_all_at(&BYTES, offset).unwrap();
        file.sync_data().unwrap();
        durations.push(before.elapsed());
    }
    Spread::of(durations)
}
