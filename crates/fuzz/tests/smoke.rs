//! The kept inputs, and some thousands of mutations of them, through every target: a run of
//! seconds on stable Rust, the same each time. The long run is `cargo xtask fuzz`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

#[path = "smoke/mutator.rs"]
mod mutator;

use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use fuzz::{TARGETS, Target};
use testkit::SeededRandomness;

use crate::mutator::Mutator;

/// Mutations per target; a longer run sets `FUZZ_INPUTS`.
fn inputs() -> u64 {
    std::env::var("FUZZ_INPUTS").map_or(2000, |inputs| inputs.parse().unwrap())
}

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// The kept inputs of a target, in the order of their names.
fn corpus(target: &Target) -> Vec<Vec<u8>> {
    let folder = home().join("corpus").join(target.name);
    let files = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
    let files: BTreeSet<_> = files.collect();
    assert!(!files.is_empty(), "{} has no corpus", target.name);
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

fn play(target: &Target, input: &[u8], name: &str) {
    let run = target.run;
    if catch_unwind(|| run(input)).is_err() {
        let shown = input.escape_ascii();
        panic!("{}: the input {name} breaks a property: b\"{shown}\"", target.name);
    }
}

#[test]
fn every_kept_input_passes_its_target() {
    for target in TARGETS {
        for (number, input) in corpus(target).iter().enumerate() {
            play(target, input, &format!("number {number} of the corpus"));
        }
    }
}

#[test]
fn some_thousands_of_mutations_break_no_property() {
    for target in TARGETS {
        let corpus = corpus(target);
        // Longer inputs take longer: all targets together stay within seconds.
        let longest = corpus.iter().map(Vec::len).max().unwrap_or(0) as u64;
        for seed in 0..inputs() / (1 + longest / 4096) {
            let input = Mutator::new(SeededRandomness::new(seed), &corpus).input();
            play(target, &input, &format!("of seed {seed}"));
        }
    }
}

#[test]
fn every_target_has_its_binary_and_nothing_is_left_over() {
    let named = |folder: &str| -> BTreeSet<String> {
        let files = std::fs::read_dir(home().join(folder)).unwrap();
        let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
        files.map(|file| stem(file.unwrap().path())).collect()
    };
    let targets: BTreeSet<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(named("corpus"), targets);
    assert_eq!(named("fuzz_targets"), targets);
    let manifest = std::fs::read_to_string(home().join("Cargo.toml")).unwrap();
    for target in &targets {
        let binary = std::fs::read_to_string(home().join(format!("fuzz_targets/{target}.rs")));
        assert!(binary.unwrap().contains(&format!("fuzz::run(\"{target}\", bytes)")), "{target}");
        assert!(manifest.contains(&format!("name = \"{target}\"")), "{target}");
    }
}

#[test]
fn the_corpus_stays_small() {
    let bytes: usize = TARGETS.iter().flat_map(corpus).map(|input| input.len()).sum();
    assert!(bytes < 1 << 20, "{bytes} bytes");
}

#[test]
fn what_begins_the_corpus_of_a_format_is_understood() {
    let kept = |name: &str| std::fs::read(home().join("corpus").join(name)).unwrap();
    assert!(keys::fuzzing::key_index(&kept("key_index/index")).is_some());
    assert!(keys::fuzzing::symmetric_keys(&kept("symmetric_keys/two")).is_some());
    for (name, is_question) in [("claim", true), ("permits", true), ("granted", false)] {
        let read = gateway::fuzzing::peer_message(&kept(&format!("peer_message/{name}")));
        let read = read.unwrap().unwrap();
        assert_eq!((read.question.is_some(), read.answer.is_some()), (is_question, !is_question));
    }
    let place = String::from_utf8(kept("entry_place/place")).unwrap();
    assert!(place.parse::<client::EntryPlace>().is_ok());
}
