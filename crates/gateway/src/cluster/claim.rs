//! A nonce's way: spent here, then by every node that decides about its key.
//!
//! **Invariant**: [`claim`] says yes only if all deciders did. **Trust**: see `node_list`.

use std::sync::Arc;

use evidence::SpentNonce;
use wire::ambient::UtcMicros;

use super::Cluster;
use super::line::Unanswered;
use super::message::{About, Answer, Question, Verdict};
use super::node_list::{Fingerprint, Member, Undecidable};
use super::rendezvous::Subject;
use crate::metrics;
use crate::nonces::NonceRefusal;
use crate::server::Worker;

/// Spends the nonce of a call that was signed at `at`, by this node's clock.
///
/// Here first: what has served here is refused without asking anybody, and if this node is asked
/// about the same nonce meanwhile, one of the two is told that it has served.
pub(crate) async fn claim(
    worker: &Worker,
    nonce: &SpentNonce,
    at: UtcMicros,
) -> Result<(), NonceRefusal> {
    let gate = &worker.gate;
    gate.nonces.claim(nonce, at)?;
    let Some(cluster) = &gate.cluster else {
        return Ok(());
    };
    let poll = cluster.poll(nonce, at).map_err(|reason| {
        tracing::warn!(?reason, keyid = %nonce.keyid, "nobody can decide about a nonce");
        NonceRefusal::Undecided
    })?;
    let question = Question { at, list: poll.list, about: About::Claim(nonce.clone()) };
    let mut verdict = Ok(());
    // One after the other: there is more than one only within minutes of a change of the list.
    for decider in &poll.others {
        let answer = ask(worker, cluster, decider, question.clone()).await;
        verdict = verdict.and(verdict_of(answer));
    }
    verdict
}

/// Who has to say yes, beside this node's own memory.
pub(super) struct Poll {
    pub(super) list: Fingerprint,
    pub(super) others: Vec<Arc<Member>>,
}

/// Why nobody is asked.
#[derive(Debug, Clone, Copy)]
pub(super) enum NoPoll {
    #[allow(dead_code, reason = "shown in the log")]
    List(Undecidable),
    #[allow(dead_code, reason = "shown in the log")]
    Memory(super::message::Reason),
}

impl Cluster {
    pub(super) fn poll(&self, nonce: &SpentNonce, at: UtcMicros) -> Result<Poll, NoPoll> {
        let members = self.members_at(at).map_err(NoPoll::List)?;
        let mut others =
            members.deciders(Subject::Nonces(&nonce.keyid), at).map_err(NoPoll::List)?;
        let all = others.len();
        others.retain(|member| member.node.origin != self.origin);
        if others.len() < all {
            self.must_remember(&members, nonce, at).map_err(NoPoll::Memory)?;
        }
        let list = members.fingerprint(at).ok_or(NoPoll::List(Undecidable::Nobody))?;
        Ok(Poll { list, others })
    }
}

async fn ask(
    worker: &Worker,
    cluster: &Cluster,
    decider: &Arc<Member>,
    question: Question,
) -> Result<Answer, Unanswered> {
    let asking = metrics::Asking::begin("claim");
    let answer = worker.lines.ask(decider, question, cluster.patience).await;
    asking.end(answer.ok());
    if let Ok(Answer::Claim(Verdict::Refused(reason))) = answer {
        tracing::warn!(node = %decider.node.origin, ?reason, "a node cannot decide about a nonce");
    }
    answer
}

fn verdict_of(answer: Result<Answer, Unanswered>) -> Result<(), NonceRefusal> {
    match answer {
        Ok(Answer::Claim(Verdict::Fresh)) => Ok(()),
        Ok(Answer::Claim(Verdict::Replayed)) => Err(NonceRefusal::Replayed),
        Ok(Answer::Claim(Verdict::Full)) => Err(NonceRefusal::Full),
        Ok(Answer::Claim(Verdict::Refused(_)) | Answer::Permits(_) | Answer::NotUnderstood)
        | Err(Unanswered) => Err(NonceRefusal::Undecided),
    }
}
