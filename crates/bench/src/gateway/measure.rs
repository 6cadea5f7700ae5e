//! One phase: callers on one core, the server on the other, its processor time before and after.

use std::thread;
use std::time::Duration;

use super::cpu::{self, Used};
use super::generator::{Callers, Expected, Outcome, Requests};
use super::options::Options;
use super::peer::Peer;
use super::workload::Workload;

/// Requests that nobody counts: connections, pools and branch predictors get warm.
const WARM_UP: usize = 2_000;

/// At a constant rate no request shall wait for a connection of its caller.
const MORE: usize = 8;

/// What a phase showed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Figures {
    /// Processor time per request, in µs.
    pub(crate) cpu_us: f64,
    /// Answers per second.
    pub(crate) per_second: f64,
    /// The share of its core that the server used.
    pub(crate) busy: f64,
    /// Median latency in µs.
    pub(crate) p50_us: f64,
    /// The latency in µs that 99 of 100 answers did not exceed.
    pub(crate) p99_us: f64,
}

/// How fast callers call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Load {
    /// As fast as answers come.
    Saturation,
    /// So many per second.
    Rate(f64),
}

/// A phase of about as many seconds as the options say.
pub(crate) fn phase(options: &Options, peer: &Peer, workload: Workload, load: Load) -> Figures {
    cpu::pin(peer.process, cpu::MEASURED);
    let callers = match load {
        Load::Saturation => options.callers_of(workload),
        // As many as may be needed: the one that was used last is used first.
        Load::Rate(_) => options.callers_of(workload) * MORE,
    };
    let expected = Expected { status: 200, length: Some(workload.answered()) };
    let mut callers = on_their_core(|| Callers::connect(peer.address, callers, peer.tls.as_ref()));
    let warm_up = peer.requests(workload, warm_up(workload));
    let warm = on_their_core(|| callers.answer_all(&warm_up, expected));
    let per_second = match load {
        Load::Saturation => warm.per_second(),
        Load::Rate(rate) => rate,
    };
    let requests = peer.requests(workload, whole(per_second * options.seconds));
    let before = Used::at_rest(peer.process);
    let outcome = on_their_core(|| match load {
        Load::Saturation => callers.answer_all(&requests, expected),
        Load::Rate(rate) => callers.at_rate(&requests, rate, expected),
    });
    // Whatever thread came to life in the warm-up was on that core since its birth.
    let used = Used::at_rest(peer.process).since(&before);
    figures(&requests, &outcome, used)
}

fn figures(requests: &Requests, outcome: &Outcome, used: Duration) -> Figures {
    let us = |time: Duration| time.as_secs_f64() * 1e6;
    Figures {
        cpu_us: us(used) / crate::statistics::count(requests.len()),
        per_second: outcome.per_second(),
        busy: used.as_secs_f64() / outcome.took.as_secs_f64(),
        p50_us: us(outcome.quantile(0.5)),
        p99_us: us(outcome.quantile(0.99)),
    }
}

/// Fewer of what takes long.
fn warm_up(workload: Workload) -> usize {
    match workload {
        Workload::SmallGet | Workload::Post => WARM_UP,
        Workload::LargeGet => WARM_UP / 20,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of requests is small and positive"
)]
fn whole(requests: f64) -> usize {
    requests.ceil() as usize
}

/// Runs on a thread of its own that keeps to the callers' core.
pub(super) fn on_their_core<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let thread = scope.spawn(|| {
            cpu::pin_this_thread(cpu::AROUND);
            work()
        });
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
