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

impl Meter {
    /// Asks for one call at `now` and, if it may pass, takes it from the allowance.
    pub(crate) fn take(&self, rate: Rate, now: UtcMicros) -> Reading {
        if rate.interval == 0 {
            return Reading::Spent { retry_s: 60 };
        }
        let now = now.as_micros().saturating_mul(1000);
        let whole = rate.interval.saturating_mul(rate.burst);
        let taken = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |whole_at| {
            // A clock set back, or a quota made smaller, must not lock a connection out for
            // longer than its whole burst takes.
            let whole_at = whole_at.clamp(now, now.saturating_add(whole));
            let next = whole_at.saturating_add(rate.interval);
            (next.saturating_sub(now) <= whole).then_some(next)
        });
        match taken {
            Ok(before) => {
                let before = before.clamp(now, now.saturating_add(whole));
                let owed = before.saturating_add(rate.interval).saturating_sub(now);
                let remaining = whole.saturating_sub(owed) / rate.interval;
                Reading::Passes {
                    remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
                    reset_s: seconds_up(owed),
                }
            }
            Err(whole_at) => {
                let whole_at = whole_at.min(now.saturating_add(whole));
                let owed = whole_at.saturating_add(rate.interval).saturating_sub(now);
                Reading::Spent { retry_s: seconds_up(owed.saturating_sub(whole)).max(1) }
            }
        }
    }
}

fn seconds_up(nanos: i64) -> u32 {
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
