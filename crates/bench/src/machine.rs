//! The machine that a figure belongs to.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Processors, system and file system.
pub(crate) fn machine(folder: &Path) -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let threads = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let stat = Command::new("stat").args(["-f", "-c", "%T"]).arg(folder).output();
    let disk = stat.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    format!(
        "{threads} × {}, Linux {}, {}",
        model.map_or("unknown", |(_, name)| name),
        kernel.trim(),
        disk.unwrap_or_default(),
    )
}
