//! On which machine, against which versions.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::options::Options;
use super::peer::envoy;
use crate::machine::machine;
use crate::statistics::quantile;

/// How often the disk is asked to sync.
const SYNCS: usize = 100;

/// A paragraph on machine, disk, versions and commit.
pub(crate) fn about(options: &Options, place: &Path) -> String {
    let mut programs = vec![
        said(Command::new("nginx").arg("-v")).replace("nginx version: ", ""),
        said(Command::new("haproxy").arg("-v")).replace(" - https://haproxy.org/", ""),
        said(Command::new(&options.lgsp).arg("--version")),
    ];
    if options.peers.contains(&"envoy") {
        let version = said(Command::new(envoy::binary()).arg("--version"));
        programs.push(format!("Envoy {}", version.split('/').rev().nth(3).unwrap_or(&version)));
    }
    let commit = said(Command::new("git").args(["describe", "--always", "--dirty"]));
    let [p50, p99] = syncs(place);
    format!(
        "{}; the disk syncs 4 KiB in {p50:.1?} (p99 {p99:.1?}). {}; commit {commit}. \
         The directory has {} connections.",
        machine(place),
        programs.join(", "),
        options.connections,
    )
}

/// The first line that a program prints.
fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    text.lines().find(|line| !line.is_empty()).unwrap_or_default().trim().to_owned()
}

/// What a sync of the disk costs without anybody else: p50 and p99.
fn syncs(place: &Path) -> [Duration; 2] {
    let mut file = File::create(place.join("syncs")).unwrap();
    let mut took = [(); SYNCS].map(|()| {
        let begun = Instant::now();
        file.write_all(&[0; 4096]).unwrap();
        file.sync_data().unwrap();
        u64::try_from(begun.elapsed().as_nanos()).unwrap()
    });
    took.sort_unstable();
    [0.5, 0.99].map(|share| Duration::from_nanos(quantile(&took, share)))
}
