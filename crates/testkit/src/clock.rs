//! A clock that moves only when a test says so.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use wire::ambient::{Clock, UtcMicros};

/// Stands at the instant it was given until it is [`set`](Self::set) or [`advance`](Self::advance)d.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl TestClock {
    /// A clock standing at `now`.
    pub fn at(now: UtcMicros) -> Self {
        Self(AtomicI64::new(now.as_micros()))
    }

    /// A clock standing at `seconds` since 1970-01-01T00:00:00Z.
    pub fn at_seconds(seconds: i64) -> Self {
        Self::at(UtcMicros::from_seconds(seconds))
    }

    /// Moves the clock to `now`, backwards too: real clocks do that.
    pub fn set(&self, now: UtcMicros) {
        self.0.store(now.as_micros(), Ordering::SeqCst);
    }

    /// Moves the clock ahead.
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).expect("a test does not wait for millennia");
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Default for TestClock {
    /// 2026-11-23T08:00:00Z, an ordinary Monday.
    fn default() -> Self {
        Self::at_seconds(1_795_420_800)
    }
}

impl Clock for TestClock {
    fn now(&self) -> UtcMicros {
        UtcMicros::from_micros(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_moves_only_when_told() {
        let clock = TestClock::default();
        let before = clock.now();
        assert_eq!(before, clock.now());
        clock.advance(Duration::from_micros(7));
        assert_eq!(clock.now().as_micros() - before.as_micros(), 7);
    }
}
