//! What this node answers, as the one that decides.
//!
//! **Invariant**: a nonce is fresh only if this node decides by the asker's list and its own,
//! would remember it for as long as anyone may accept it, has lost no claim that it could have
//! granted before, and has the claim in its log.

use evidence::SpentNonce;
use wire::ambient::UtcMicros;

use super::message::{About, Answer, Grant, Question, Reason, Verdict};
use super::node_list::{Member, Members};
use super::rendezvous::Subject;
use super::{Cluster, LONGEST_LIFE};
use crate::gate::Gate;
use crate::metrics;
use crate::nonces::{NonceRefusal, Nonces};

/// Answers all `questions`, in order. `None`: the asker is no node of the list any more.
pub(super) fn answer(
    gate: &Gate,
    certificate: &[u8],
    questions: &mut Vec<(u32, Question)>,
    out: &mut Vec<u8>,
) -> Option<()> {
    let cluster = gate.cluster.as_ref()?;
    let members = cluster.members.load_full()?;
    let asker = members.by_certificate(certificate)?;
    let now = gate.clock.now();
    let bench = Bench { cluster, members: &members, asker, nonces: &gate.nonces, now };
    let mut granted = Vec::new();
    let mut answers = Vec::with_capacity(questions.len());
    for (number, question) in questions.drain(..) {
        let answer = match &question.about {
            About::Claim(nonce) => {
                let verdict = bench.claim(&question, nonce);
                if verdict == Verdict::Fresh {
                    granted.push(nonce.clone());
                }
                Answer::Claim(verdict)
            }
            About::Permits { connection, wanted } => {
                let grant = bench.may_meter(&question, Subject::Quota(connection));
                Answer::Permits(grant.map_or_else(Grant::Refused, |()| {
                    match gate.routes.load().allowance(connection) {
                        Some((allowance, rate)) => allowance.lend(rate, *wanted, bench.now),
                        None => Grant::Refused(Reason::UnknownConnection),
                    }
                }))
            }
            About::Unknown => Answer::NotUnderstood,
        };
        answers.push((number, answer));
    }
    // A crash right after this leaves the claims, and askers that may never hear of them: their
    // nonces are spent. A crash before it leaves neither claim nor answer.
    let is_kept = granted.is_empty() || gate.log.spent(&granted).is_ok();
    for (number, mut answer) in answers {
        if answer == Answer::Claim(Verdict::Fresh) && !is_kept {
            answer = Answer::Claim(Verdict::Refused(Reason::Unrecordable));
        }
        metrics::answered(answer);
        answer.put(number, out);
    }
    Some(())
}

/// This node as the one that decides, at one moment.
pub(super) struct Bench<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) members: &'a Members,
    pub(super) asker: &'a Member,
    pub(super) nonces: &'a Nonces,
    pub(super) now: UtcMicros,
}

impl Bench<'_> {
    /// Whether a nonce of another node's call is fresh; if so, it is spent.
    pub(super) fn claim(&self, question: &Question, nonce: &SpentNonce) -> Verdict {
        if let Err(reason) = self.may_claim(question, nonce) {
            return Verdict::Refused(reason);
        }
        match self.nonces.claim(nonce, self.now) {
            Ok(()) => Verdict::Fresh,
            Err(NonceRefusal::Replayed) => Verdict::Replayed,
            Err(NonceRefusal::Full) => Verdict::Full,
            Err(NonceRefusal::Undecided) => Verdict::Refused(Reason::Other),
        }
    }

    fn may_claim(&self, question: &Question, nonce: &SpentNonce) -> Result<(), Reason> {
        self.must_agree(question)?;
        let deciders = self.members.deciders(Subject::Nonces(&nonce.keyid), question.at);
        let deciders = deciders.map_err(|_| Reason::ListDiffers)?;
        if !deciders.iter().any(|member| member.node.origin == self.cluster.origin) {
            return Err(Reason::NotDecider);
        }
        self.cluster.must_remember(self.members, nonce, self.now)
    }

    fn may_meter(&self, question: &Question, subject: Subject<'_>) -> Result<(), Reason> {
        self.must_agree(question)?;
        let owner = self.members.owner(subject, question.at);
        let (owner, _) = owner.map_err(|_| Reason::ListDiffers)?;
        if owner.node.origin == self.cluster.origin { Ok(()) } else { Err(Reason::NotDecider) }
    }

    fn must_agree(&self, question: &Question) -> Result<(), Reason> {
        self.members.must_serve(question.at).map_err(|_| Reason::ListStale)?;
        if self.asker.node.until.is_some_and(|until| until <= question.at) {
            return Err(Reason::Left);
        }
        if self.members.fingerprint(question.at) == Some(question.list) {
            Ok(())
        } else {
            Err(Reason::ListDiffers)
        }
    }
}

impl Cluster {
    /// Whether this node can know that the nonce has not served, and will know that it has.
    pub(super) fn must_remember(
        &self,
        members: &Members,
        nonce: &SpentNonce,
        now: UtcMicros,
    ) -> Result<(), Reason> {
        let expires = UtcMicros::from_seconds(nonce.expires);
        // Nobody was granted anything where nobody was who could ask: a node stays in the list
        // until long after its last question.
        let has_others = members.nodes.iter().any(|member| member.node.origin != self.origin);
        if !nonce.is_live(now) || expires > now.saturating_add(LONGEST_LIFE) {
            return Err(Reason::Clock);
        }
        match self.lost_until {
            Some(lost_until) if has_others && expires <= lost_until => Err(Reason::Recovering),
            _ => Ok(()),
        }
    }
}
