//! How figures of one kind are spread: median, 99th percentile, worst.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The spread of durations.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Spread {
    pub(super) count: usize,
    pub(super) p50: Duration,
    pub(super) p99: Duration,
    pub(super) max: Duration,
}

impl Spread {
    /// Of at least one duration.
    pub(super) fn of(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        let count = durations.len();
        let at = |share: usize| durations[(count - 1) * share / 100];
        Self { count, p50: at(50), p99: at(99), max: at(100) }
    }
}

/// How many there were per second.
pub(super) fn per_second(count: u64, took: Duration) -> u64 {
    let per_second = u128::from(count) * 1_000_000 / took.as_micros().max(1);
    u64::try_from(per_second).unwrap_or(u64::MAX)
}

/// A number of tenths, as a decimal.
pub(super) fn tenths(tenths: u64) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Milliseconds, or microseconds where they are few.
pub(super) fn shown(duration: Duration) -> String {
    let micros = duration.as_micros();
    match micros {
        0..10_000 => format!("{micros} µs"),
        10_000..100_000 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        _ => format!("{} ms", micros / 1_000),
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} | {} | {}", shown(self.p50), shown(self.p99), shown(self.max))
    }
}
