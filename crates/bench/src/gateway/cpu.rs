//! Processor time of a program, and the core that it has to itself.
//!
//! A program is a process with all that it started: workers of nginx, threads of Envoy. Linux counts
//! each of their tasks' time on a core in nanoseconds (`schedstat`, first field).

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_setaffinity};

/// The core of whatever is measured.
pub const MEASURED: usize = 0;
/// The core of the callers and the provider.
pub const AROUND: usize = 1;

/// How long a program must be quiet to count as at rest, in looks of [`LOOK`].
const QUIET_LOOKS: u32 = 5;
const LOOK: Duration = Duration::from_millis(20);
/// Less than this in a look is quiet: half a hundredth of a core.
const QUIET: Duration = Duration::from_micros(100);
/// A program that is never quiet is measured with what it does all the time.
const MOST_LOOKS: u32 = 150;

/// Nanoseconds on a core by task.
pub struct Used(BTreeMap<i32, u64>);

impl Used {
    /// What a program has used so far.
    pub fn by(process: u32) -> Self {
        let used = |task: &i32| {
            let text = fs::read_to_string(format!("/proc/{task}/schedstat")).ok()?;
            text.split(' ').next()?.parse().ok()
        };
        let tasks = tasks(process);
        Self(tasks.iter().filter_map(|task| Some((*task, used(task)?))).collect())
    }

    /// The same once the program has done what it put off: syncing, hashing, signing behind its
    /// answers belong to the requests that caused them.
    pub fn at_rest(process: u32) -> Self {
        let (mut last, mut quiet) = (Self::by(process), 0);
        for _ in 0..MOST_LOOKS {
            pause(LOOK);
            let now = Self::by(process);
            quiet = if now.since(&last) < QUIET { quiet + 1 } else { 0 };
            last = now;
            if quiet == QUIET_LOOKS {
                break;
            }
        }
        last
    }

    /// What was used since then. A task that ended in between counts as far as it was seen.
    pub fn since(&self, before: &Self) -> Duration {
        let used = |(task, now): (&i32, &u64)| {
            now.saturating_sub(before.0.get(task).copied().unwrap_or_default())
        };
        Duration::from_nanos(self.0.iter().map(used).sum())
    }
}

/// Keeps all tasks of a program on a core; those it starts later too.
pub fn pin(process: u32, core: usize) {
    for task in tasks(process) {
        // A task that ended meanwhile needs no core.
        let _ended = sched_setaffinity(Pid::from_raw(task), &only(core));
    }
}

/// Keeps the calling thread on a core.
pub fn pin_this_thread(core: usize) {
    sched_setaffinity(None, &only(core)).expect("a core of its own for each side");
}

fn only(core: usize) -> CpuSet {
    let mut set = CpuSet::new();
    set.set(core);
    set
}

/// The tasks of a process and of all its descendants.
fn tasks(process: u32) -> Vec<i32> {
    let parents = parents();
    let mut family = vec![i32::try_from(process).unwrap()];
    let mut seen = 0;
    while let Some(&parent) = family.get(seen) {
        family.extend(parents.iter().filter(|(_, of)| **of == parent).map(|(child, _)| *child));
        seen += 1;
    }
    family.iter().flat_map(|process| numbers(&format!("/proc/{process}/task"))).collect()
}

/// Every process with its parent.
fn parents() -> BTreeMap<i32, i32> {
    let parent = |process: &i32| {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The name before it may hold anything but ends with the last parenthesis.
        let (_, rest) = stat.rsplit_once(") ")?;
        rest.split(' ').nth(1)?.parse().ok()
    };
    let processes = numbers("/proc");
    processes.iter().filter_map(|process| Some((*process, parent(process)?))).collect()
}

/// The names in a folder that are numbers.
fn numbers(folder: &str) -> Vec<i32> {
    let names = fs::read_dir(folder).into_iter().flatten().flatten();
    names.filter_map(|name| name.file_name().to_str()?.parse().ok()).collect()
}

#[expect(clippy::disallowed_methods, reason = "that a program is at rest shows only in time")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

#[cfg(test)]
mod tests {
    use std::process::id;

    use testkit::Process;

    use super::*;

    #[test]
    fn what_a_program_started_counts_too() {
        let script = "sh -c 'while :; do :; done' & while :; do :; done";
        let parent = Process::start("sh", &["-c", script]);
        let busy = || Used::by(parent.id()).0.values().filter(|used| **used > 0).count();
        while busy() < 2 {
            std::thread::yield_now();
        }
        for task in tasks(parent.id()) {
            rustix::process::kill_process(
                Pid::from_raw(task).unwrap(),
                rustix::process::Signal::KILL,
            )
            .unwrap();
        }
    }

    #[test]
    fn time_only_grows() {
        let before = Used::by(id());
        while Used::by(id()).since(&before) == Duration::ZERO {
            std::thread::yield_now();
        }
        assert_eq!(before.since(&before), Duration::ZERO);
    }
}
