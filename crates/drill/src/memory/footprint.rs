//! What the kernel says a process holds.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// A process to look at.
#[derive(Debug)]
pub struct Footprint(u32);

impl Footprint {
    /// The process of this id.
    pub fn of(id: u32) -> Self {
        Self(id)
    }

    /// Resident bytes now.
    pub fn now(&self) -> u64 {
        self.line("VmRSS:")
    }

    /// The most it held since the last time this was asked.
    pub fn take_peak(&self) -> u64 {
        let peak = self.line("VmHWM:");
        // proc(5): 5 resets the peak to what is held now.
        std::fs::write(format!("/proc/{}/clear_refs", self.0), "5").unwrap();
        peak
    }

    fn line(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0)).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().unwrap();
        kib * 1024
    }
}

/// Enough for ten thousand connections on both of their sides, each with one to a provider.
const FILES: u64 = 65_536;

/// Lets this process, and the platform it starts, open many files: more than it was allowed, if it
/// may raise that by itself, as an operator does for a node.
pub(super) fn allow_many_files() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let raised = maximum.map(|maximum| maximum.max(FILES));
    let raise = |to| setrlimit(Resource::Nofile, Rlimit { current: to, maximum: to });
    raise(raised).or_else(|_| raise(maximum)).unwrap();
}
