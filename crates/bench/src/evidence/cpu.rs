//! Processor time by thread, as the kernel counts it: in ticks, so over seconds only.

use std::fs;
use std::time::Duration;

/// Processor time that this process has used, by who used it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cpu {
    pub(super) callers: Duration,
    pub(super) appender: Duration,
    pub(super) publisher: Duration,
}

impl Cpu {
    /// Up to now, by the threads that live: those named `caller-…`, and the log's two.
    pub(super) fn now() -> Self {
        let mut cpu = Self::default();
        for task in fs::read_dir("/proc/self/task").unwrap() {
            // A thread may end while its files are read.
            let Some((name, used)) = read(&task.unwrap().path()) else { continue };
            match name.as_str() {
                "log-append" => cpu.appender += used,
                "log-publish" => cpu.publisher += used,
                name if name.starts_with("caller") => cpu.callers += used,
                _ => {}
            }
        }
        cpu
    }

    pub(super) fn since(self, before: Self) -> Self {
        Self {
            callers: self.callers.saturating_sub(before.callers),
            appender: self.appender.saturating_sub(before.appender),
            publisher: self.publisher.saturating_sub(before.publisher),
        }
    }
}

/// A thread's name, and the user and system time it has used (proc(5)).
fn read(task: &std::path::Path) -> Option<(String, Duration)> {
    let stat = fs::read_to_string(task.join("stat")).ok()?;
    let (head, tail) = stat.rsplit_once(") ")?;
    let (_, name) = head.split_once('(')?;
    let mut fields = tail.split(' ').skip(11).map(str::parse::<u64>);
    let ticks = fields.next()?.ok()? + fields.next()?.ok()?;
    let nanos = ticks * 1_000_000_000 / rustix::param::clock_ticks_per_second();
    Some((name.to_owned(), Duration::from_nanos(nanos)))
}
