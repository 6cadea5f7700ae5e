//! What a call costs at the gateway, beside the programs that are usually put in its place.
//!
//! Read first: [`run`], then `measure.rs` (one phase), `generator.rs` (who calls) and `peers.rs` (what
//! is called). The server that is measured has a core to itself; callers and the provider have the
//! other.

pub mod cpu;
pub mod generator;
mod measure;
mod options;
mod peer;
mod peers;
mod server;
mod verify;
mod workload;

use std::process::ExitCode;

use self::measure::{Load, phase};
use self::options::Options;
use self::peers::Peers;

/// Runs what the words say.
pub fn run(words: &[String]) -> ExitCode {
    let options = match Options::read(words) {
        Ok(options) => options,
        Err(wrong) => {
            eprintln!("{wrong}\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    std::fs::create_dir_all("target/bench").unwrap();
    let place = tempfile::tempdir_in("target/bench").unwrap();
    let place = place.path().canonicalize().unwrap();
    let peers = Peers::start(&options, &place);
    for (_, peer) in &peers.all {
        for &workload in &options.workloads {
            verify::verify(peer, workload);
        }
    }
    for round in 0..options.rounds {
        for &transport in &options.transports {
            for &workload in &options.workloads {
                let mut all: Vec<_> = peers.all.iter().filter(|(of, _)| *of == transport).collect();
                let turn = round % all.len();
                all.rotate_left(turn);
                for (_, peer) in &all {
                    let figures = phase(&options, peer, workload, Load::Saturation);
                    println!(
                        "{round} {} {} {:14} {figures:?}",
                        transport.word(),
                        workload.title(),
                        peer.name
                    );
                    if let Some(rate) = options.rate {
                        let figures = phase(&options, peer, workload, Load::Rate(rate));
                        println!("  at {rate}/s: {figures:?}");
                    }
                }
            }
        }
    }
    ExitCode::SUCCESS
}
