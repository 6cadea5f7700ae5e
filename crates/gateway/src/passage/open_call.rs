//! A call that may reach its provider: its intent is written, its outcome is owed.
//!
//! **Invariant**: an [`Owed`] that is dropped before it is taken records the call as aborted, so a
//! caller that leaves at any moment leaves no call without an end. If the process dies instead, the
//! log makes `call.unknown` of the intent at the next start.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use evidence::{Draft, Intent, LogUnavailable};
use wire::entry::Kind;

use super::authorise::Permit;
use super::exhibit::{Exhibit, actor, subject};
use super::identify::Known;
use super::record::Refused;
use crate::gate::Gate;
use crate::refusal::Refusal;

/// A call whose intent is written.
#[derive(Debug)]
pub(super) struct OpenCall {
    pub(super) known: Box<Known>,
    pub(super) permit: Permit,
    pub(super) owed: Owed,
}

/// The record that is still to be made.
#[derive(Debug)]
pub(super) struct Owed {
    gate: Arc<Gate>,
    due: Option<Box<Due>>,
    /// How many bytes of the answer's body have been seen, for an answer that breaks off.
    pub(super) answered_bytes: u64,
}

/// What that record will say in any case.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) intent: Intent,
    pub(super) exhibit: Exhibit,
}

impl OpenCall {
    /// Writes the intent. What happens if we crash right after: the write is in the system's hands
    /// and survives our process; a loss of power may lose it, unless the service's record is to be
    /// durable before it is forwarded.
    pub(super) async fn begin(
        gate: &Arc<Gate>,
        known: Box<Known>,
        permit: Permit,
    ) -> Result<Box<Self>, Box<Refused>> {
        let exhibit = Exhibit::of_request(&known, &*gate.randomness);
        let intent = Intent {
            request_id: known.envelope.id,
            nonce: known.caller.nonce.clone(),
            actor: Some(actor(&known)),
            subject: subject(&known),
            directory: known.routes.root,
            commitments: exhibit.commitments().clone(),
        };
        let durable = permit.service.records_before_forward.then(|| intent.clone());
        // Owed before the wait: a caller that leaves during it must not leave an open intent.
        let due = Some(Box::new(Due { intent, exhibit }));
        let mut owed = Owed { gate: Arc::clone(gate), due, answered_bytes: 0 };
        let written = match (&durable, &owed.due) {
            (Some(intent), _) => gate.log.intent_durable(intent).await,
            (None, Some(due)) => gate.log.intent(&due.intent).await,
            (None, None) => Ok(()),
        };
        match written {
            // Boxed, so that the steps that follow hand on a pointer.
            Ok(()) => Ok(Box::new(Self { known, permit, owed })),
            Err(unavailable) => {
                let _ = owed.take();
                Err(Refused::known(known, Refusal::unrecordable(unavailable)))
            }
        }
    }
}

impl Owed {
    /// The gateway that owes.
    pub(super) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Takes over what is owed: whoever does, records it or knows that the log cannot.
    pub(super) fn take(&mut self) -> Option<Box<Due>> {
        self.due.take()
    }

    /// Owes another record of the same call, about what comes after the first.
    pub(super) fn owe(&mut self, due: Due) {
        self.due = Some(Box::new(due));
    }

    /// Records the end of an answer, durable before its last piece leaves.
    pub(super) async fn close(
        &mut self,
        outcome: &str,
        finish: impl FnOnce(&mut Exhibit),
    ) -> Result<(), LogUnavailable> {
        let Some(mut due) = self.take() else {
            return Ok(());
        };
        finish(&mut due.exhibit);
        let mut draft = due.into_draft("call.closed", outcome);
        draft.subject.insert("bytes", self.answered_bytes.to_string());
        self.gate.log.append(draft).await.map(|_| ())
    }

    /// Records that the call broke off, without waiting.
    pub(super) fn abort(&mut self, reason: &str) {
        let Some(due) = self.take() else { return };
        let mut draft = due.into_draft("call.closed", "aborted");
        draft.subject.insert("bytes", self.answered_bytes.to_string());
        draft.subject.insert("reason", reason);
        self.gate.log.append_detached(draft);
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        let is_ours = self.gate.is_ending.load(Ordering::Acquire);
        self.abort(if is_ours { "gateway_stopped" } else { "caller_left" });
    }
}

impl Due {
    /// The entry that settles the call.
    pub(super) fn into_draft(self, action: &'static str, outcome: &str) -> Draft {
        let mut draft = Draft::new(Kind::Call, action);
        outcome.clone_into(&mut draft.outcome);
        draft.actor = self.intent.actor;
        draft.subject = self.intent.subject;
        draft.directory = self.intent.directory;
        draft.request_id = Some(self.intent.request_id);
        draft.resolves_intent = true;
        self.exhibit.put_into(&mut draft);
        draft
    }
}
