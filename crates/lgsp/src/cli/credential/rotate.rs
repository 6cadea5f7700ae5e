//! `lgsp credential rotate`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value};
use wire::id::KeyId;
use wire::signature::Algorithm;

use super::key_file::{self, Reserved};
use super::registered;
use crate::cli::control::ControlOptions;
use crate::cli::on_runtime;
use crate::complaint::Complaint;

/// Replace a credential: make a new pair, register it, and let the old one live on for an overlap.
///
/// Of the same system, algorithm and environment. The private key is never sent. Exits 0 if it was
/// done; 1 if the platform refused; 2 if the files or options are wrong.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The credential to replace.
    #[arg(value_name = "KEYID")]
    keyid: KeyId,
    /// Write the new private key to this file, which must not be there yet.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// If the file of --key holds a key already, go on with that one: after a run that was cut off.
    #[arg(long)]
    reuse: bool,
    /// How many hours the old credential lives on, at most [default: the platform's].
    #[arg(long, value_name = "HOURS")]
    overlap_hours: Option<u32>,
    /// The successor's life in days [default: the platform's].
    #[arg(long, value_name = "DAYS")]
    valid_days: Option<u32>,
    #[command(flatten)]
    control: ControlOptions,
}

pub(super) fn run(options: &Options) -> Result<ExitCode, Complaint> {
    let control = options.control.control()?;
    let path = format!("{}/{}", registered::PATH, options.keyid);
    let old = on_runtime(async { control.get(&path).await?.success() })?;
    let told = |member: &str| old.get(member).and_then(Value::as_str).unwrap_or_default();
    let algorithm: Algorithm = told("algorithm").parse().map_err(|_| {
        Complaint::new("the platform names an unknown algorithm", "use the program of its version")
    })?;
    let mut form = Map::new();
    for (member, number) in
        [("overlap_hours", options.overlap_hours), ("valid_days", options.valid_days)]
    {
        if let Some(number) = number {
            form.insert(member.to_owned(), number.into());
        }
    }
    let rotate = format!("{path}/rotate");
    if algorithm == Algorithm::HmacSha256 {
        let file = Reserved::new(&options.key)?;
        let made = on_runtime(control.post(&rotate, &Value::Object(form)))?;
        return registered::keep_secret(made, file, &options.key, &options.control);
    }
    let key = key_file::pair(&options.key, algorithm, options.reuse)?;
    let request = key.certificate_request(told("system"));
    let request = request.map_err(|error| Complaint::new(error, "choose another algorithm"))?;
    form.insert("certificate_request".to_owned(), request.into());
    let made = on_runtime(control.post(&rotate, &Value::Object(form)));
    let made = made.map_err(|complaint| registered::key_stays(complaint, &options.key))?;
    registered::tell(&made, &options.key, &options.control);
    Ok(ExitCode::SUCCESS)
}
