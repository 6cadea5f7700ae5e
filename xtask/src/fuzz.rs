//! The long run of the fuzz targets: libFuzzer through `cargo-fuzz`.
//!
//! libFuzzer needs flags of the compiler that only a nightly takes; `RUSTC_BOOTSTRAP=1` lets the
//! pinned stable one take them, and nothing that is built so is ever shipped. What it finds stays
//! in `fuzz/corpus/<target>`, made small again at the end; an input that breaks a property stands
//! in `fuzz/artifacts/<target>`.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use crate::run::{command, output_of, succeeds, visibly, workspace_root};

/// The version whose options are used here.
const CARGO_FUZZ: &str = "0.13.2";

/// More of a corpus than this is not worth its room in the repository.
const LONGEST_INPUT: &str = "-max_len=4096";

/// Fuzzes the target of this name, or every one, for so many seconds each.
pub(crate) fn run(words: &[String]) -> Result<()> {
    let (mut targets, mut seconds) = (targets()?, 60);
    for word in words {
        match word.parse::<u32>() {
            Ok(number) => seconds = number,
            Err(_) if targets.contains(word) => targets = BTreeSet::from([word.clone()]),
            Err(_) => bail!("no target {word}; there are: {}", join(&targets)),
        }
    }
    ensure_cargo_fuzz()?;
    for target in &targets {
        fuzz(target, &format!("-max_total_time={seconds}"))?;
    }
    Ok(())
}

fn targets() -> Result<BTreeSet<String>> {
    let mut targets = BTreeSet::new();
    for file in std::fs::read_dir(workspace_root().join("fuzz/fuzz_targets"))? {
        if let Some(name) = file?.path().file_stem() {
            targets.insert(name.to_string_lossy().into_owned());
        }
    }
    Ok(targets)
}

/// Runs the target over a copy of its corpus, then keeps of the copy what reaches new code.
fn fuzz(target: &str, time: &str) -> Result<()> {
    let host = output_of(command("rustc", &["--print", "host-tuple"]));
    // cargo-fuzz's own default is a static libc, with which build scripts and sanitizers fail.
    let host = host.unwrap_or_else(|| "x86_64-unknown-linux-gnu".to_owned());
    let (found, kept) = (format!("target/fuzz/{target}"), format!("fuzz/corpus/{target}"));
    std::fs::create_dir_all(workspace_root().join(&found))?;
    let cargo_fuzz = |verb: &str, folders: [&str; 2], options: &[&str]| {
        let mut run = command("cargo", &["fuzz", verb, "--sanitizer", "none", "--target", &host]);
        run.arg(target).args(folders).args(["--"]).args(options).env("RUSTC_BOOTSTRAP", "1");
        visibly(run)
    };
    cargo_fuzz("run", [&found, &kept], &[time, LONGEST_INPUT, "-timeout=10"])?;
    cargo_fuzz("run", [&kept, &found], &["-merge=1", LONGEST_INPUT])
}

fn ensure_cargo_fuzz() -> Result<()> {
    if succeeds(command("cargo", &["fuzz", "--version"])) {
        return Ok(());
    }
    let install = ["install", "cargo-fuzz", "--version", CARGO_FUZZ, "--locked", "--debug"];
    visibly(command("cargo", &install))
}

fn join(targets: &BTreeSet<String>) -> String {
    targets.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
