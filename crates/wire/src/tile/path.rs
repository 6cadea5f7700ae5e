//! Where a tile stands: `tile/<L>/<N>[.p/<W>]`, `tile/entries/<N>[.p/<W>]`.

use std::fmt;
use std::str::FromStr;

use super::{HEIGHT, WIDTH};
use crate::checkpoint::plain_decimal;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// Hashes of the given tile level, 0 (leaf hashes) to 63.
    Hashes(u8),
    /// Entries.
    Entries,
}

/// One tile, full or partial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TilePath {
    /// Hashes of a level, or entries.
    pub kind: TileKind,
    /// Its number on its level, from 0.
    pub index: u64,
    /// How many hashes or entries it holds: 1 to 255 if partial, 256 if full.
    pub width: u16,
}

/// A text that names no tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the path of a tile, like tile/0/x001/234.p/5")]
pub struct NotATilePath;

/// No level above has a meaning in tlog-tiles.
const MAX_LEVEL: u64 = 63;

impl TilePath {
    /// The full tile number `index`.
    pub const fn full(kind: TileKind, index: u64) -> Self {
        Self { kind, index, width: WIDTH }
    }

    /// The tile number `index` in a log of `size` entries: full, partial, or none if the log has
    /// nothing there yet.
    pub fn in_log(kind: TileKind, index: u64, size: u64) -> Option<Self> {
        let level = if let TileKind::Hashes(level) = kind { level } else { 0 };
        let items = size.checked_shr(u32::from(HEIGHT) * u32::from(level)).unwrap_or(0);
        let first = index.checked_mul(u64::from(WIDTH))?;
        let width = items.saturating_sub(first).min(u64::from(WIDTH));
        let width = u16::try_from(width).ok().filter(|width| *width > 0)?;
        Some(Self { kind, index, width })
    }

    /// Whether the tile is not full yet.
    pub const fn is_partial(&self) -> bool {
        self.width < WIDTH
    }

    /// The full tile of which this is a prefix.
    #[must_use]
    pub const fn to_full(self) -> Self {
        Self { width: WIDTH, ..self }
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes(level) => write!(f, "tile/{level}")?,
            TileKind::Entries => f.write_str("tile/entries")?,
        }
        // 20 digits at most: seven groups.
        let mut divisor = 1_000_u64.pow(6);
        while divisor > 1 && self.index < divisor {
            divisor /= 1_000;
        }
        while divisor > 1 {
            write!(f, "/x{:03}", self.index / divisor % 1_000)?;
            divisor /= 1_000;
        }
        write!(f, "/{:03}", self.index % 1_000)?;
        if self.is_partial() { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

impl FromStr for TilePath {
    type Err = NotATilePath;

    fn from_str(text: &str) -> Result<Self, NotATilePath> {
        let rest = text.strip_prefix("tile/").ok_or(NotATilePath)?;
        let (level, rest) = rest.split_once('/').ok_or(NotATilePath)?;
        let kind = if level == "entries" {
            TileKind::Entries
        } else {
            let level = plain_decimal(level).filter(|level| *level <= MAX_LEVEL);
            TileKind::Hashes(level.and_then(|level| u8::try_from(level).ok()).ok_or(NotATilePath)?)
        };
        let (number, width) = match rest.split_once(".p/") {
            None => (rest, WIDTH),
            Some((number, width)) => (number, partial_width(width)?),
        };
        let path = Self { kind, index: index_of(number)?, width };
        // One tile, one name: `x000/001` is not another way to say `001`.
        if path.to_string() == text { Ok(path) } else { Err(NotATilePath) }
    }
}

fn partial_width(text: &str) -> Result<u16, NotATilePath> {
    let width = plain_decimal(text).filter(|width| (1..u64::from(WIDTH)).contains(width));
    width.and_then(|width| u16::try_from(width).ok()).ok_or(NotATilePath)
}

fn index_of(text: &str) -> Result<u64, NotATilePath> {
    let mut index = 0_u64;
    for group in text.split('/') {
        let group = group.strip_prefix('x').unwrap_or(group);
        let number: u64 = group.parse().map_err(|_| NotATilePath)?;
        let next = index.checked_mul(1_000).and_then(|index| index.checked_add(number));
        index = next.ok_or(NotATilePath)?;
    }
    Ok(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_path_is_written_in_groups_of_three_digits() {
        for (path, text) in [
            (TilePath::full(TileKind::Hashes(0), 0), "tile/0/000"),
            (TilePath::full(TileKind::Hashes(1), 999), "tile/1/999"),
            (TilePath::full(TileKind::Hashes(0), 1_000), "tile/0/x001/000"),
            (TilePath::full(TileKind::Hashes(2), 1_234_067), "tile/2/x001/x234/067"),
            (TilePath::full(TileKind::Entries, 1_067), "tile/entries/x001/067"),
            (TilePath { kind: TileKind::Hashes(0), index: 1_234, width: 5 }, "tile/0/x001/234.p/5"),
            (TilePath { kind: TileKind::Entries, index: 0, width: 255 }, "tile/entries/000.p/255"),
            (
                TilePath::full(TileKind::Hashes(63), u64::MAX),
                "tile/63/x018/x446/x744/x073/x709/x551/615",
            ),
        ] {
            assert_eq!(path.to_string(), text);
            assert_eq!(text.parse(), Ok(path));
        }
    }

    #[test]
    fn another_spelling_is_no_path() {
        for text in [
            "",
            "tile",
            "tile/",
            "tile/0",
            "tile/0/",
            "tile/0/0",
            "tile/0/1000",
            "tile/0/x000/001",
            "tile/0/001/234",
            "tile/0/x001",
            "tile/00/000",
            "tile/64/000",
            "tile/-1/000",
            "tile/entry/000",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/05",
            "tile/0/000.p/",
            "tile/0/000.p/5/",
            "tile/0/000/",
            "/tile/0/000",
            "tile/0/+01",
            "tile/0/..",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
        ] {
            assert_eq!(text.parse::<TilePath>(), Err(NotATilePath), "{text:?}");
        }
    }

    #[test]
    fn a_log_has_the_tiles_that_its_size_fills() {
        let width = |kind, index, size| TilePath::in_log(kind, index, size).map(|tile| tile.width);
        assert_eq!(width(TileKind::Entries, 0, 0), None);
        assert_eq!(width(TileKind::Entries, 0, 255), Some(255));
        assert_eq!(width(TileKind::Entries, 0, 256), Some(256));
        assert_eq!(width(TileKind::Entries, 1, 256), None);
        assert_eq!(width(TileKind::Hashes(0), 1, 257), Some(1));
        assert_eq!(width(TileKind::Hashes(1), 0, 255), None);
        assert_eq!(width(TileKind::Hashes(1), 0, 513), Some(2));
        assert_eq!(width(TileKind::Hashes(8), 0, u64::MAX), None);
        assert_eq!(width(TileKind::Hashes(0), u64::MAX, u64::MAX), None);
    }

    proptest! {
        #[test]
        fn every_path_reads_back(
            level in prop::option::of(0_u8..=63), index in any::<u64>(), shift in 0_u32..64,
            width in 1_u16..=256
        ) {
            let kind = level.map_or(TileKind::Entries, TileKind::Hashes);
            let path = TilePath { kind, index: index >> shift, width };
            prop_assert_eq!(path.to_string().parse(), Ok(path));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(tile/)?[0-9a-z./]{0,30}") {
            if let Ok(path) = text.parse::<TilePath>() {
                prop_assert_eq!(path.to_string(), text);
            }
        }
    }
}
