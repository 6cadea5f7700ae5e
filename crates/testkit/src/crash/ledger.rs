//! What was promised, kept outside the log, and the comparison with what the log says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use evidence::{Appended, Detail, Intent, KeptDetail, Log, Published, Recovered, SpentNonce};
use wire::ambient::{Clock as _, UtcMicros};
use wire::entry::{Entry, Kind};
use wire::id::RequestId;
use wire::merkle::{leaf_hash, root_of, verify_consistency, verify_inclusion};
use wire::note::{self, NoteVerifier};

use super::invariant::{Broken, Findings, Invariant};
use super::world::{ORIGIN, World};
use crate::faulty_disk::Loss;

/// Everything that was promised to anybody.
#[derive(Default)]
pub struct Ledger {
    /// Calls whose entry was acknowledged.
    acknowledged: BTreeMap<RequestId, (Appended, SpentNonce)>,
    /// What acknowledged entries commit to.
    details: BTreeMap<u64, Detail>,
    /// Calls whose intent was taken and must be settled whatever happens.
    intents: BTreeMap<RequestId, SpentNonce>,
    /// Calls whose intent survives a loss of power.
    durable: BTreeSet<RequestId>,
    checkpoints: Vec<Arc<Published>>,
}

impl Ledger {
    /// An intent was taken.
    pub fn intent(&mut self, intent: &Intent, durable: bool) {
        self.intents.insert(intent.request_id, intent.nonce.clone());
        if durable {
            self.durable.insert(intent.request_id);
        }
    }

    /// An entry was acknowledged.
    pub fn acknowledged(&mut self, intent: &Intent, appended: Appended, detail: Option<Detail>) {
        if let Some(detail) = detail {
            self.details.insert(appended.index, detail);
        }
        self.acknowledged.insert(intent.request_id, (appended, intent.nonce.clone()));
    }

    /// A checkpoint was shown.
    pub fn seen(&mut self, checkpoint: Arc<Published>) {
        if self.checkpoints.last() != Some(&checkpoint) {
            self.checkpoints.push(checkpoint);
        }
    }

    /// How many calls were acknowledged.
    pub fn acknowledged_calls(&self) -> usize {
        self.acknowledged.len()
    }

    /// What a restart takes away: only what was not promised to survive it.
    pub fn lose(&mut self, loss: Loss) {
        if loss == Loss::Power {
            let (durable, acknowledged) = (&self.durable, &self.acknowledged);
            self.intents
                .retain(|call, _| durable.contains(call) || acknowledged.contains_key(call));
        }
    }

    /// Every promise that the log, just opened, breaks. What holds now has become durable.
    pub async fn broken(&mut self, world: &World, log: &Log, recovered: &Recovered) -> Vec<Broken> {
        let mut findings = Findings::default();
        self.check_nonces(&mut findings, recovered, world.clock.now());
        let entries = entries(&mut findings, log).await;
        self.check_acknowledged(&mut findings, &entries);
        self.check_calls(&mut findings, &entries);
        self.check_details(&mut findings, log).await;
        self.check_checkpoints(&mut findings, world, log, &entries).await;
        self.durable.extend(self.intents.keys());
        findings.0
    }

    fn check_nonces(&self, findings: &mut Findings, recovered: &Recovered, now: UtcMicros) {
        let promised =
            self.intents.values().chain(self.acknowledged.values().map(|(_, nonce)| nonce));
        for nonce in promised.filter(|nonce| nonce.is_live(now)) {
            let is_there = recovered.spent_nonces.contains(nonce);
            findings.check(Invariant::NoncesStaySpent, is_there, format!("{nonce:?} is forgotten"));
        }
    }

    fn check_acknowledged(&self, findings: &mut Findings, entries: &[(Vec<u8>, Entry)]) {
        for (call, (appended, _)) in &self.acknowledged {
            let found = usize::try_from(appended.index).ok().and_then(|at| entries.get(at));
            let stays = found.is_some_and(|(_, entry)| {
                (entry.id, entry.time) == (appended.entry_id, appended.time)
                    && entry.subject.get("request_id") == Some(&call.to_string())
            });
            let how = format!("the entry of {call} is not at {}", appended.index);
            findings.check(Invariant::AcknowledgedStays, stays, how);
        }
    }

    fn check_calls(&self, findings: &mut Findings, entries: &[(Vec<u8>, Entry)]) {
        let mut settled: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (_, entry) in entries.iter().filter(|(_, entry)| entry.kind == Kind::Call) {
            if let Some(call) = entry.subject.get("request_id") {
                settled.entry(call).or_default().push(&entry.action);
            }
        }
        for (call, actions) in &settled {
            let is_once = actions.len() == 1;
            findings.check(Invariant::NothingTwice, is_once, format!("{call}: {actions:?}"));
        }
        for call in self.intents.keys() {
            let is_settled = settled.contains_key(call.to_string().as_str());
            findings.check(Invariant::IntentsEnd, is_settled, format!("{call} has no outcome"));
        }
    }

    async fn check_details(&self, findings: &mut Findings, log: &Log) {
        for (index, detail) in &self.details {
            let kept = log.detail(*index).await;
            let stays = matches!(&kept, Ok(KeptDetail::Kept(kept)) if **kept == *detail);
            findings.check(Invariant::DetailsStay, stays, format!("the detail of {index} is gone"));
        }
    }

    async fn check_checkpoints(
        &self,
        findings: &mut Findings,
        world: &World,
        log: &Log,
        entries: &[(Vec<u8>, Entry)],
    ) {
        let published = log.checkpoint();
        let verifier = NoteVerifier::new(ORIGIN, world.keys.signer.public_key()).unwrap();
        let mut fits = note::open(&published.note, &[verifier]).is_ok();
        let size = usize::try_from(published.size).unwrap();
        let leaves: Vec<_> = entries.iter().take(size).map(|(bytes, _)| leaf_hash(bytes)).collect();
        fits &= leaves.len() == size && root_of(leaves.iter().copied()) == published.root;
        for (index, leaf) in (0..).zip(&leaves) {
            let path = log.prove(index, published.size).await.unwrap_or_default();
            fits &= verify_inclusion(leaf, index, published.size, &path, &published.root).is_ok();
        }
        findings.check(Invariant::CheckpointFits, fits, format!("of size {}", published.size));
        for old in &self.checkpoints {
            let path = log.prove_consistency(old.size, published.size).await.unwrap_or_default();
            let lasts = old.size <= published.size
                && verify_consistency(old.size, published.size, &path, &old.root, &published.root)
                    .is_ok();
            let how = format!("the one of size {} that was shown is not its past", old.size);
            findings.check(Invariant::CheckpointsLast, lasts, how);
        }
    }
}

/// All entries, as far as they can be read.
async fn entries(findings: &mut Findings, log: &Log) -> Vec<(Vec<u8>, Entry)> {
    let mut entries = Vec::new();
    for index in 0..log.size() {
        let bytes = log.entry(index).await.ok().flatten();
        let entry = bytes.and_then(|bytes| Entry::parse(&bytes).ok().map(|entry| (bytes, entry)));
        findings.check(Invariant::InOrder, entry.is_some(), format!("{index} cannot be read"));
        entries.extend(entry);
    }
    let is_end = log.entry(log.size()).await.is_ok_and(|entry| entry.is_none());
    findings.check(Invariant::InOrder, is_end, "something stands behind the last entry");
    let grows = entries.is_sorted_by(|(_, a), (_, b)| a.time < b.time);
    findings.check(Invariant::InOrder, grows, "times do not grow");
    entries
}
