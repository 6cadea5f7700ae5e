//! From an entry's acknowledgement to the first checkpoint that covers it, when nobody asks for
//! one. Those who ask have it sooner: [`evidence::Log::published_past`].

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::interval;

use super::crowd::{self, Acknowledged};
use super::place::{self, Opened, Place};
use super::spread::{Spread, per_second};

/// How exactly the moment of a checkpoint is known.
const GLANCE: Duration = Duration::from_millis(1);
/// How many wait at a time where as many are appended as can be.
const CROWD: usize = 256;

/// How soon entries were under a checkpoint.
#[derive(Debug)]
pub(super) struct Delay {
    /// Entries appended per second.
    pub(super) rate: u64,
    pub(super) delay: Spread,
}

/// Appends so many per second (`None`: as many as can) for so long.
pub(super) fn measure(folder: &Path, rate: Option<u32>, during: Duration) -> Delay {
    let place = Place::new(folder);
    let opened = Arc::new(place::open(place.path(), Duration::ZERO));
    let is_over = AtomicBool::new(false);
    let begin = Instant::now();
    let (acknowledged, took, checkpoints) = thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(&opened, &is_over));
        let acknowledged = match rate {
            Some(rate) => steadily(&opened, rate, during),
            None => crowd::rush(&opened, CROWD, &crowd::until(during), || ()).0,
        };
        let took = begin.elapsed();
        crowd::close(&opened.log);
        is_over.store(true, Ordering::Release);
        (acknowledged, took, watcher.join().unwrap())
    });
    let delays = acknowledged.iter().map(|one| {
        let covers = checkpoints.partition_point(|(size, _)| *size <= one.index);
        checkpoints[covers].1.saturating_duration_since(one.at)
    });
    let rate = per_second(acknowledged.len() as u64, took);
    Delay { rate, delay: Spread::of(delays.collect()) }
}

/// The checkpoints as they come out: their size, and when.
fn watch(opened: &Opened, is_over: &AtomicBool) -> Vec<(u64, Instant)> {
    let mut seen: Vec<(u64, Instant)> = Vec::new();
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let mut glances = interval(GLANCE);
        loop {
            // Asked before the last look, so that the last checkpoint is seen.
            let was_last = is_over.load(Ordering::Acquire);
            let size = opened.log.checkpoint().size;
            if seen.last().is_none_or(|(last, _)| *last < size) {
                seen.push((size, Instant::now()));
            }
            if was_last {
                return;
            }
            glances.tick().await;
        }
    });
    seen
}

/// A call at each tick, whether or not the one before has its answer.
fn steadily(opened: &Arc<Opened>, rate: u32, during: Duration) -> Vec<Acknowledged> {
    let goes_on = crowd::until(during);
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let mut ticks = interval(Duration::from_secs(1) / rate);
        let mut calls = JoinSet::new();
        while goes_on() {
            ticks.tick().await;
            let opened = Arc::clone(opened);
            calls.spawn(async move { crowd::append(&opened).await });
        }
        calls.join_all().await
    })
}
