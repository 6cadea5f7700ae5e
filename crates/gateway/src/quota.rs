//! How many calls a connection may make: the generic cell rate algorithm (ITU-T I.371), the
//! leaky bucket that remembers one moment.
//!
//! **Invariant**: a refused call costs nothing, and a new directory changes limits without giving
//! anyone a fresh allowance: the moment lives on under the connection's id.

use std::sync::atomic::{AtomicI64, Ordering};

use wire::ambient::UtcMicros;
use wire::directory::Quota;

/// Nanoseconds, so that even the largest quota has an interval: i64 holds them until 2262.
const MINUTE_NANOS: i64 = 60_000_000_000;
const SECOND_NANOS: i64 = 1_000_000_000;

/// One connection's meter: the moment at which its allowance will be whole again.
#[derive(Debug, Default)]
pub(crate) struct Meter(AtomicI64);

/// A quota as arithmetic wants it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    /// Between two calls at the steady rate, in nanoseconds; 0: no calls at all.
    interval: i64,
    /// How many calls may come at once.
    burst: i64,
}

/// What the meter says about one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// It may pass.
    Passes {
        /// How many more may come at once.
        remaining: u32,
        /// Seconds until the allowance is whole again.
        reset_s: u32,
    },
    /// It may not.
    Spent {
        /// Seconds until one call will pass, at least 1.
        retry_s: u32,
    },
}

impl From<Quota> for Rate {
    fn from(quota: Quota) -> Self {
        let interval = MINUTE_NANOS.checked_div(i64::from(quota.per_minute)).unwrap_or(0);
        Self { interval, burst: i64::from(quota.burst.max(1)) }
    }
}

/// Calls that were taken from an allowance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) count: u32,
    /// How many more may come at once.
    pub(crate) remaining: u32,
    /// Seconds until the allowance is whole again.
    pub(crate) reset_s: u32,
}

impl Rate {
    /// The part of one of `nodes`.
    pub(crate) fn share(self, nodes: usize) -> Self {
        let nodes = i64::try_from(nodes.max(1)).unwrap_or(i64::MAX);
        Self {
            interval: self.interval.saturating_mul(nodes),
            burst: self.burst.checked_div(nodes).unwrap_or(1).max(1),
        }
    }

    /// A quarter of what may come at once.
    pub(crate) fn burst_quarter(self) -> u32 {
        u32::try_from(self.burst / 4).unwrap_or(u32::MAX).max(1)
    }
}

impl Meter {
    /// Asks for one call at `now` and, if it may pass, takes it from the allowance.
    pub(crate) fn take(&self, rate: Rate, now: UtcMicros) -> Reading {
        match self.take_many(rate, 1, now) {
            Ok(Taken { remaining, reset_s, .. }) => Reading::Passes { remaining, reset_s },
            Err(wait) => Reading::Spent { retry_s: seconds_up(wait).max(1) },
        }
    }

    /// Takes up to `wanted` calls, at least one of them; else says how many nanoseconds until one
    /// is there.
    pub(crate) fn take_many(&self, rate: Rate, wanted: u32, now: UtcMicros) -> Result<Taken, i64> {
        if rate.interval == 0 {
            return Err(MINUTE_NANOS);
        }
        let now = now.as_micros().saturating_mul(1000);
        let whole = rate.interval.saturating_mul(rate.burst);
        // A clock set back, or a quota made smaller, must not lock a connection out for longer
        // than its whole burst takes.
        let clamp = |whole_at: i64| whole_at.clamp(now, now.saturating_add(whole));
        let count = |whole_at: i64| {
            let room = whole.saturating_sub(whole_at.saturating_sub(now)) / rate.interval;
            room.min(i64::from(wanted))
        };
        let taken = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |whole_at| {
            let whole_at = clamp(whole_at);
            let count = count(whole_at);
            (count > 0).then(|| whole_at.saturating_add(rate.interval.saturating_mul(count)))
        });
        match taken {
            Ok(before) => {
                let before = clamp(before);
                let count = count(before);
                let owed =
                    before.saturating_add(rate.interval.saturating_mul(count)).saturating_sub(now);
                let remaining = whole.saturating_sub(owed) / rate.interval;
                Ok(Taken {
                    count: u32::try_from(count).unwrap_or(u32::MAX),
                    remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
                    reset_s: seconds_up(owed),
                })
            }
            Err(whole_at) => {
                let owed = clamp(whole_at).saturating_add(rate.interval).saturating_sub(now);
                Err(owed.saturating_sub(whole))
            }
        }
    }
}

pub(crate) fn seconds_up(nanos: i64) -> u32 {
    let whole = nanos.max(0).saturating_add(SECOND_NANOS - 1) / SECOND_NANOS;
    u32::try_from(whole).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> UtcMicros {
        UtcMicros::from_micros(1_800_000_000_000_000 + millis * 1000)
    }

    fn rate(per_minute: u32, burst: u32) -> Rate {
        Rate::from(Quota { per_minute, burst })
    }

    #[test]
    fn a_burst_passes_and_then_the_steady_rate() {
        let (meter, rate) = (Meter::default(), rate(60, 2));
        assert_eq!(meter.take(rate, at(0)), Reading::Passes { remaining: 1, reset_s: 1 });
        assert_eq!(meter.take(rate, at(0)), Reading::Passes { remaining: 0, reset_s: 2 });
        assert_eq!(meter.take(rate, at(0)), Reading::Spent { retry_s: 1 });
        assert_eq!(meter.take(rate, at(999)), Reading::Spent { retry_s: 1 });
        assert_eq!(meter.take(rate, at(1000)), Reading::Passes { remaining: 0, reset_s: 2 });
    }

    proptest::proptest! {
        /// As agreements say it: on the average so many in a minute, and so many at once.
        #[test]
        fn no_more_passes_than_the_burst_and_what_the_rate_gave_since(
            (per_minute, burst) in (1_u32..2_000, 1_u32..60),
            pauses_ms in proptest::collection::vec(0_i64..200, 1..200),
        ) {
            let (meter, rate) = (Meter::default(), rate(per_minute, burst));
            let (mut now_ms, mut passed) = (0, Vec::new());
            for pause_ms in pauses_ms {
                now_ms += pause_ms;
                if matches!(meter.take(rate, at(now_ms)), Reading::Passes { .. }) {
                    passed.push(now_ms);
                }
            }
            for (first, begin) in passed.iter().enumerate() {
                for (last, end) in passed.iter().enumerate().skip(first) {
                    let given = (end - begin) * 1_000_000 / rate.interval;
                    let count = i64::try_from(last - first + 1).unwrap();
                    proptest::prop_assert!(count <= i64::from(burst) + given, "{passed:?}");
                }
            }
            // And what is agreed does pass.
            let fresh = Meter::default();
            for _ in 0..burst {
                let passes = matches!(fresh.take(rate, at(0)), Reading::Passes { .. });
                proptest::prop_assert!(passes);
            }
        }
    }

    #[test]
    fn as_many_as_there_are_can_be_taken_at_once() {
        let (meter, rate) = (Meter::default(), rate(60, 10));
        let taken = |count, remaining, reset_s| Ok(Taken { count, remaining, reset_s });
        assert_eq!(meter.take_many(rate, 4, at(0)), taken(4, 6, 4));
        assert_eq!(meter.take_many(rate, 9, at(0)), taken(6, 0, 10));
        assert_eq!(meter.take_many(rate, 9, at(0)), Err(SECOND_NANOS));
        assert_eq!(meter.take_many(rate, 9, at(2500)), taken(2, 0, 10));
    }

    #[test]
    fn the_shares_of_all_nodes_are_one_quota() {
        let rate = rate(60, 10).share(3);
        let meter = Meter::default();
        let passed =
            (0..=60_000).filter(|ms| matches!(meter.take(rate, at(*ms)), Reading::Passes { .. }));
        assert_eq!(passed.count(), 3 + 60 / 3);
    }

    #[test]
    fn a_refused_call_costs_nothing() {
        let (meter, rate) = (Meter::default(), rate(6, 1));
        assert!(matches!(meter.take(rate, at(0)), Reading::Passes { .. }));
        for _ in 0..100 {
            assert_eq!(meter.take(rate, at(1)), Reading::Spent { retry_s: 10 });
        }
        assert!(matches!(meter.take(rate, at(10_000)), Reading::Passes { .. }));
    }

    #[test]
    fn a_quota_of_none_lets_nothing_pass() {
        assert!(matches!(Meter::default().take(rate(0, 9), at(0)), Reading::Spent { .. }));
    }

    #[test]
    fn the_largest_quotas_let_calls_pass() {
        for (per_minute, burst) in [(u32::MAX, u32::MAX), (1, u32::MAX), (u32::MAX, 1)] {
            let (meter, rate) = (Meter::default(), rate(per_minute, burst));
            for _ in 0..3 {
                let reading = meter.take(rate, at(0));
                let spent = Reading::Spent { retry_s: 1 };
                assert!(
                    matches!(reading, Reading::Passes { .. }) || burst == 1 && reading == spent
                );
            }
            assert!(matches!(meter.take(rate, at(1)), Reading::Passes { .. }));
        }
        let (meter, rate) = (Meter::default(), rate(60_000_000, 1));
        assert!(matches!(meter.take(rate, at(0)), Reading::Passes { .. }));
        assert!(matches!(meter.take(rate, UtcMicros::MAX), Reading::Passes { .. }));
    }

    #[test]
    fn a_clock_set_back_does_not_lock_a_connection_out() {
        let (meter, rate) = (Meter::default(), rate(60, 1));
        assert!(matches!(meter.take(rate, at(3_600_000)), Reading::Passes { .. }));
        assert_eq!(meter.take(rate, at(0)), Reading::Spent { retry_s: 1 });
    }
}
