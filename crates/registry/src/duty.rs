//! Duties of the clock (việc đến hạn): what has to be done because a time has come, and nobody asks.
//!
//! Every node looks each minute, and once when it starts. A duty is done by whichever node comes
//! first: it finds what is due, and writes that it is done in the change that does it, so that the
//! others find nothing. To add one, write a function that returns how much it did, and name it in
//! [`perform`].
//!
//! **Invariant**: one duty that fails keeps none of the others from being done; it is tried again
//! at the next look.

use std::time::Duration;

use crate::Registry;
use crate::connection::{deadline, suspension};
use crate::credential::expiry;
use crate::dataset::lateness;
use crate::dispute;
use crate::organisation::plan;
use crate::profile::sunset;
use crate::refused::Refused;
use crate::service::life::overdue;

/// How often a node looks.
pub const EVERY: Duration = Duration::from_mins(1);

/// Does what is due.
pub async fn perform(registry: &Registry) {
    tell("suspension.take_force", suspension::take_force(registry).await);
    tell("connection.deadlines", deadline::note_passed(registry).await);
    tell("organisation.plans", plan::command::carry_out_due(registry).await);
    tell("service.deadlines", overdue::note_overdue(registry).await);
    tell("dispute.deadlines", dispute::command::note_passed(registry).await);
    tell("data_set.late", lateness::note(registry).await);
    tell("repeats.forgotten", forget_repeats(registry).await);
    tell("credential.expiries", expiry::note_expiring(registry).await);
    tell("profile.sunsets", sunset::note_ending(registry).await);
}

/// Answers that are kept for repetitions hold secrets, so they go when their time is over.
async fn forget_repeats(registry: &Registry) -> Result<usize, Refused> {
    let forgotten = registry.recorder.forget_repeats().await?;
    Ok(usize::try_from(forgotten).unwrap_or(usize::MAX))
}

fn tell(duty: &'static str, outcome: Result<usize, Refused>) {
    match outcome {
        Ok(0) => {}
        Ok(done) => tracing::info!(duty, done, "what was due is done"),
        Err(error) => tracing::warn!(duty, %error, "what is due could not be done"),
    }
}
