//! Many who wait for the log at once, each for its own call: as the gateway's threads do.

use std::path::Path;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use evidence::Log;
use keys::SystemRandomness;
use tokio::runtime::Builder;
use tokio::task::{JoinSet, LocalSet};

use super::counting_disk::Tally;
use super::cpu::Cpu;
use super::place::{self, Opened, Place};
use super::spread::Spread;

/// An entry that was acknowledged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Acknowledged {
    pub(super) index: u64,
    /// How long its caller had waited.
    pub(super) waited: Duration,
    /// When it was.
    pub(super) at: Instant,
}

/// What a crowd of a certain size got done.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) waiting: usize,
    pub(super) entries: u64,
    pub(super) took: Duration,
    /// From the call of `append` to its answer.
    pub(super) waited: Spread,
    pub(super) cpu: Cpu,
    pub(super) disk: Tally,
}

/// Lets so many wait for so long, in a log of their own.
pub(super) fn measure(folder: &Path, waiting: usize, during: Duration) -> Done {
    let place = Place::new(folder);
    let opened = Arc::new(place::open(place.path(), Duration::ZERO));
    // Keys, files and memory are there when the clock starts.
    rush(&opened, waiting, &until(Duration::from_millis(500)), || ());
    let (entries, before, disk) = (opened.log.size(), Cpu::now(), opened.asked.now());
    let begin = Instant::now();
    let (acknowledged, (took, cpu, disk)) = rush(&opened, waiting, &until(during), || {
        (begin.elapsed(), Cpu::now().since(before), opened.asked.now().since(disk))
    });
    close(&opened.log);
    let count = acknowledged.len() as u64;
    assert_eq!(opened.log.size() - entries, count, "what is in the log was acknowledged");
    Done {
        waiting,
        entries: count,
        took,
        waited: Spread::of(acknowledged.iter().map(|one| one.waited).collect()),
        cpu,
        disk,
    }
}

/// Whether the crowd goes on.
pub(super) type GoesOn = Arc<dyn Fn() -> bool + Send + Sync>;

/// True for so long.
pub(super) fn until(during: Duration) -> GoesOn {
    let end = Instant::now() + during;
    Arc::new(move || Instant::now() < end)
}

/// Lets so many wait at a time while the crowd goes on; answers what was acknowledged, and what
/// `look` sees when all have their answers and their threads still live.
pub(super) fn rush<T>(
    opened: &Arc<Opened>,
    waiting: usize,
    goes_on: &GoesOn,
    look: impl FnOnce() -> T,
) -> (Vec<Acknowledged>, T) {
    let threads = thread::available_parallelism().unwrap().get().min(waiting);
    let (answered, looked_at) = (Barrier::new(threads + 1), Barrier::new(threads + 1));
    let (answered, looked_at) = (&answered, &looked_at);
    thread::scope(|scope| {
        let callers: Vec<_> = (0..threads)
            .map(|number| {
                let share = waiting / threads + usize::from(number < waiting % threads);
                let work = move || {
                    let acknowledged = share_of(opened, share, goes_on);
                    answered.wait();
                    looked_at.wait();
                    acknowledged
                };
                let caller = thread::Builder::new().name(format!("caller-{number}"));
                caller.spawn_scoped(scope, work).unwrap()
            })
            .collect();
        answered.wait();
        let seen = look();
        looked_at.wait();
        (callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect(), seen)
    })
}

/// One thread's share of the crowd, on a runtime of its own that is like the gateway's.
fn share_of(opened: &Arc<Opened>, share: usize, goes_on: &GoesOn) -> Vec<Acknowledged> {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let acknowledged = LocalSet::new().block_on(&runtime, async {
        let mut callers = JoinSet::new();
        for _ in 0..share {
            let (opened, goes_on) = (Arc::clone(opened), Arc::clone(goes_on));
            callers.spawn_local(async move {
                let mut acknowledged = Vec::new();
                while goes_on() {
                    acknowledged.push(append(&opened).await);
                }
                acknowledged
            });
        }
        callers.join_all().await
    });
    acknowledged.into_iter().flatten().collect()
}

/// How many entries may wait for a checkpoint before callers wait too: about half of what the log
/// holds before it refuses. A disk slower than the processor is outrun by callers who do nothing else.
const MOST_UNPUBLISHED: u64 = 50_000;

/// Returns when the log is not far behind with its checkpoints.
async fn held_back(log: &Log) {
    let published = log.checkpoint().size;
    if log.size() - published > MOST_UNPUBLISHED {
        log.published_past(published).await.unwrap();
    }
}

/// One call: intent, then outcome.
pub(super) async fn append(opened: &Opened) -> Acknowledged {
    held_back(&opened.log).await;
    let intent = opened.call.intent(&opened.clock, &SystemRandomness);
    opened.log.intent(&intent).await.unwrap();
    let draft = opened.call.draft(intent);
    let asked = Instant::now();
    let appended = opened.log.append(draft).await.unwrap();
    Acknowledged { index: appended.index, waited: asked.elapsed(), at: Instant::now() }
}

/// Closes the log: everything is published.
pub(super) fn close(log: &Log) {
    Builder::new_current_thread().build().unwrap().block_on(log.close());
}
