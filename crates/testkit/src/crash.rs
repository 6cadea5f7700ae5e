//! Crashes at every point of a log's life, and what must still be true.
//!
//! A [`Story`] lets calls happen on a [`World`] whose disk fails, tears and stops, and restarts it
//! by the loss of the process or of the power. The [`Ledger`] keeps, outside the log, what was
//! promised to whom; after each restart it looks for every [`Invariant`] that is broken.
//! [`Story::seeded`] lets dice decide, and names its seed when it fails; [`every_crash`] plays one
//! short story and ends it at each single call to the disk in turn.
//!
//! **Invariant**: the ledger believes only what it was told; a log cannot talk it out of a promise.
//! **Trust**: a harness that cannot fail shows nothing: each invariant has a test that breaks it.

mod invariant;
mod ledger;
mod story;
mod world;

pub use invariant::{Broken, Invariant};
pub use ledger::Ledger;
pub use story::{Story, every_crash};
pub use world::{ORIGIN, World, completed};
