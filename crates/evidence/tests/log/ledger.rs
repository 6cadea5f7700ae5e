//! What was promised, kept outside the log, and the comparison with what the log says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use evidence::{Appended, Intent, Log, Published, Recovered, SpentNonce};
use testkit::faulty_disk::Loss;
use wire::ambient::UtcMicros;
use wire::entry::{Entry, Kind};
use wire::id::RequestId;
use wire::merkle::{leaf_hash, root_of, verify_consistency, verify_inclusion};
use wire::note::{self, NoteVerifier};

use crate::world::{ORIGIN, World};

/// Everything that was promised to anybody.
#[derive(Default)]
pub struct Ledger {
    /// Calls whose entry was acknowledged.
    acknowledged: BTreeMap<RequestId, (Appended, SpentNonce)>,
    /// Calls whose intent was taken and must be settled whatever happens.
    intents: BTreeMap<RequestId, SpentNonce>,
    /// Calls whose intent survives a loss of power.
    durable: BTreeSet<RequestId>,
    checkpoints: Vec<Arc<Published>>,
}

impl Ledger {
    pub fn intent(&mut self, intent: &Intent, durable: bool) {
        self.intents.insert(intent.request_id, intent.nonce.clone());
        if durable {
            self.durable.insert(intent.request_id);
        }
    }

    pub fn acknowledged(&mut self, intent: &Intent, appended: Appended) {
        self.acknowledged.insert(intent.request_id, (appended, intent.nonce.clone()));
    }

    pub fn seen(&mut self, checkpoint: Arc<Published>) {
        if self.checkpoints.last() != Some(&checkpoint) {
            self.checkpoints.push(checkpoint);
        }
    }

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

    /// The nonces that must still be refused.
    pub fn check_nonces(&self, recovered: &Recovered, now: UtcMicros) {
        let promised =
            self.intents.values().chain(self.acknowledged.values().map(|(_, nonce)| nonce));
        for nonce in promised.filter(|nonce| nonce.is_live(now)) {
            assert!(recovered.spent_nonces.contains(nonce), "a spent nonce was forgotten");
        }
    }

    /// Compares the whole log with what was promised. What holds now has become durable.
    pub async fn check(&mut self, world: &World, log: &Log) {
        let entries = self.check_entries(log).await;
        let published = log.checkpoint();
        let verifier = NoteVerifier::new(ORIGIN, world.keys.signer.public_key()).unwrap();
        note::open(&published.note, &[verifier]).unwrap();
        let size = usize::try_from(published.size).unwrap();
        let leaves: Vec<_> = entries[..size].iter().map(|(bytes, _)| leaf_hash(bytes)).collect();
        assert_eq!(root_of(leaves.iter().copied()), published.root);
        for (index, leaf) in (0..).zip(&leaves) {
            let path = log.prove(index, published.size).await.unwrap();
            verify_inclusion(leaf, index, published.size, &path, &published.root).unwrap();
        }
        for old in &self.checkpoints {
            assert!(old.size <= published.size, "the log is shorter than it said");
            let path = log.prove_consistency(old.size, published.size).await.unwrap();
            verify_consistency(old.size, published.size, &path, &old.root, &published.root)
                .expect("a checkpoint that was handed out is not consistent with the log");
        }
        self.durable.extend(self.intents.keys());
    }

    async fn check_entries(&self, log: &Log) -> Vec<(Vec<u8>, Entry)> {
        let mut entries = Vec::new();
        for index in 0..log.size() {
            let bytes = log.entry(index).await.unwrap().expect("no gaps");
            let entry = Entry::parse(&bytes).unwrap();
            entries.push((bytes, entry));
        }
        assert!(log.entry(log.size()).await.unwrap().is_none());
        assert!(entries.is_sorted_by(|(_, a), (_, b)| a.time < b.time), "times must grow");
        for (appended, _) in self.acknowledged.values() {
            let (_, entry) = &entries[usize::try_from(appended.index).unwrap()];
            assert_eq!((entry.id, entry.time), (appended.entry_id, appended.time));
        }
        let mut settled: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (_, entry) in entries.iter().filter(|(_, entry)| entry.kind == Kind::Call) {
            settled.entry(&entry.subject["request_id"]).or_default().push(&entry.action);
        }
        assert!(settled.values().all(|actions| actions.len() == 1), "settled twice: {settled:?}");
        for call in self.intents.keys() {
            let actions = settled.get(call.to_string().as_str());
            assert!(actions.is_some(), "the intent of {call} has no outcome");
            if self.acknowledged.contains_key(call) {
                assert_eq!(actions.unwrap(), &["call.completed"]);
            }
        }
        entries
    }
}
