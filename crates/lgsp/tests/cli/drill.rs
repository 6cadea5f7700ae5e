//! Drills: strangers sign, the process is killed, the disk fills up.

mod call;
mod disk_full;
mod kill;
mod log;
mod stranger;

pub(crate) use call::now;
