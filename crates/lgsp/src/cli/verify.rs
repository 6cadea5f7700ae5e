//! `lgsp verify`: what does this bundle prove? Without a network.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use client::{Verified, verify_bundle};
use serde_json::json;
use wire::bundle::BundleRefusal;
use wire::problem::{Language, Text};
use wire::trust::TrustFile;

use super::language::{Tongue, spoken};
use crate::complaint::Complaint;
use crate::terminal::{Emphasis, say, say_json, wrapped};

/// Say what an evidence bundle proves, and what it does not.
///
/// Needs no network: only the file and the keys you trust. Exits 0 if the bundle holds; 1 if it is
/// refused, and then names the file within it and the reason; 2 if the bundle or the trust file
/// cannot be read.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Options {
    /// The bundle.
    #[arg(value_name = "FILE")]
    bundle: PathBuf,
    /// The trust file: the keys you believe [default: /etc/lgsp/trust.json]. Get it from the
    /// platform itself, not from whoever gave you the bundle.
    #[arg(long, value_name = "KEYS", env = "LGSP_TRUST")]
    trust: Option<PathBuf>,
    /// Answer in JSON, in both languages.
    #[arg(long)]
    json: bool,
    /// Language of the verdict [default: that of the environment, else Vietnamese].
    #[arg(long, value_enum)]
    lang: Option<Tongue>,
}

/// Where the machine's own trust file stands.
const TRUST_OF_THE_MACHINE: &str = "/etc/lgsp/trust.json";

const EXAMPLE: &str = "Examples:
  lgsp verify call.asice --trust trust.json
  lgsp verify call.asice --trust trust.json --lang en
  lgsp verify call.asice --trust trust.json --json | jq .ok";

/// Runs the command.
pub fn run(options: &Options) -> Result<ExitCode, Complaint> {
    let bytes = read(&options.bundle, "the bundle")?;
    let trust = read_trust(trust_file(options.trust.as_deref(), TRUST_OF_THE_MACHINE.as_ref())?)?;
    let verdict = verify_bundle(&bytes, &trust);
    if options.json {
        say_json(&as_json(&verdict));
    } else {
        report(&verdict, spoken(options.lang));
    }
    Ok(if verdict.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The named file; else the machine's own, if there is one.
fn trust_file<'p>(named: Option<&'p Path>, of_machine: &'p Path) -> Result<&'p Path, Complaint> {
    if let Some(named) = named {
        return Ok(named);
    }
    if of_machine.exists() {
        return Ok(of_machine);
    }
    Err(Complaint::usage(
        format_args!(
            "no trust file: neither --trust nor LGSP_TRUST names one, and {} is not there",
            of_machine.display()
        ),
        "fetch it from the platform's control listener, over a connection you trust \
         (curl -o trust.json https://…/.well-known/lgsp-trust.json), and give --trust trust.json",
    ))
}

/// Reads a trust file.
pub(super) fn read_trust(path: &Path) -> Result<TrustFile, Complaint> {
    TrustFile::parse(&read(path, "the trust file")?).map_err(|error| {
        Complaint::usage(
            format_args!("{}: {error}", path.display()),
            "take it from the platform: /.well-known/lgsp-trust.json",
        )
    })
}

fn read(path: &Path, what: &str) -> Result<Vec<u8>, Complaint> {
    fs::read(path).map_err(|error| {
        let next = format!("name {what} by a path that this user may read");
        Complaint::usage(format_args!("{} cannot be read: {error}", path.display()), next)
    })
}

fn as_json(verdict: &Result<Verified, BundleRefusal>) -> serde_json::Value {
    let both = |text: &Text| json!({ "vi": text.vi, "en": text.en });
    let all = |texts: &[Text]| texts.iter().map(both).collect::<Vec<_>>();
    match verdict {
        Ok(Verified { verdict, bundle }) => json!({
            "ok": true,
            "proved": all(&verdict.proved),
            "not_proved": all(&verdict.not_proved),
            "log": bundle.checkpoint().origin,
            "entries": bundle.entries(),
        }),
        Err(refusal) => json!({
            "ok": false,
            "file": refusal.file,
            "reason": both(&refusal.reason),
        }),
    }
}

fn report(verdict: &Result<Verified, BundleRefusal>, language: Language) {
    let emphasis = Emphasis::of_stdout();
    let choose = |vi: &'static str, en: &'static str| match language {
        Language::Vietnamese => vi,
        Language::English => en,
    };
    match verdict {
        Ok(Verified { verdict, .. }) => {
            let holds = choose("GÓI BẰNG CHỨNG HỢP LỆ", "THE BUNDLE HOLDS");
            say(emphasis.good(holds));
            say(format_args!("\n{}", choose("Chứng minh được:", "Proved:")));
            list(&verdict.proved, "+", language);
            say(format_args!("\n{}", choose("Không chứng minh được:", "Not proved:")));
            list(&verdict.not_proved, "-", language);
        }
        Err(refusal) => {
            let refused = choose("GÓI BẰNG CHỨNG BỊ TỪ CHỐI", "THE BUNDLE IS REFUSED");
            say(emphasis.bad(refused));
            let (place, reason) = (choose("Tại", "In"), refusal.reason.in_language(language));
            let why = format!("{place} {}: {reason}", refusal.file);
            say(format_args!("\n{}", wrapped(&why, "", WIDTH)));
            let so = choose(
                "Không được dựa vào bất cứ nội dung nào của tệp này.",
                "Do not rely on anything in this file.",
            );
            say(so);
        }
    }
}

const WIDTH: usize = 88;

fn list(texts: &[Text], sign: &str, language: Language) {
    for text in texts {
        let paragraph = wrapped(text.in_language(language), "    ", WIDTH);
        // The sign stands in the indent of the first line.
        let rest = paragraph.trim_start();
        say(format_args!("  {sign} {rest}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_trust_file_goes_before_that_of_the_machine_and_one_must_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let of_machine = folder.path().join("trust.json");
        let missing = trust_file(None, &of_machine).unwrap_err();
        assert!(missing.usage && missing.next_step.contains("--trust"), "{missing}");
        std::fs::write(&of_machine, "{}").unwrap();
        assert_eq!(trust_file(None, &of_machine), Ok(of_machine.as_path()));
        let named = Path::new("named.json");
        assert_eq!(trust_file(Some(named), &of_machine), Ok(named));
    }
}
