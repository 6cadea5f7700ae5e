//! Drills: the released binary under load that is too long for the tests.

use anyhow::Result;

use crate::run::{command, visibly};

/// Builds binary and drills as they are released, and runs the drill that the words name.
pub(crate) fn run(words: &[String]) -> Result<()> {
    visibly(command("cargo", &["build", "--release", "--package", "lgsp", "--package", "drill"]))?;
    let Some((name, more)) = words.split_first() else {
        anyhow::bail!("which one? crash or memory");
    };
    let mut drill = command("target/release/drill", &[name, "target/release/lgsp"]);
    drill.args(more);
    visibly(drill)
}
