//! How a node is put together, and taken apart again.
//!
//! Read first: [`Platform::start`] (the whole order of things on one screen), then [`Core`] (keys,
//! database, log: what `lgsp init` and `lgsp token` need too). `listeners` takes the ports,
//! `data_directory` the lock, `key_folder` opens the keys, `control` the routes, `operations` the probes, `trust` says which keys
//! are the platform's.
//!
//! **Invariant**: ports and the lock are taken before anything is written; the log is open before
//! anything can change; nothing is acknowledged after the log is closed. **Trust**: this is where
//! every part gets its keys and its peers.

mod certificates;
mod code_lists;
mod control;
pub mod core;
pub mod data_directory;
mod in_force;
pub mod key_folder;
mod key_place;
pub mod key_secret;
pub mod listeners;
mod membership;
mod nodes;
mod operations;
mod platform;
mod power;
mod problem;
mod readiness;
mod rehearsal;
mod rotations;
pub mod server;
mod trust;
mod witnesses;

pub use self::core::Core;
pub use data_directory::DataDirectory;
pub use platform::{Platform, Running};
pub use problem::{StartProblem, keys_problem};

use crate::signals::StopSignals;

/// How a node came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Everything was brought to an end.
    Graceful,
    /// A second signal cut it short. What was answered is in the log; the next start puts the
    /// rest in order.
    Forced,
}

/// Waits for a signal to stop, then stops: gracefully, unless a second signal comes.
pub async fn run_until_stopped(running: Running, mut signals: StopSignals) -> Ending {
    signals.next().await;
    tracing::info!("stopping: no new calls; a second signal stops at once");
    tokio::select! {
        () = running.shutdown() => {
            tracing::info!("stopped");
            Ending::Graceful
        }
        () = signals.next() => {
            tracing::warn!("stopped at once; the next start puts the log in order");
            Ending::Forced
        }
    }
}
