//! When requests are due, and a timer that is finer than the milliseconds of a poll.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

/// How fast requests follow each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Between two requests; absent: as fast as answers come.
    interval: Option<Duration>,
}

impl Pace {
    pub(super) fn unbounded() -> Self {
        Self { interval: None }
    }

    pub(super) fn constant(per_second: f64) -> Self {
        Self { interval: Some(Duration::from_secs_f64(per_second.recip())) }
    }

    /// When the request of that number is due, if it is not as soon as it can be sent.
    pub(super) fn due(self, begun: Instant, number: usize) -> Option<Instant> {
        self.interval.map(|interval| begun + interval.mul_f64(crate::statistics::count(number)))
    }
}

/// Rings once, at the time that was set last.
pub(super) struct PaceTimer {
    timer: OwnedFd,
    set: Option<Instant>,
}

impl PaceTimer {
    pub(super) fn new() -> Self {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        Self { timer: timerfd_create(TimerfdClockId::Monotonic, flags).unwrap(), set: None }
    }

    /// Rings at that time, or not at all.
    pub(super) fn wake_at(&mut self, due: Option<Instant>) {
        if due == self.set {
            return;
        }
        self.set = due;
        let nothing = Timespec { tv_sec: 0, tv_nsec: 0 };
        let left = due.map(|due| due.saturating_duration_since(Instant::now()));
        // Zero would switch it off.
        let left = left.map(|left| left.max(Duration::from_nanos(1)));
        let it_value = left.map_or(nothing, |left| Timespec::try_from(left).unwrap());
        let time = Itimerspec { it_interval: nothing, it_value };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &time).unwrap();
    }

    /// It rang: takes note, so that it is quiet until it is set again.
    pub(super) fn rang(&mut self) {
        self.set = None;
        let mut count = [0; 8];
        // Set anew meanwhile, it has nothing to tell.
        let _nothing = rustix::io::read(&self.timer, &mut count);
    }
}

impl AsFd for PaceTimer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.timer.as_fd()
    }
}
