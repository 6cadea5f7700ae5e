//! Lives of a log, one after the other.

use std::sync::Arc;
use std::time::Duration;

use evidence::{Draft, Log};
use parking_lot::Mutex;
use tokio::task::JoinSet;

use super::invariant::{Broken, Invariant};
use super::ledger::Ledger;
use super::world::{World, completed};
use crate::SeededRandomness;
use crate::faulty_disk::Loss;

/// A log that lives, dies and lives again.
pub struct Story {
    world: Arc<World>,
    dice: SeededRandomness,
    /// The clock moves by less than this between calls, in seconds; nonces last for 330.
    pace: u64,
    ledger: Arc<Mutex<Ledger>>,
    /// How to play it again.
    name: String,
}

/// Plays `story` again and again, ending it at each call to the disk in turn, by each loss. Stops
/// when the story comes to its end without a crash; the number of ends that were played.
pub async fn every_crash(lie: impl Fn(&World)) -> Result<u64, Vec<Broken>> {
    let mut played = 0;
    for loss in [Loss::Process, Loss::Power] {
        for call in 0.. {
            let story = Story::of(World::new(call).with_small_segments(), call);
            story.world.disk.crash_after(call);
            lie(&story.world);
            story.short_life().await;
            let has_crashed = story.world.disk.has_crashed();
            story.restart(loss);
            story.judged().await.map_err(|mut broken| {
                for it in &mut broken {
                    it.how = format!("{} (crash at call {call}, loss of {loss:?})", it.how);
                }
                broken
            })?;
            if !has_crashed {
                break;
            }
            played += 1;
        }
    }
    Ok(played)
}

impl Story {
    /// A story in which dice decide; the same for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self::of(World::new(seed).with_small_segments(), seed)
    }

    fn of(world: World, seed: u64) -> Self {
        Self {
            world: Arc::new(world),
            dice: SeededRandomness::new(seed ^ 0xD1CE),
            pace: if seed.is_multiple_of(3) { 100 } else { 3 },
            ledger: Arc::default(),
            name: format!("seed {seed}"),
        }
    }

    /// Six lives, each ended somewhere; how many calls were acknowledged. Panics, naming the
    /// seed, if a promise is broken.
    pub async fn play(&self) -> usize {
        for _ in 0..6 {
            let log = self.opened().await;
            let crash_at = self.dice.below(150);
            self.world.disk.crash_after(crash_at);
            if self.dice.below(3) == 0 {
                self.world.disk.fail_one_in(10 + self.dice.below(40));
            }
            if self.dice.below(4) == 0 {
                let room = usize::try_from(self.dice.below(30_000)).unwrap();
                self.world.disk.set_capacity(Some(self.world.disk.used() + room));
            }
            self.load(&log).await;
            log.close().await;
            self.restart(if self.dice.below(2) == 0 { Loss::Power } else { Loss::Process });
        }
        self.opened().await.close().await;
        self.ledger.lock().acknowledged_calls()
    }

    fn restart(&self, loss: Loss) {
        let disk = &self.world.disk;
        disk.crash();
        disk.restart(loss);
        disk.heal();
        self.ledger.lock().lose(loss);
    }

    /// Opens the log, crashing on the way now and then, and checks everything.
    async fn opened(&self) -> Log {
        while self.dice.below(3) == 0 {
            self.world.disk.crash_after(self.dice.below(40));
            match self.world.try_open() {
                Ok((log, _)) => log.close().await,
                Err(error) => {
                    assert!(self.world.disk.has_crashed(), "{}: {error}", self.name);
                }
            }
            self.restart(if self.dice.below(2) == 0 { Loss::Power } else { Loss::Process });
        }
        self.judged().await.unwrap_or_else(|broken| {
            let all: Vec<_> = broken.iter().map(ToString::to_string).collect();
            panic!("{} breaks promises:\n{}", self.name, all.join("\n"))
        })
    }

    /// Opens the log, if every promise is kept.
    async fn judged(&self) -> Result<Log, Vec<Broken>> {
        let (log, recovered) = self.world.try_open().map_err(|error| {
            vec![Broken { invariant: Invariant::Opens, how: error.to_string() }]
        })?;
        let mut ledger = std::mem::take(&mut *self.ledger.lock());
        let broken = ledger.broken(&self.world, &log, &recovered).await;
        *self.ledger.lock() = ledger;
        if broken.is_empty() { Ok(log) } else { Err(broken) }
    }

    /// Opens the log and lets one call of each kind happen, one after the other.
    async fn short_life(&self) {
        let Ok((log, _)) = self.world.try_open() else {
            return;
        };
        for kind in [0, 1, 4, 3, 5, 2, 4, 0] {
            call(&self.world, &log, &self.ledger, kind).await;
        }
        // Waits for good if the disk lets nothing be published any more; so does nobody here.
        self.ledger.lock().seen(log.checkpoint());
        log.close().await;
    }

    /// Calls, each with an intent and an entry, at once.
    async fn load(&self, log: &Log) {
        let mut calls = JoinSet::new();
        for _ in 0..self.dice.below(40) {
            let (world, ledger) = (Arc::clone(&self.world), Arc::clone(&self.ledger));
            let (log, kind) = (log.clone(), self.dice.below(10));
            if kind == 3 {
                // Waits until the log is closed, if the disk lets nothing be published any more.
                tokio::spawn(watch(log.clone(), Arc::clone(&ledger)));
            }
            self.world.clock.advance(Duration::from_secs(self.dice.below(self.pace)));
            calls.spawn(async move { call(&world, &log, &ledger, kind).await });
            if self.dice.below(4) == 0 {
                tokio::task::yield_now().await;
            }
        }
        calls.join_all().await;
        self.ledger.lock().seen(log.checkpoint());
    }
}

async fn watch(log: Log, ledger: Arc<Mutex<Ledger>>) {
    if let Ok(published) = log.published_past(log.size()).await {
        ledger.lock().seen(published);
    }
}

/// One call. 0: its intent waits for the disk; 1: it is forwarded and never heard of again; 2: its
/// caller goes away; even numbers from 4: its entry has a detail.
async fn call(world: &World, log: &Log, ledger: &Mutex<Ledger>, kind: u64) {
    let intent = world.intent();
    let durable = kind == 0;
    let taken = if durable { log.intent_durable(&intent).await } else { log.intent(&intent).await };
    if taken.is_err() {
        return;
    }
    ledger.lock().intent(&intent, durable);
    let detail = (kind >= 4 && kind.is_multiple_of(2)).then(|| world.detail());
    let draft = Draft { detail: detail.clone(), ..completed(&intent) };
    match kind {
        1 => {}
        2 => log.append_detached(draft),
        _ => {
            if let Ok(appended) = log.append(draft).await {
                ledger.lock().acknowledged(&intent, appended, detail);
                ledger.lock().seen(log.checkpoint());
            }
        }
    }
}
