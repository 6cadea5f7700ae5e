//! Refusals of strangers, folded: one entry per source network, code and minute, with a count.
//!
//! Anyone can send unsigned requests; if each had an entry of its own, anyone could write the log
//! full. The first of its kind in a minute is recorded at once, the others are counted and recorded
//! together when the minute is over. None is answered before that first one is durable.
//!
//! **Invariant**: every refusal is counted in exactly one entry; the memory for it is bounded.
//! **Trust**: a crash loses the counts of the running minute, never that there were such refusals.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use evidence::{Appended, Draft, Log, LogUnavailable};
use parking_lot::Mutex;
use tokio::sync::watch;
use wire::ambient::UtcMicros;
use wire::entry::Kind;
use wire::error_code::ErrorCode;
use wire::id::RequestId;

/// How many kinds are told apart at once; what comes beyond is counted as from elsewhere.
const MOST_KINDS: usize = 4096;

const MINUTE_MICROS: i64 = 60_000_000;

/// The counts of running minutes.
#[derive(Debug, Default)]
pub(crate) struct Fold {
    counts: Mutex<HashMap<Stranger, Count>>,
    /// Of minutes that are over: what is still to be recorded.
    due: Mutex<Vec<(Stranger, u64)>>,
}

/// How often a kind came after the first, and what became of the first.
#[derive(Debug)]
struct Count {
    further: u64,
    first: watch::Receiver<FirstRecord>,
}

/// `None` until the log has taken or refused it.
type FirstRecord = Option<Result<(), LogUnavailable>>;

/// What a refusal is among those of its kind.
enum Place {
    /// The first, and whom to tell what became of it.
    First(Stranger, watch::Sender<FirstRecord>),
    /// Counted.
    Further(watch::Receiver<FirstRecord>),
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
    /// Counts a refusal and returns when the log has a first of its kind: `Some` if it is this one.
    /// After an error this one is not counted.
    pub(crate) async fn record(
        self: &Arc<Self>,
        log: &Log,
        peer: IpAddr,
        code: ErrorCode,
        request_id: RequestId,
        now: UtcMicros,
    ) -> Result<Option<Appended>, LogUnavailable> {
        match self.place(peer, code, now) {
            Place::First(stranger, told) => {
                let mut draft = stranger.draft(1);
                draft.request_id = Some(request_id);
                let (fold, log) = (Arc::clone(self), log.clone());
                // A task of its own: whoever sent the first may leave, the others wait for it.
                let recording = tokio::task::spawn_local(async move {
                    let appended = log.append(draft).await;
                    if appended.is_err() {
                        // The next is the first; those that wait are told of the error.
                        fold.counts.lock().remove(&stranger);
                    }
                    told.send_replace(Some(appended.map(drop)));
                    appended
                });
                recording.await.unwrap_or(Err(LogUnavailable::Closed)).map(Some)
            }
            Place::Further(mut first) => match first.wait_for(Option::is_some).await.as_deref() {
                Ok(Some(Ok(()))) => Ok(None),
                Ok(Some(Err(unavailable))) => Err(*unavailable),
                Ok(None) | Err(_) => Err(LogUnavailable::Closed),
            },
        }
    }

    fn place(&self, peer: IpAddr, code: ErrorCode, now: UtcMicros) -> Place {
        let mut stranger = Stranger { source: Source::of(peer), code, minute: minute_of(now) };
        let mut counts = self.counts.lock();
        if !counts.contains_key(&stranger) && counts.len() >= MOST_KINDS {
            stranger.source = Source::Elsewhere;
        }
        if let Some(count) = counts.get_mut(&stranger) {
            count.further += 1;
            return Place::Further(count.first.clone());
        }
        let (told, first) = watch::channel(None);
        counts.insert(stranger, Count { further: 0, first });
        Place::First(stranger, told)
    }

    /// Records the counts of minutes that are over at `now`; with `None`, all of them. One after
    /// the other: if this is dropped half-way, the rest is recorded the next time, and so is what
    /// the log does not take.
    pub(crate) async fn flush(&self, log: &Log, now: Option<UtcMicros>) {
        self.collect_due(now);
        while let Some((stranger, further)) = self.pop_due() {
            if log.append(stranger.draft(further)).await.is_err() {
                self.due.lock().push((stranger, further));
                return;
            }
        }
    }

    fn collect_due(&self, now: Option<UtcMicros>) {
        let running = now.map(minute_of);
        let mut counts = self.counts.lock();
        let over = counts
            .extract_if(|stranger, _| running.is_none_or(|running| stranger.minute < running))
            .map(|(stranger, count)| (stranger, count.further));
        self.due.lock().extend(over.filter(|(_, further)| *further > 0));
    }

    fn pop_due(&self) -> Option<(Stranger, u64)> {
        self.due.lock().pop()
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

    /// The source of a first; `None` for what is only counted.
    fn first(fold: &Fold, from: &str, code: ErrorCode, now: UtcMicros) -> Option<String> {
        match fold.place(peer(from), code, now) {
            Place::First(stranger, _) => Some(stranger.source.to_string()),
            Place::Further(_) => None,
        }
    }

    #[test]
    fn one_network_code_and_minute_is_one_kind() {
        let (fold, code) = (Fold::default(), ErrorCode::SignatureMissing);
        let is_first = |from, code, now| first(&fold, from, code, now).is_some();
        assert_eq!(first(&fold, "203.0.113.7", code, at(0)).unwrap(), "203.0.113.0/24");
        assert!(!is_first("203.0.113.8", code, at(59)));
        assert!(is_first("203.0.114.8", code, at(59)));
        assert!(is_first("203.0.113.8", ErrorCode::KeyUnknown, at(59)));
        assert!(is_first("203.0.113.8", code, at(60)));
        assert!(is_first("2001:db8:1:2::3", code, at(0)));
        assert!(!is_first("2001:db8:1:9::3", code, at(0)));

        fold.collect_due(Some(at(60)));
        let due: Vec<_> =
            std::iter::from_fn(|| fold.pop_due()).map(|(_, further)| further).collect();
        assert_eq!(due, [1, 1]);
        fold.collect_due(Some(at(60)));
        assert!(fold.pop_due().is_none());
    }

    #[test]
    fn a_flood_from_everywhere_is_counted_in_bounded_memory() {
        let fold = Fold::default();
        for network in 0..2 * MOST_KINDS {
            let address = Ipv4Addr::from(u32::try_from(network).unwrap() << 8);
            fold.place(IpAddr::V4(address), ErrorCode::SignatureMissing, at(0));
        }
        assert_eq!(fold.counts.lock().len(), MOST_KINDS + 1);
    }
}
