//! Drills: the released binary under load that is too long for the tests.

use anyhow::{Result, bail};

use crate::prerequisites;
use crate::run::{command, visibly};

/// Builds binary and drills as they are released, and runs the drill that the words name.
pub(crate) fn run(words: &[String]) -> Result<()> {
    let Some((name, more)) = words.split_first() else {
        bail!("which one? crash, memory or merge");
    };
    prerequisites::ensure()?;
    visibly(command("cargo", &["build", "--release", "--package", "lgsp", "--package", "drill"]))?;
    let mut drill = command("target/release/drill", &[name, "target/release/lgsp"]);
    drill.args(more);
    visibly(drill)
}
