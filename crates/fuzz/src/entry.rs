//! The log as others read it: entries, checkpoints under signed notes, tiles; canonical JSON.

use wire::canonical::{from_canonical, to_canonical};
use wire::checkpoint::Checkpoint;
use wire::entry::Entry;
use wire::merkle::HashReader as _;
use wire::note::{self, NoteVerifier, SignedNote};
use wire::tile::{TilePath, Tiles, decode_entries, encode_entry};

/// An entry prints as it reads.
pub(crate) fn entry(bytes: &[u8]) {
    if let Ok(entry) = Entry::parse(bytes) {
        assert_eq!(entry.to_canonical().as_deref(), Ok(bytes));
        assert!(bytes.len() <= 65_535);
    }
}

/// Canonical JSON has one form, and any JSON comes to have it.
pub(crate) fn canonical_json(bytes: &[u8]) {
    if let Ok(value) = from_canonical::<serde_json::Value>(bytes) {
        assert_eq!(to_canonical(&value).as_deref(), Ok(bytes));
    }
    if let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes)
        && let Ok(canonical) = to_canonical(&value)
    {
        assert_eq!(from_canonical::<serde_json::Value>(&canonical), Ok(value));
    }
}

/// Notes, checkpoints and keys print as they read; nobody's signature opens a note.
pub(crate) fn checkpoint(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(checkpoint) = text.parse::<Checkpoint>() {
        prints_as_it_read(&checkpoint, text);
    }
    if let Ok(verifier) = text.parse::<NoteVerifier>() {
        assert_eq!(verifier.to_string(), text);
    }
    if let Ok(note) = text.parse::<SignedNote>() {
        assert_eq!(note.to_string(), text);
        if let Ok(checkpoint) = note.text.parse::<Checkpoint>() {
            prints_as_it_read(&checkpoint, &note.text);
        }
        let strangers: Vec<_> = note
            .signatures
            .iter()
            .filter_map(|signature| NoteVerifier::new(&signature.name, [9; 32]).ok())
            .collect();
        assert!(note::open(text, &strangers).is_err());
    }
}

/// Further lines of a checkpoint are extensions, which every reader ignores (tlog-checkpoint).
fn prints_as_it_read(checkpoint: &Checkpoint, text: &str) {
    let printed = checkpoint.to_string();
    assert!(text.starts_with(&printed), "{printed:?} of {text:?}");
    assert_eq!(printed.parse().as_ref(), Ok(checkpoint));
}

/// Tile paths print as they read, bundles of entries too; a tile of any bytes gives hashes or no.
pub(crate) fn tile(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(path) = text.parse::<TilePath>()
    {
        assert_eq!(path.to_string(), text);
        let mut tiles = Tiles::new(path.index.saturating_add(1).saturating_mul(256));
        let _ = tiles.insert(path, bytes.repeat(64));
        for level in [0, 1, 8, 63] {
            let _ = tiles.hash(level, path.index);
        }
    }
    if let Ok(entries) = decode_entries(bytes) {
        let mut again = Vec::new();
        for entry in entries {
            encode_entry(&mut again, entry).expect("an entry of a bundle fits into a bundle");
        }
        assert_eq!(again, bytes);
    }
}
