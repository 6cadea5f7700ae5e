//! Crashes at every point, restarts, and what must still be true.

use std::sync::Arc;

use evidence::Log;
use parking_lot::Mutex;
use testkit::SeededRandomness;
use testkit::faulty_disk::Loss;
use tokio::task::JoinSet;
use wire::ambient::Clock;

use crate::ledger::Ledger;
use crate::world::{World, completed};

/// How many stories are played; a longer drill sets `LOG_SEEDS`.
fn seeds() -> u64 {
    std::env::var("LOG_SEEDS").map_or(60, |seeds| seeds.parse().unwrap())
}

#[tokio::test]
async fn whatever_the_disk_does_promises_are_kept() {
    let mut acknowledged = 0;
    for seed in 0..seeds() {
        let story = Story::new(seed);
        acknowledged += story.play().await;
    }
    assert!(acknowledged > 500, "only {acknowledged} calls were acknowledged: too many faults");
}

struct Story {
    world: Arc<World>,
    dice: SeededRandomness,
    /// The clock moves by less than this between calls, in seconds; nonces last for 330.
    pace: u64,
    ledger: Arc<Mutex<Ledger>>,
}

impl Story {
    fn new(seed: u64) -> Self {
        eprintln!("seed {seed}");
        let mut world = World::new(seed);
        // Small segments: every kind of file begins, fills and goes within a story.
        world.config.segment_bytes = 4 << 10;
        world.config.intent_segment_bytes = 2 << 10;
        Self {
            world: Arc::new(world),
            dice: SeededRandomness::new(seed ^ 0xD1CE),
            pace: if seed.is_multiple_of(3) { 100 } else { 3 },
            ledger: Arc::default(),
        }
    }

    async fn play(&self) -> usize {
        for _ in 0..6 {
            let log = self.open().await;
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
            self.restart();
        }
        let log = self.open().await;
        log.close().await;
        self.ledger.lock().acknowledged_calls()
    }

    fn restart(&self) {
        let loss = if self.dice.below(2) == 0 { Loss::Power } else { Loss::Process };
        let disk = &self.world.disk;
        disk.crash();
        disk.restart(loss);
        disk.heal();
        self.ledger.lock().lose(loss);
    }

    /// Opens the log, crashing on the way now and then, and checks everything.
    async fn open(&self) -> Log {
        while self.dice.below(3) == 0 {
            self.world.disk.crash_after(self.dice.below(40));
            match self.world.try_open() {
                Ok((log, _)) => log.close().await,
                Err(error) => assert!(self.world.disk.has_crashed(), "{error}"),
            }
            self.restart();
        }
        let (log, recovered) = self.world.try_open().unwrap();
        let mut ledger = std::mem::take(&mut *self.ledger.lock());
        ledger.check_nonces(&recovered, self.world.clock.now());
        ledger.check(&self.world, &log).await;
        *self.ledger.lock() = ledger;
        log
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
            self.world.clock.advance(std::time::Duration::from_secs(self.dice.below(self.pace)));
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

async fn call(world: &World, log: &Log, ledger: &Mutex<Ledger>, kind: u64) {
    let intent = world.intent();
    let durable = kind == 0;
    let taken = if durable { log.intent_durable(&intent).await } else { log.intent(&intent) };
    if taken.is_err() {
        return;
    }
    ledger.lock().intent(&intent, durable);
    match kind {
        // Forwarded, and never heard of again.
        1 => {}
        // The caller went away.
        2 => log.append_detached(completed(&intent)),
        _ => {
            if let Ok(appended) = log.append(completed(&intent)).await {
                ledger.lock().acknowledged(&intent, appended);
                ledger.lock().seen(log.checkpoint());
            }
        }
    }
}
