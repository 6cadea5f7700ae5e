//! The story of one call.
//!
//! ```text
//! Received → Identified → Authorised → Forwarded → Checked → Recorded → Answered
//! ```
//! Each type is made only by the step that proves it, so forwarding what is not authorised, or
//! answering what is not recorded, does not compile. A step that says no returns a [`Refused`],
//! which goes the same last two steps.
//!
//! - [`receive`]: is it one request with one meaning, for us?
//! - [`identify`]: whose key signed it, just now, for the first time? Before any routing: a
//!   stranger learns nothing about which services exist.
//! - [`authorise`]: which connection permits it ([`permission`])?
//! - [`forward`]: the intent is written, then the provider is asked.
//! - [`check`]: what did the provider answer?
//! - [`record`]: the entry is durable.
//! - [`answer`]: only now a byte leaves; a [`long`] answer is recorded twice.
//!
//! **Invariant**: nothing leaves before its record is durable, whatever fails in between.
//! **Trust**: whoever controls this process can forward anything; what it did is in the log.

mod answer;
mod asked;
mod authorise;
mod check;
mod exhibit;
mod forward;
mod identify;
mod long;
mod open_call;
pub(crate) mod permission;
mod provider_signature;
mod receive;
mod record;
mod wanted_signature;

pub(crate) use answer::{AnswerBody, Answered};
pub(crate) use identify::About;
pub(crate) use long::{LongAnswer, LongPiece};
pub(crate) use receive::{Arrival, Envelope};

use self::receive::Received;
use self::record::{Recorded, Refused};
use crate::server::Worker;

/// Carries one request through. Dropping the future (the caller left) records what became of the
/// call, if it had been forwarded.
pub(crate) async fn pass(worker: &Worker, arrival: Arrival) -> Answered {
    let recorded = match carry(worker, arrival).await {
        Ok(recorded) => recorded,
        Err(refused) => Box::pin(refused.record(&worker.gate)).await,
    };
    recorded.answer(worker)
}

async fn carry(worker: &Worker, arrival: Arrival) -> Result<Recorded, Box<Refused>> {
    let gate = &worker.gate;
    let received = Received::receive(gate, arrival)?;
    let identified = received.identify(worker).await?;
    let authorised = identified.authorise(worker).await?;
    let forwarded = authorised.forward(worker).await?;
    let checked = forwarded.check(worker).await?;
    checked.record(worker).await
}
