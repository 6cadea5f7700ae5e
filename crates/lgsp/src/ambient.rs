//! The machine's clock: the one place of the platform that reads it.
//!
//! **Invariant**: everything else takes a [`Clock`], so that tests decide what time it is.
//! **Trust**: whoever sets this machine's clock decides which signatures count as fresh and which
//! times stand in entries; checkpoints seen by others bound how far that can go unnoticed.

use std::time::{SystemTime, UNIX_EPOCH};

use wire::ambient::{Clock, UtcMicros};

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> UtcMicros {
        let micros = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
            // A clock before 1970 is a broken clock; `lgsp check` says so.
            Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |m| -m),
        };
        UtcMicros::from_micros(micros)
    }
}
