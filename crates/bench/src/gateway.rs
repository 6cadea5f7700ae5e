//! What a call costs at the gateway, beside the programs that are usually put in its place.
//!
//! Read first: [`run`], then `measure.rs` (one phase), `generator.rs` (who calls) and `peers.rs` (what
//! is called). The server that is measured has a core to itself; callers and the provider have the
//! other.

mod about;
pub mod cpu;
pub mod generator;
mod measure;
mod options;
mod peer;
mod peers;
mod report;
mod results;
mod server;
mod verify;
mod workload;

use std::process::ExitCode;

use self::measure::{Load, phase};
use self::options::Options;
use self::peer::Peer;
use self::peers::Peers;
use self::results::{Results, Row};

/// Where everything lies: a disk whose syncs are real.
const PLACE: &str = "target/bench";
/// All figures, for programs.
const RAW: &str = "target/bench/gateway.json";

/// Runs what the words say: prints tables on standard output, what goes on on standard error. A bar
/// that is missed is told; what refuses the valid or passes the altered ends the run.
pub fn run(words: &[String]) -> ExitCode {
    let options = match Options::read(words) {
        Ok(options) => options,
        Err(wrong) => {
            eprintln!("{wrong}\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    std::fs::create_dir_all(PLACE).unwrap();
    let folder = tempfile::tempdir_in(PLACE).unwrap();
    let place = folder.path().canonicalize().unwrap();
    let about = about::about(&options, &place);
    eprintln!("{about}");
    let peers = Peers::start(&options, &place);
    let checked = peers.all.iter().try_for_each(|(_, peer)| {
        options.workloads.iter().try_for_each(|&workload| verify::verify(peer, workload))
    });
    if let Err(broken) = checked {
        eprintln!("{broken}");
        return ExitCode::FAILURE;
    }
    let mut results = Results::default();
    at_saturation(&options, &peers, &mut results);
    at_half_of_nginx(&options, &peers, &mut results);
    std::fs::write(RAW, format!("{:#}\n", results.to_json())).unwrap();
    report::print(&options, &results, &about);
    ExitCode::SUCCESS
}

fn at_saturation(options: &Options, peers: &Peers, results: &mut Results) {
    for_each_turn(options, peers, |round, row, peer| {
        let figures = phase(options, peer, row.1, Load::Saturation);
        tell(round, row, peer, &figures);
        results.of(row, peer.name).saturation.push(figures);
    });
}

/// Who carries less at saturation is left out: it would have no latency, only a queue that grows.
fn at_half_of_nginx(options: &Options, peers: &Peers, results: &mut Results) {
    for_each_turn(options, peers, |round, row, peer| {
        let Some(rate) = results.half_of_nginx(row) else {
            return;
        };
        if results.carried(row, peer.name).is_none_or(|carried| carried < rate) {
            return;
        }
        let figures = phase(options, peer, row.1, Load::Rate(rate));
        tell(round, row, peer, &figures);
        results.of(row, peer.name).half.push(figures);
    });
}

/// In each round each server has its turn in each row, another one first each time.
fn for_each_turn(options: &Options, peers: &Peers, mut turn: impl FnMut(usize, Row, &Peer)) {
    for round in 0..options.rounds {
        for &transport in &options.transports {
            let mut all: Vec<_> = peers.all.iter().filter(|(of, _)| *of == transport).collect();
            let first = round % all.len();
            all.rotate_left(first);
            for &workload in &options.workloads {
                for (_, peer) in &all {
                    turn(round, (transport, workload), peer);
                }
            }
        }
    }
}

fn tell(round: usize, (transport, workload): Row, peer: &Peer, figures: &measure::Figures) {
    let measure::Figures { cpu_us, per_second, busy, p50_us, p99_us } = figures;
    eprintln!(
        "{round} {:5} {:4} {:14} {cpu_us:7.1} µs {per_second:7.0}/s busy {busy:.2} p50 {p50_us:.0} p99 {p99_us:.0}",
        transport.word(),
        workload.word(),
        peer.name,
    );
}
