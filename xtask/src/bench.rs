//! Benchmarks: the binary as it is shipped is measured, and `docs/performance.md` says what came of
//! it. What a benchmark prints takes the place of what stands between the marks of its name; the
//! words around them are written by hand.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::prerequisites;
use crate::run::{command, visibly, workspace_root};

const PAGE: &str = "docs/performance.md";

/// Runs the benchmark that the words name.
pub(crate) fn run(words: &[String]) -> Result<()> {
    match words.split_first() {
        Some((name, more)) if name == "gateway" => gateway(more),
        Some((name, more)) if name == "evidence" => evidence(more),
        Some((name, more)) if name == "registry" => registry(more),
        _ => bail!("which one? gateway, evidence or registry"),
    }
}

/// Words after which a benchmark measures less than the page tells: shown and not kept.
const PARTS: &[&str] = &["--only", "--over", "--peers", "--quick"];

/// Measures a call at the gateway beside other programs; quickly, by a binary that is built sooner.
fn gateway(words: &[String]) -> Result<()> {
    prerequisites::ensure_peers()?;
    let quick = words.iter().any(|word| word == "--quick");
    let (profile, lgsp) =
        if quick { ("release", "target/release/lgsp") } else { ("dist", "target/dist/lgsp") };
    visibly(command("cargo", &["build", "--profile", profile, "--package", "lgsp"]))?;
    // The callers' cost is in no figure.
    visibly(command("cargo", &["build", "--release", "--package", "bench"]))?;
    let mut bench = command("target/release/bench", &["gateway", lgsp]);
    bench.args(words);
    keep("gateway", bench, words)
}

/// Measures the evidence log.
fn evidence(words: &[String]) -> Result<()> {
    visibly(command("cargo", &["build", "--profile", "dist", "--package", "bench"]))?;
    let mut bench = command("target/dist/bench", &["evidence"]);
    bench.args(words);
    keep("evidence", bench, words)
}

/// Measures the registry of a whole city.
fn registry(words: &[String]) -> Result<()> {
    let packages = ["build", "--release", "--package", "lgsp", "--package", "bench"];
    visibly(command("cargo", &packages))?;
    let mut bench = command("target/release/bench", &["registry", "target/release/lgsp"]);
    bench.args(words);
    keep("registry", bench, words)
}

/// Runs a benchmark and puts what it prints into its section of the page.
fn keep(name: &str, mut bench: Command, words: &[String]) -> Result<()> {
    let output = bench.stderr(Stdio::inherit()).output();
    let output = output.context("the benchmark cannot be started")?;
    if !output.status.success() {
        bail!("the benchmark ended with {}", output.status);
    }
    let printed = String::from_utf8(output.stdout).context("the benchmark prints no text")?;
    println!("{printed}");
    if words.iter().any(|word| PARTS.contains(&word.as_str())) {
        return Ok(());
    }
    let page = workspace_root().join(PAGE);
    let text = fs::read_to_string(&page).with_context(|| format!("{PAGE} cannot be read"))?;
    let text = with_section(&text, name, printed.trim())?;
    fs::write(&page, text).with_context(|| format!("{PAGE} cannot be written"))
}

/// The page with this between the marks of a section.
fn with_section(page: &str, name: &str, content: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- {name}:begin -->"), format!("<!-- {name}:end -->"));
    let parts = page.split_once(&begin).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(&end)?;
        Some((before, after))
    });
    let (before, after) = parts.with_context(|| format!("{PAGE} has no {begin} … {end}"))?;
    Ok(format!("{before}{begin}\n{content}\n{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_the_marks_is_replaced_and_nothing_else() {
        let page = "a\n<!-- x:begin -->\nold\n<!-- x:end -->\nb\n<!-- y:begin --><!-- y:end -->\n";
        let new = with_section(page, "x", "new").unwrap();
        assert_eq!(
            new,
            "a\n<!-- x:begin -->\nnew\n<!-- x:end -->\nb\n<!-- y:begin --><!-- y:end -->\n"
        );
        assert_eq!(with_section(&new, "x", "new").unwrap(), new);
        assert!(with_section(page, "z", "new").is_err());
    }
}
