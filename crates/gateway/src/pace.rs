//! Whether a body comes fast enough.
//!
//! A time limit between two pieces alone would let one byte every half minute hold a connection to
//! a provider for ever. Only the time spent waiting for the sender counts, so that it is not blamed
//! for a receiver that is slow.

use std::time::Duration;

use tokio::time::Instant;

use crate::config::Limits;

/// The pace of one body.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    grace: Duration,
    bytes_per_second: u64,
    waited: Duration,
    waits_since: Option<Instant>,
}

impl Pace {
    /// A body may make its receiver wait for `limits.body_idle` altogether, and longer the more it
    /// has brought.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            grace: limits.body_idle,
            bytes_per_second: limits.body_bytes_per_second.max(1),
            waited: Duration::ZERO,
            waits_since: None,
        }
    }

    /// There is nothing yet.
    pub(crate) fn wait(&mut self, now: Instant) {
        self.waits_since.get_or_insert(now);
    }

    /// There is something again, `length` bytes altogether. False: the wait was too long for it.
    #[must_use]
    pub(crate) fn came(&mut self, now: Instant, length: u64) -> bool {
        if let Some(since) = self.waits_since.take() {
            self.waited += now.saturating_duration_since(since);
        }
        let earned = Duration::from_secs(length / self.bytes_per_second);
        self.waited <= self.grace.saturating_add(earned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace() -> Pace {
        Pace::new(&Limits {
            body_idle: Duration::from_secs(30),
            body_bytes_per_second: 1000,
            ..Limits::default()
        })
    }

    #[test]
    fn a_trickle_is_too_slow_however_regular() {
        let (mut pace, mut now) = (pace(), Instant::now());
        let mut bytes = 0;
        while {
            pace.wait(now);
            now += Duration::from_secs(1);
            bytes += 1;
            pace.came(now, bytes)
        } {}
        assert_eq!(bytes, 31);
    }

    #[test]
    fn a_steady_body_may_take_as_long_as_it_needs() {
        let (mut pace, mut now) = (pace(), Instant::now());
        for second in 1..10_000 {
            pace.wait(now);
            now += Duration::from_secs(1);
            assert!(pace.came(now, second * 1000));
        }
    }

    #[test]
    fn a_receiver_that_takes_its_time_is_not_held_against_the_sender() {
        let (mut pace, mut now) = (pace(), Instant::now());
        for bytes in 0..100 {
            now += Duration::from_mins(1);
            assert!(pace.came(now, bytes));
        }
    }
}
