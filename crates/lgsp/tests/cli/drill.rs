//! Drills: strangers sign, the process is killed, the disk fills up.

mod disk_full;
mod kill;
mod signing_provider;
mod stranger;

pub(crate) use stranger::python;
