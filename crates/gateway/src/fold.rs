//! Refusals of strangers, folded: one entry per source network, code and minute, with a count.
//!
//! Anyone can send unsigned requests; if each had an entry of its own, anyone could write the log
//! full. The first of its kind in a minute is recorded at once, the others are counted and recorded
//! together when the minute is over.
//!
//! **Invariant**: every refusal is counted in exactly one entry; the memory for it is bounded.
//! **Trust**: a crash loses the counts of the running minute, never that there were such refusals.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use evidence::{Draft, Log};
use parking_lot::Mutex;
use wire::ambient::UtcMicros;
use wire::entry::Kind;
use wire::error_code::ErrorCode;

/// How many kinds are told apart at once; what comes beyond is counted as from elsewhere.
const MOST_KINDS: usize = 4096;

const MINUTE_MICROS: i64 = 60_000_000;

/// The counts of running minutes.
#[derive(Debug, Default)]
pub(crate) struct Fold {
    counts: Mutex<HashMap<Stranger, u64>>,
}

/// A kind of refusal that is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Stranger {
    source: Source,
    code: ErrorCode,
    /// When the minute began.
    minute: UtcMicros,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Source {
    /// The first 24 bits.
    V4(Ipv4Addr),
    /// The first 48 bits.
    V6(Ipv6Addr),
    Elsewhere,
}

impl Fold {
    /// Counts a refusal. `Some`: it is the first of its kind, to be recorded at once.
    pub(crate) fn count(&self, peer: IpAddr, code: ErrorCode, now: UtcMicros) -> Option<Stranger> {
        let mut stranger = Stranger { source: Source::of(peer), code, minute: minute_of(now) };
        let mut counts = self.counts.lock();
        if !counts.contains_key(&stranger) && counts.len() >= MOST_KINDS {
            stranger.source = Source::Elsewhere;
        }
        if let Some(further) = counts.get_mut(&stranger) {
            *further += 1;
            return None;
        }
        counts.insert(stranger, 0);
        Some(stranger)
    }

    /// Takes back that the first was recorded, because the log refused it: the next is first.
    pub(crate) fn forget_first(&self, stranger: &Stranger) {
        self.counts.lock().remove(stranger);
    }

    /// Records the counts of minutes that are over at `now`; with `None`, all of them.
    /// What the log does not take stays counted for the next time.
    pub(crate) async fn flush(&self, log: &Log, now: Option<UtcMicros>) {
        for (stranger, further) in self.take_due(now) {
            if further > 0 && log.append(stranger.draft(further)).await.is_err() {
                *self.counts.lock().entry(stranger).or_default() += further;
            }
        }
    }

    fn take_due(&self, now: Option<UtcMicros>) -> Vec<(Stranger, u64)> {
        let running = now.map(minute_of);
        let mut counts = self.counts.lock();
        counts.extract_if(|stranger, _| running.is_none_or(|now| stranger.minute < now)).collect()
    }
}

impl Stranger {
    /// The entry of `count` refusals of this kind.
    pub(crate) fn draft(&self, count: u64) -> Draft {
        let mut draft = Draft::new(Kind::Call, "call.refused");
        draft.outcome = self.code.to_string();
        draft.subject = [
            ("source", self.source.to_string()),
            ("count", count.to_string()),
            ("minute", self.minute.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        draft
    }
}

fn minute_of(now: UtcMicros) -> UtcMicros {
    UtcMicros::from_micros(now.as_micros() - now.as_micros() % MINUTE_MICROS)
}

impl Source {
    fn of(peer: IpAddr) -> Self {
        match peer.to_canonical() {
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                Self::V4(Ipv4Addr::new(a, b, c, 0))
            }
            IpAddr::V6(v6) => {
                let [a, b, c, ..] = v6.segments();
                Self::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
            }
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(network) => write!(f, "{network}/24"),
            Self::V6(network) => write!(f, "{network}/48"),
            Self::Elsewhere => f.write_str("elsewhere"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> UtcMicros {
        UtcMicros::from_seconds(1_795_420_800 + seconds)
    }

    fn peer(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_network_code_and_minute_is_one_kind() {
        let (fold, code) = (Fold::default(), ErrorCode::SignatureMissing);
        let first = fold.count(peer("203.0.113.7"), code, at(0)).unwrap();
        assert_eq!(first.draft(1).subject["source"], "203.0.113.0/24");
        assert!(fold.count(peer("203.0.113.8"), code, at(59)).is_none());
        assert!(fold.count(peer("203.0.114.8"), code, at(59)).is_some());
        assert!(fold.count(peer("203.0.113.8"), ErrorCode::KeyUnknown, at(59)).is_some());
        assert!(fold.count(peer("203.0.113.8"), code, at(60)).is_some());
        assert!(fold.count(peer("2001:db8:1:2::3"), code, at(0)).is_some());
        assert!(fold.count(peer("2001:db8:1:9::3"), code, at(0)).is_none());

        let due: Vec<_> = fold.take_due(Some(at(60))).into_iter().filter(|due| due.1 > 0).collect();
        assert_eq!(due.len(), 2);
        assert_eq!(due.iter().map(|due| due.1).sum::<u64>(), 2);
        assert!(fold.take_due(Some(at(60))).is_empty());
    }

    #[test]
    fn a_flood_from_everywhere_is_counted_in_bounded_memory() {
        let fold = Fold::default();
        for network in 0..2 * MOST_KINDS {
            let address = Ipv4Addr::from(u32::try_from(network).unwrap() << 8);
            fold.count(IpAddr::V4(address), ErrorCode::SignatureMissing, at(0));
        }
        assert_eq!(fold.counts.lock().len(), MOST_KINDS + 1);
    }
}
